"""What expressions are about while a query runs: attribute values as OTLP has them, and three types beside them.

The type of a value decides what it may be compared and calculated with, so durations, statuses and kinds are types
of their own here; in a span they would be mere numbers. An attribute that is missing, that was sent without a value,
or that is an empty array, is nil, which is None. Bytes, maps and arrays of them are there, but compare with nothing.
"""

import math
from typing import Any

import msgspec

from chalicelib.model.span import Kind, StatusCode
from chalicelib.search.syntax import Static, StaticType

INT_MIN = -(2**63)
INT_MAX = 2**63 - 1


class DurationNs(int):
    """Nanoseconds."""

    __slots__ = ()


class StatusName(str):
    """unset, ok or error; digits for a number that OTLP does not name."""

    __slots__ = ()


class KindName(str):
    """unspecified, internal, server, client, producer or consumer; digits for a number that OTLP does not name."""

    __slots__ = ()


STATUSES = {int(code): StatusName(code.name.lower()) for code in StatusCode}
KINDS = {int(kind): KindName(kind.name.lower()) for kind in Kind}

NUMBERS = frozenset({int, float, DurationNs})

_RUNTIME_TYPE: dict[StaticType, type] = {
    StaticType.DURATION: DurationNs,
    StaticType.STATUS: StatusName,
    StaticType.KIND: KindName,
    StaticType.FLOAT: float,
}
_STATIC_TYPE = {
    type(None): StaticType.NIL,
    str: StaticType.STRING,
    bool: StaticType.BOOL,
    int: StaticType.INT,
    float: StaticType.FLOAT,
    DurationNs: StaticType.DURATION,
    StatusName: StaticType.STATUS,
    KindName: StaticType.KIND,
}
_PLAIN_TYPE: dict[type, type] = {DurationNs: int, StatusName: str, KindName: str}


def value_of(static: Static) -> Any:
    """The literal as a value that may stand beside those of spans."""
    runtime = _RUNTIME_TYPE.get(static.type)
    return static.value if runtime is None else runtime(static.value)


def static_of(value: Any) -> Static:
    """The value as a label. Arrays, maps, bytes and "not a number" become text: a label has to equal itself."""
    static_type = _STATIC_TYPE.get(type(value))
    if static_type is None:
        return Static(StaticType.STRING, msgspec.json.encode(value).decode())
    if static_type is StaticType.FLOAT:
        return Static(StaticType.STRING, "NaN") if math.isnan(value) else Static(static_type, value + 0.0)
    return Static(static_type, plain(value))


def plain(value: Any) -> Any:
    """The value as OTLP would have it: durations are integers, statuses and kinds text."""
    as_plain = _PLAIN_TYPE.get(type(value))
    return value if as_plain is None else as_plain(value)


def order_of(static: Static) -> tuple[str, Any]:
    """What sorts labels: their types first, since the values of two types have no order between them."""
    return static.type.value, static.value
