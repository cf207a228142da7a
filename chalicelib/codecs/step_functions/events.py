"""What happened in an execution, event by event, in the two forms in which AWS tells it.

| | GetExecutionHistory, API version 2016-11-23 | log events of `/aws/vendedlogs/states/…` |
|---|---|---|
| number | id, previousEventId: integers | id, previous_event_id: integers as text |
| time | timestamp: epoch seconds (CLI version 2: ISO 8601) | event_timestamp: epoch milliseconds as text |
| details | `<kind of type>EventDetails` | details |

Both count events from 1, and name with each event the one that it followed from. Texts of AWS's own are believed no
more than others: whatever cannot be read is no event.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
_MAX_NUMBER = 1 << 31  # standard executions end after 25,000 events; express ones have no such limit
_MAX_S = 1 << 33


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `previous` is 0 for the first; `details` is {} where there are none, or no data is logged."""

    id: int
    previous: int
    type: str
    at_ns: int
    details: Mapping[str, Any]


def of_history(told: object) -> Event | None:
    """An element of a history's `events`; None if it is none."""
    if not isinstance(told, dict):
        return None
    details = next((value for key, value in told.items() if key.endswith("EventDetails") and value), None)
    number, previous, at_ns = told.get("id"), told.get("previousEventId", 0), _moment_ns(told.get("timestamp"))
    return _event(number, previous, told.get("type"), at_ns, details)


def of_log(told: object) -> Event | None:
    """A log event's JSON; None if it is none of an execution."""
    if not isinstance(told, dict):
        return None
    millis = _number(told.get("event_timestamp"), _MAX_S * 1000)
    at_ns = None if millis is None else millis * NS_PER_MS
    number, previous = (_number(told.get(key), _MAX_NUMBER) for key in ("id", "previous_event_id"))
    return _event(number, previous or 0, told.get("type"), at_ns, told.get("details"))


def text_of(details: Mapping[str, Any], key: str) -> str:
    """A text of `details`; "" if there is none."""
    value = details.get(key)
    return value if isinstance(value, str) else ""


def entered_time(at_ns: int) -> str:
    """A moment as the context object has it: ISO 8601 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ns % NS_PER_S // NS_PER_MS:03}Z"


def _event(number: object, previous: object, kind: object, at_ns: int | None, details: object) -> Event | None:
    if type(number) is not int or type(previous) is not int or not isinstance(kind, str) or at_ns is None:
        return None
    if not (0 < number <= _MAX_NUMBER and 0 <= previous < number):
        return None
    found = details if isinstance(details, dict) else {}
    return Event(id=number, previous=previous, type=kind, at_ns=at_ns, details=found)


def _number(value: object, most: int) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(most)):
        value = int(value)
    return value if type(value) is int and 0 <= value <= most else None


def _moment_ns(value: object) -> int | None:
    """Epoch seconds, or ISO 8601 with an offset, to the millisecond: what the history is precise to."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_S:
        return None
    return round(value * 1000) * NS_PER_MS
