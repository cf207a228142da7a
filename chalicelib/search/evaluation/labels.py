"""What fields and expressions are called in answers: labels of series, attributes of groups, fields of spans.

Intrinsics go by the bare names that Grafana asks for and expects back, as far as they have one.
"""

from chalicelib.search.render import render_fields
from chalicelib.search.syntax import Aggregate, Attribute, AttributeScope, FieldExpression, Intrinsic

_BARE_NAMES = {
    Intrinsic.SPAN_DURATION: "duration",
    Intrinsic.SPAN_NAME: "name",
    Intrinsic.SPAN_KIND: "kind",
    Intrinsic.SPAN_STATUS: "status",
    Intrinsic.SPAN_STATUS_MESSAGE: "statusMessage",
    Intrinsic.SPAN_CHILD_COUNT: "childCount",
    Intrinsic.TRACE_DURATION: "traceDuration",
    Intrinsic.TRACE_ROOT_NAME: "rootName",
    Intrinsic.TRACE_ROOT_SERVICE: "rootServiceName",
}


def field_label(field: Attribute | Intrinsic) -> str:
    """`resource.service.name`, `.region`, `parent.span.x`, `name`, `span:parentID`."""
    if isinstance(field, Intrinsic):
        return _BARE_NAMES.get(field, field.value)
    scope = f"{field.scope.value}." if field.scope is not AttributeScope.ANY else "" if field.parent else "."
    return f"{'parent.' if field.parent else ''}{scope}{field.name}"


def short_label(field: Attribute | Intrinsic) -> str:
    """What a matched span calls the field: an attribute's key without its scope."""
    if isinstance(field, Attribute):
        return f"parent.{field.name}" if field.parent else field.name
    return field_label(field)


def group_label(expression: FieldExpression) -> str:
    """`by(resource.service.name)`."""
    return f"by({_expression_label(expression)})"


def aggregate_label(aggregate: Aggregate) -> str:
    """`count()`, `avg(duration)`."""
    inside = "" if aggregate.expression is None else _expression_label(aggregate.expression)
    return f"{aggregate.function.value}({inside})"


def _expression_label(expression: FieldExpression) -> str:
    return field_label(expression) if isinstance(expression, Attribute | Intrinsic) else render_fields(expression)
