"""Values as Tempo's answers have them: an AnyValue of text, number or truth; durations in Go's words."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.model.attributes import Value

# Fields whose integers are nanoseconds, by the names that matched spans have them under.
DURATIONS = frozenset({"duration", "traceDuration", "span:duration", "trace:duration", "event:timeSinceStart"})

_UNITS = (("ms", 1_000_000), ("µs", 1_000), ("ns", 1))
_SECOND_NS = 1_000_000_000


def any_value(value: Value) -> Mapping[str, Any]:
    """`value` as one AnyValue that is not nested: lists and maps are JSON text."""
    match value:
        case bool():
            return {"boolValue": value}
        case int() if -(2**63) <= value < 2**63:
            return {"intValue": value}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case None:
            return {"stringValue": "nil"}
        case bytes():
            return {"stringValue": value.hex()}
        case _:
            return {"stringValue": json.dumps(value, default=repr)}


def key_value(key: str, value: Value) -> Mapping[str, Any]:
    """A KeyValue. Durations, known by their key, are told as Go prints them: "1.5s"."""
    if key in DURATIONS and isinstance(value, int) and not isinstance(value, bool):
        return {"key": key, "value": {"stringValue": go_duration(value)}}
    return {"key": key, "value": any_value(value)}


def go_duration(duration_ns: int) -> str:
    """The duration in the form of Go's time.Duration: "0s", "850ns", "1.2ms", "1m30.5s", "26h0m0s"."""
    if duration_ns < 0:
        return "-" + go_duration(-duration_ns)
    if duration_ns < _SECOND_NS:
        return _below_a_second(duration_ns)
    minutes, rest_ns = divmod(duration_ns, 60 * _SECOND_NS)
    seconds = _decimal(rest_ns, _SECOND_NS) + "s"
    if not minutes:
        return seconds
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}" if hours else f"{minutes}m{seconds}"


def _below_a_second(duration_ns: int) -> str:
    for unit, unit_ns in _UNITS:
        if duration_ns >= unit_ns:
            return _decimal(duration_ns, unit_ns) + unit
    return "0s"


def _decimal(amount: int, unit: int) -> str:
    """`amount` / `unit` without rounding and without zeros at the end; `unit` is a power of ten."""
    whole, rest = divmod(amount, unit)
    digits = str(rest).zfill(len(str(unit)) - 1).rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)
