"""A Jaeger span with what Jaeger's Thrift and JSON both say. Times are integer microseconds, ids lower hex.

A tag's type is its value's: str, bool, int (64 bits, signed), float or bytes. Tags may repeat a key; their order, and
that of references and logs, is kept.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from chalicelib.codecs.jaeger import DIALECT
from chalicelib.model.errors import PayloadError

MAX_TIME_US = ((1 << 64) - 1) // 1000  # what still has a number of nanoseconds in OTLP
SAMPLED, DEBUG = 1, 2  # of flags

CHILD_OF, FOLLOWS_FROM = "CHILD_OF", "FOLLOWS_FROM"
REFERENCE_TYPES = (CHILD_OF, FOLLOWS_FROM)  # by Thrift's numbers

TagValue = str | bool | int | float | bytes
_NO_SPAN = "0" * 16


class Tag(NamedTuple):
    """A key with a value."""

    key: str
    value: TagValue


class Reference(NamedTuple):
    """Another span, of this trace (32 digits) or another."""

    type: str
    trace_id: str
    span_id: str


class Log(NamedTuple):
    """Something that happened at a moment."""

    timestamp_us: int
    fields: tuple[Tag, ...]


class Process(NamedTuple):
    """Who reported spans."""

    service_name: str
    tags: tuple[Tag, ...]


class JaegerSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A span. `trace_id` has 32 digits, `span_id` 16; spans of one process share it."""

    trace_id: str
    span_id: str
    operation_name: str
    references: tuple[Reference, ...] = ()
    flags: int = 0
    start_us: int
    duration_us: int = 0
    tags: tuple[Tag, ...] = ()
    logs: tuple[Log, ...] = ()
    process: Process


def with_parent(references: Iterable[Reference], trace_id: str, parent_id: str) -> tuple[Reference, ...]:
    """`references` with one to the parent, first, unless one to that span is there (Jaeger's MaybeAddParentSpanID)."""
    told = tuple(references)
    if parent_id == _NO_SPAN or any(one[1:] == (trace_id, parent_id) for one in told):
        return told
    return (Reference(CHILD_OF, trace_id, parent_id), *told)


def find_parent(references: Iterable[Reference], trace_id: str) -> str | None:
    """The parent's id: of the first reference within the trace that is CHILD_OF, else of the first at all."""
    own = [one for one in references if one.trace_id == trace_id and one.span_id != _NO_SPAN]
    first = next((one for one in own if one.type == CHILD_OF), own[0] if own else None)
    return None if first is None else first.span_id


def checked(span: JaegerSpan) -> JaegerSpan:
    """The span itself. Raises PayloadError for ids that name nothing and moments that no clock shows."""
    if not span.trace_id.strip("0"):
        raise PayloadError(DIALECT, "its trace id is all zeros")
    if not span.span_id.strip("0"):
        raise PayloadError(DIALECT, "its span id is all zeros")
    moments = (span.start_us, span.start_us + span.duration_us, *(log.timestamp_us for log in span.logs))
    for moment_us in moments:
        if not 0 <= moment_us <= MAX_TIME_US:
            raise PayloadError(DIALECT, f"{moment_us} is not a number of microseconds that a clock can show")
    return span
