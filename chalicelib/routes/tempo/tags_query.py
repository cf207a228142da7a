"""Tempo's older way to search, `tags=` and durations, as TraceQL.

`tags` is logfmt: `service.name=cart http.url="/a b"`. Each tag is looked for anywhere in the trace, as a part of the
value in whatever case; numbers and booleans are compared as such. Some names are not attributes but what a span or
trace has: see NAMED.
"""

import re
from collections.abc import Iterable, Mapping

from chalicelib.model.errors import QueryError
from chalicelib.search.render import render
from chalicelib.search.syntax import (
    Attribute,
    AttributeScope,
    Binary,
    FieldExpression,
    Intrinsic,
    Operator,
    Pipeline,
    Query,
    SpansetExpression,
    SpansetFilter,
    SpansetOperation,
    SpansetOperator,
    Static,
    StaticType,
)

NAMED: Mapping[str, Intrinsic] = {
    "name": Intrinsic.SPAN_NAME,
    "root.name": Intrinsic.TRACE_ROOT_NAME,
    "root.service.name": Intrinsic.TRACE_ROOT_SERVICE,
}
STATUS_TAG = "status.code"
STATUSES = ("ok", "error", "unset")
ERROR_TAG = "error"

_PAIR = re.compile(r'\s*([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
_ESCAPED = re.compile(r"\\(.)")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_INT = re.compile(r"-?\d{1,18}")


def read_tags(text: str) -> dict[str, str]:
    """The pairs of a logfmt line. Raises QueryError for what is none, and for a tag that comes twice."""
    tags: dict[str, str] = {}
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _PAIR.match(text, at)
        if found is None:
            raise QueryError(f"tags: expected key=value at {text[at : at + 32]!r}")
        key, value = found[1], found[2]
        if key in tags:
            raise QueryError(f"tags: {key!r} is given twice")
        tags[key] = _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
        at = found.end()
    return tags


def tags_query(tags: Mapping[str, str], min_duration_ns: int | None, max_duration_ns: int | None) -> str:
    """TraceQL for traces that have every tag, and last as long as is asked (both bounds belong to the range)."""
    conditions = [_tag(key, value) for key, value in tags.items()]
    conditions += _durations(min_duration_ns, max_duration_ns)
    return render(Query(Pipeline((_all_of(conditions),))))


def _all_of(conditions: Iterable[FieldExpression]) -> SpansetExpression:
    joined: SpansetExpression | None = None
    for condition in conditions:
        spanset = SpansetFilter(condition)
        joined = spanset if joined is None else SpansetOperation(SpansetOperator.AND, joined, spanset)
    return joined or SpansetFilter()


def _durations(min_ns: int | None, max_ns: int | None) -> Iterable[FieldExpression]:
    bounds = ((Operator.GREATER_EQUAL, min_ns), (Operator.LESS_EQUAL, max_ns))
    for operator, bound_ns in bounds:
        if bound_ns is not None:
            yield Binary(operator, Intrinsic.TRACE_DURATION, Static(StaticType.DURATION, bound_ns))


def _tag(key: str, value: str) -> FieldExpression:
    if key == ERROR_TAG and value in ("true", "false"):
        operator = Operator.EQUAL if value == "true" else Operator.NOT_EQUAL
        return Binary(operator, Intrinsic.SPAN_STATUS, Static(StaticType.STATUS, "error"))
    if key == STATUS_TAG:
        if value not in STATUSES:
            raise QueryError(f"tags: {STATUS_TAG} is {' or '.join(STATUSES)}, not {value[:32]!r}")
        return Binary(Operator.EQUAL, Intrinsic.SPAN_STATUS, Static(StaticType.STATUS, value))
    if key in NAMED:
        return _contains(NAMED[key], value)
    attribute = Attribute(AttributeScope.ANY, key)
    expression: FieldExpression = _contains(attribute, value)
    for static in _other_readings(value):
        expression = Binary(Operator.OR, expression, Binary(Operator.EQUAL, attribute, static))
    return expression


def _contains(field: Attribute | Intrinsic, part: str) -> FieldExpression:
    literal = _SPECIAL.sub(r"\\\g<0>", part)
    return Binary(Operator.REGEX, field, Static(StaticType.STRING, f"(?is).*{literal}.*"))


def _other_readings(value: str) -> Iterable[Static]:
    if value in ("true", "false"):
        yield Static(StaticType.BOOL, value == "true")
    elif _INT.fullmatch(value):
        yield Static(StaticType.INT, int(value))
