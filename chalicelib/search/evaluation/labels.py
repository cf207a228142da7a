"""What fields and expressions are called in answers: labels of series, attributes of groups, fields of spans.

Intrinsics go by the bare names that Grafana asks for and expects back, as far as they have one.
"""

import json

from chalicelib.search.syntax import (
    Aggregate,
    Attribute,
    AttributeScope,
    Binary,
    FieldExpression,
    Intrinsic,
    Static,
    StaticType,
    Unary,
)

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
_UNITS_NS = (("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000))


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
    return f"by({expression_label(expression)})"


def aggregate_label(aggregate: Aggregate) -> str:
    """`count()`, `avg(duration)`."""
    inside = "" if aggregate.expression is None else expression_label(aggregate.expression)
    return f"{aggregate.function.value}({inside})"


def expression_label(expression: FieldExpression) -> str:
    """The expression as one would write it, sides that are themselves made of two in brackets."""
    match expression:
        case Static():
            return _static_label(expression)
        case Unary(operator=operator, operand=operand):
            return f"{operator.value}{_side_label(operand)}"
        case Binary(operator=operator, left=left, right=right):
            return f"{_side_label(left)} {operator.value} {_side_label(right)}"
        case Attribute() | Intrinsic():
            return field_label(expression)


def _side_label(expression: FieldExpression) -> str:
    written = expression_label(expression)
    return f"({written})" if isinstance(expression, Binary) else written


def _static_label(static: Static) -> str:
    if static.type is StaticType.STRING or isinstance(static.value, bool):
        return json.dumps(static.value, ensure_ascii=False)
    if static.type is StaticType.DURATION and isinstance(static.value, int):
        return _duration_label(static.value)
    return "nil" if static.type is StaticType.NIL else str(static.value)


def _duration_label(duration_ns: int) -> str:
    for unit, unit_ns in _UNITS_NS:
        if duration_ns and duration_ns % unit_ns == 0:
            return f"{duration_ns // unit_ns}{unit}"
    return f"{duration_ns}ns"
