"""TraceQL that holds for every trace that a Jaeger search asks for.

It may hold for others: it chooses which traces are read, and codecs.jaeger.search decides. Jaeger compares values as
text, whatever they were, so each is asked for in every form that it may have been sent in, and wherever it may be.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from itertools import islice

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.params import truth
from chalicelib.codecs.jaeger.search import NAME, RESOURCE, STATUS, VERSION, Asked
from chalicelib.codecs.jaeger.to_otlp import KINDS, STATUSES
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
    SpansetFilter,
    Static,
    StaticType,
)

_SCOPES = (
    AttributeScope.SPAN, AttributeScope.RESOURCE, AttributeScope.INSTRUMENTATION, AttributeScope.EVENT,
    AttributeScope.LINK,
)  # fmt: skip
_SERVICE = Attribute(AttributeScope.RESOURCE, "service.name")
_INT = re.compile(r"-?\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_MADE = ("[", "{", '"', "NaN", "+Inf", "-Inf")  # how a text begins that was no text, and that TraceQL does not know
# What a query holds at most, so that it can be asked; what is left out is decided when the trace has been read.
_MAX_TEXT_BYTES = 600
_MAX_CONDITIONS = 20


def query_of(asked: Asked) -> str:
    """The query; "" where nothing can be asked beforehand."""
    conditions = list(_within(_conditions(asked)))
    if not conditions:
        return ""
    return render(Query(Pipeline((SpansetFilter(_joined(Operator.AND, conditions)),))))


def _within(told: Iterable[tuple[str, FieldExpression]]) -> Iterator[FieldExpression]:
    """Those conditions, the first first, that fit into a query."""
    room_bytes = _MAX_TEXT_BYTES
    for texts, condition in islice(told, _MAX_CONDITIONS):
        size_bytes = len(texts.encode("utf-8", "surrogatepass"))
        if size_bytes <= room_bytes:
            room_bytes -= size_bytes
            yield condition


def _conditions(asked: Asked) -> Iterator[tuple[str, FieldExpression]]:
    """Each with the texts in it."""
    if asked.service and asked.service != keys.NO_SERVICE:
        yield asked.service, _any(_equals(_SERVICE, asked.service))
    if asked.operation:
        yield asked.operation, _is(Intrinsic.SPAN_NAME, asked.operation)
    if asked.duration_min_ns:
        least = Static(StaticType.DURATION, asked.duration_min_ns)
        yield "", Binary(Operator.GREATER_EQUAL, Intrinsic.SPAN_DURATION, least)
    for key, value in asked.attributes.items():
        condition = _SPECIAL[key](value) if key in _SPECIAL else _tag(key, value)
        if condition is not None:
            yield key + value, condition


def _tag(key: str, value: str) -> FieldExpression | None:
    if not key or value.startswith(_MADE) or not value:
        return None
    if key.startswith(RESOURCE):
        own = key.removeprefix(RESOURCE)
        return _any(_equals(Attribute(AttributeScope.RESOURCE, own), value)) if own else None
    if key == keys.TRACE_STATE or key.startswith("otel.dropped_"):
        return None
    places = [condition for scope in _SCOPES for condition in _equals(Attribute(scope, key), value)]
    shown = _SHOWN.get(key)
    if shown is not None and (field := shown(value)) is not None:
        places.append(field)
    return _any(places)


def _equals(field: Attribute, value: str) -> Iterator[FieldExpression]:
    yield _is(field, value)
    if value in ("true", "false"):
        yield Binary(Operator.EQUAL, field, Static(StaticType.BOOL, value == "true"))
        return
    if _INT.fullmatch(value):
        yield Binary(Operator.EQUAL, field, Static(StaticType.INT, int(value)))
    if _FLOAT.fullmatch(value) and math.isfinite(float(value)):
        yield Binary(Operator.EQUAL, field, Static(StaticType.FLOAT, float(value)))


def _error(value: str) -> FieldExpression | None:
    try:
        operator = Operator.EQUAL if truth(value) else Operator.NOT_EQUAL
    except ValueError:
        return None  # and no span is an answer
    return Binary(operator, Intrinsic.SPAN_STATUS, Static(StaticType.STATUS, "error"))


def _status(value: str) -> FieldExpression:
    code = STATUSES.get(value.upper())
    told = "unset" if code is None else code.name.lower()
    return Binary(Operator.EQUAL, Intrinsic.SPAN_STATUS, Static(StaticType.STATUS, told))


def _kind(value: str) -> FieldExpression:
    told = value.lower() if value.lower() in KINDS else "unspecified"
    return Binary(Operator.EQUAL, Intrinsic.SPAN_KIND, Static(StaticType.KIND, told))


def _field(field: Intrinsic) -> Callable[[str], FieldExpression]:
    return lambda value: _is(field, value)


_SPECIAL: Mapping[str, Callable[[str], FieldExpression | None]] = {
    keys.ERROR: _error,
    STATUS: _status,
    keys.SPAN_KIND: _kind,
    NAME: _field(Intrinsic.INSTRUMENTATION_NAME),
    VERSION: _field(Intrinsic.INSTRUMENTATION_VERSION),
}

# What is shown as a tag and is none (codecs.jaeger.search.SHOWN).
_SHOWN: Mapping[str, Callable[[str], FieldExpression | None]] = {
    keys.EVENT: _field(Intrinsic.EVENT_NAME),
    keys.STATUS_CODE: _status,
    keys.STATUS_DESCRIPTION: _field(Intrinsic.SPAN_STATUS_MESSAGE),
    keys.SCOPE_NAME: _field(Intrinsic.INSTRUMENTATION_NAME),
    keys.SCOPE_VERSION: _field(Intrinsic.INSTRUMENTATION_VERSION),
}


def _is(field: Attribute | Intrinsic, text: str) -> FieldExpression:
    return Binary(Operator.EQUAL, field, Static(StaticType.STRING, text))


def _any(conditions: Iterable[FieldExpression]) -> FieldExpression:
    return _joined(Operator.OR, conditions)


def _joined(operator: Operator, conditions: Iterable[FieldExpression]) -> FieldExpression:
    return reduce(lambda left, right: Binary(operator, left, right), conditions)
