"""TraceQL that holds for every trace that a Zipkin search asks for.

It may hold for others: it chooses which traces are read, and codecs.zipkin.request decides. Zipkin shows names in
lower case and values as text, whatever they were, so each is asked for in every form that it may have been sent in.
What is shown as a tag and is none in OTLP (a scope, a status) is not asked for.
"""

import re
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import TypeGuard

from chalicelib.codecs.zipkin import keys
from chalicelib.codecs.zipkin.request import QueryRequest
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

NS_PER_US = 1000
# Where from_otlp finds the name of a remote service.
REMOTE_KEYS = (
    "peer.service", "server.address", "net.peer.name", "network.peer.address", "net.sock.peer.addr", "peer.hostname",
    "peer.address", "db.namespace", "db.name",
)  # fmt: skip

_SERVICE = Attribute(AttributeScope.RESOURCE, "service.name")
_NOT_ATTRIBUTES = ("otel.", "otlp.link.", "w3c.", "spanfold.")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_INT = re.compile(r"-?\d{1,18}")
_FLOAT = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_MADE = ("[", "{", '"')  # how a value begins that was no text, or an annotation that was an event with attributes


def query_of(request: QueryRequest, *, joins_ids: bool) -> str:
    """The query; "" where nothing can be asked beforehand.

    With `joins_ids` the conditions of one Zipkin trace may be met in several of ours, so any of them will do.
    """
    service = [_in_any_case(_SERVICE, request.service_name)] if _folds(request.service_name) else []
    wanted = [[*service, condition] for condition in _conditions(request)] or [service]
    spansets: list[SpansetExpression] = [SpansetFilter(_all(conditions)) for conditions in wanted if conditions]
    if not spansets:
        return ""
    operator = SpansetOperator.OR if joins_ids else SpansetOperator.AND
    return render(Query(Pipeline((reduce(lambda left, right: SpansetOperation(operator, left, right), spansets),))))


def _conditions(request: QueryRequest) -> Iterator[FieldExpression]:
    if _folds(request.span_name):
        yield _in_any_case(Intrinsic.SPAN_NAME, request.span_name)
    if _folds(request.remote_service_name):
        yield _any(_in_any_case(Attribute(AttributeScope.ANY, key), request.remote_service_name) for key in REMOTE_KEYS)
    if request.min_duration is not None and request.min_duration > 1:
        least_ns = Static(StaticType.DURATION, request.min_duration * NS_PER_US)
        yield Binary(Operator.GREATER_EQUAL, Intrinsic.SPAN_DURATION, least_ns)
    for key, value in request.annotation_query.items():
        found = _tag(key, value)
        if found is not None:
            yield found


def _tag(key: str, value: str) -> FieldExpression | None:
    if key == "error" or key in keys.FIELDS or key.startswith((*_NOT_ATTRIBUTES, *_MADE)) or value.startswith(_MADE):
        return None
    attribute = Attribute(AttributeScope.ANY, key)
    if not value:
        exists = Binary(Operator.NOT_EQUAL, attribute, Static(StaticType.NIL, None))
        return _any((exists, _equal(Intrinsic.EVENT_NAME, Static(StaticType.STRING, key))))
    return _any(_equal(attribute, static) for static in _readings(value))


def _readings(value: str) -> Iterator[Static]:
    yield Static(StaticType.STRING, value)
    if value in ("true", "false"):
        yield Static(StaticType.BOOL, value == "true")
    elif _INT.fullmatch(value):
        yield Static(StaticType.INT, int(value))
    elif _FLOAT.fullmatch(value):
        yield Static(StaticType.FLOAT, float(value))


def _folds(name: str | None) -> TypeGuard[str]:
    """Whether a name can be asked for in any case: beyond ASCII, RE2 and Python do not agree on what that is."""
    return bool(name) and name is not None and name.isascii()


def _in_any_case(field: Attribute | Intrinsic, text: str) -> FieldExpression:
    literal = _SPECIAL.sub(r"\\\g<0>", text)
    return Binary(Operator.REGEX, field, Static(StaticType.STRING, f"(?is){literal}"))


def _equal(field: Attribute | Intrinsic, static: Static) -> FieldExpression:
    return Binary(Operator.EQUAL, field, static)


def _any(expressions: Iterable[FieldExpression]) -> FieldExpression:
    return reduce(lambda left, right: Binary(Operator.OR, left, right), expressions)


def _all(expressions: Iterable[FieldExpression]) -> FieldExpression:
    return reduce(lambda left, right: Binary(Operator.AND, left, right), expressions)
