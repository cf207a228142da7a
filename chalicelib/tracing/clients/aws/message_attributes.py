"""Context in the message attributes of SQS and SNS: String attributes under the header's own names.

SQS developer guide, "Message metadata" and "Quotas" (November 2026): ten attributes a message; names, types and values
count towards its size, which was 256 KiB and is 1 MiB since August 2025, less where a queue's MaximumMessageSize says
so. SNS hands on no more than ten to a queue with raw delivery, and drops what has more.
"""

from .. import carried
from .injection import Untouched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ....propagation.context import TraceContext
    from ..limits import Room
    from .injection import Injection

MAX_ATTRIBUTES = 10
STRING = "String"
OTEL_PREFIX = "otel."  # opentelemetry-instrumentation-boto3sqs puts it before every name


def size_bytes(text: object, attributes: "Mapping[str, Any]") -> int:
    """What AWS counts of a message."""
    return _length(text) + sum(_length(name) + _attribute_bytes(value) for name, value in attributes.items())


def added(injection: "Injection", attributes: "Mapping[str, Any]", rooms: "Iterable[Room]") -> "dict[str, Any]":
    """`attributes` with as many of our fields as there is room for, in a new dict; takes that room.

    Raises Untouched if there is a context already, or not even room for the smallest.
    """
    if has_context(attributes):
        injection.keep(context_of(attributes))
    rooms = tuple(rooms)
    for fields in carried.choices(injection.fields):
        extra = {name: {"DataType": STRING, "StringValue": value} for name, value in fields.items()}
        extra_bytes = size_bytes("", extra)
        if len(attributes) + len(extra) <= MAX_ATTRIBUTES and all(room.has(extra_bytes) for room in rooms):
            for room in rooms:
                room.take(extra_bytes)
            _note_missing(injection, fields)
            return {**attributes, **extra}
    is_full = len(attributes) >= MAX_ATTRIBUTES
    raise Untouched("the message has ten attributes" if is_full else "the message would be too long")


def has_context(attributes: "Mapping[str, Any]") -> bool:
    """Whether a producer wrote a traceparent, a B3 header, … even one that cannot be read."""
    names = {name.removeprefix(OTEL_PREFIX).lower() for name in attributes}
    return bool(names & {"traceparent", "b3", "x-b3-traceid", "uber-trace-id", "_datadog", "x-amzn-trace-id"})


def context_of(attributes: "Mapping[str, Any]") -> "TraceContext | None":
    """The span that the attributes name; None where that cannot be read."""
    pairs = ((name.removeprefix(OTEL_PREFIX), _text(value)) for name, value in attributes.items())
    return carried.context_in(pairs)


def _text(attribute: object) -> object:
    return attribute.get("StringValue") if isinstance(attribute, dict) else None


def _attribute_bytes(attribute: "Any") -> int:
    return sum(_length(value) for value in attribute.values())


def _length(value: object) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return len(value) if isinstance(value, bytes | bytearray | memoryview) else 0


def _note_missing(injection: "Injection", fields: "Mapping[str, str]") -> None:
    missing = [name for name in injection.fields if name not in fields]
    if missing:
        injection.reduced.append(f"no room for {' and '.join(missing)}")
