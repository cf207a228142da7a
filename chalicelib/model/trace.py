"""An assembled trace: what is left for a person to read once repeats, clocks and parents have been sorted out.

These are the shapes of `GET /v1/traces/{trace_id}/assembly`, and what the web page, the terminal and `compare` read.
In JSON the names are lowerCamelCase, moments are decimal strings of nanoseconds since 1970 (as in OTLP), durations
and offsets are numbers of nanoseconds, and a field that has its default is left out. Everything is flat: a span
names its place by `depth` and `parent_index`, so a chain of 100,000 spans nests no deeper than a single one.
Attributes are not repeated here; they are in the OTLP answer, under the same span ids.

`index` means the place in `AssembledTrace.spans`, counted from 0. It is the safe way to point at a span: senders do
repeat span ids (a Zipkin client and its server share one).
"""

from typing import NamedTuple

import msgspec


class AssembledSpan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """One span in its place."""

    span_id: str
    name: str
    service: str  # service.name of its resource, or "unknown_service"
    kind: str = "unspecified"  # internal, server, client, producer, consumer; a number we do not know as digits
    trace_id: str | None = None  # only when the answer holds several traces
    parent_id: str | None = None  # as sent, also when no such span is here
    parent_index: int | None = None  # the span it hangs under; none for roots and orphans
    depth: int  # 0 for roots and orphans
    child_count: int = 0
    descendant_count: int = 0  # the subtree is spans[index : index + 1 + descendant_count]
    start_time_unix_nano: str  # corrected
    offset_ns: int  # from the start of the trace, never negative
    duration_ns: int  # 0 when the end is missing or before the start
    self_time_ns: int  # the part of the duration in which no child that it could wait for was running
    critical_ns: int = 0  # the part that lies on the critical path
    clock_shift_ns: int = 0  # what was added to the times that were sent
    status: str = "unset"  # ok, error; a number we do not know as digits
    error: bool = False  # status is error
    errors_below: int = 0  # failed spans among the descendants
    orphan: bool = False  # has a parent id, and no such span is here
    remote_parent: bool | None = None  # parent in another process: by the span's flags, else by its resource
    cold_start: bool = False  # faas.coldstart
    attribute_count: int = 0
    event_count: int = 0
    link_count: int = 0
    warnings: tuple[str, ...] = ()  # codes; their texts are in AssembledTrace.warnings


class Segment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A stretch of a path that belongs to one span. Segments of a path follow one another without gap or overlap."""

    index: int
    span_id: str
    offset_ns: int  # from the start of the trace
    duration_ns: int  # more than 0
    waiting: bool = False  # the span had ended, and what it set off had not begun: a queue, a schedule, a back-off


class ServiceTotals(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """What one service did in the trace."""

    service: str
    span_count: int
    error_count: int = 0
    cold_start_count: int = 0
    self_time_ns: int  # summed over its spans; may exceed the trace's duration where they ran side by side
    critical_ns: int = 0
    first_offset_ns: int  # of its first start, from the start of the trace
    last_offset_ns: int  # of its last end


class RecordedException(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """An exception as the span tells it: an `exception` event, or exception.* attributes of the span (no time)."""

    type: str = ""
    message: str = ""
    stacktrace: str = ""
    time_unix_nano: str | None = None  # corrected like the span


class SpanError(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A span that failed (status error), or that recorded an exception and went on."""

    index: int
    span_id: str
    service: str
    name: str
    status_message: str = ""
    error_type: str = ""  # error.type
    handled: bool = False  # exceptions were recorded, but the status is not error
    origin: bool = False  # failed, while nothing below it did: where to look first
    exceptions: tuple[RecordedException, ...] = ()


class Orphan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A span whose parent is not here: not sent, not sampled, not arrived yet, or kept by somebody else."""

    index: int
    span_id: str
    parent_id: str


class SpanLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A link from a span of this trace to a span that is usually in another one.

    A join is no link that was sent: both spans know a message (or an invocation, an object) by the name `joined_by`,
    and one is taken to have set off the other. It is told from both sides.
    """

    index: int
    span_id: str
    linked_trace_id: str
    linked_span_id: str
    linked_index: int | None = None  # when the linked span is in this answer
    joined_by: str | None = None
    receives: bool = False  # of joins: the linked span received what this one sent, instead of the reverse


class JoinedSpan(NamedTuple):
    """A join of a span, before its place is known; as in SpanLink."""

    trace_id: str
    span_id: str
    linked_trace_id: str
    linked_span_id: str
    joined_by: str
    receives: bool


class Warned(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """One kind of oddity, in words, and how many spans carry its code; 0 for what concerns the trace as a whole."""

    code: str
    text: str
    span_count: int = 0


class TraceSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """The trace in one line. The root is the earliest span without a parent id; failing that, the earliest orphan.

    Of an empty trace everything is 0 or "".
    """

    start_time_unix_nano: str  # the earliest corrected start
    duration_ns: int  # to the latest corrected end
    span_count: int
    service_count: int
    error_count: int  # spans with status error
    orphan_count: int
    max_depth: int
    root_span_id: str
    root_service: str
    root_name: str
    root_duration_ns: int


class AssembledTrace(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Everything. Lists are in a fixed order, so that the same spans always give the same bytes."""

    summary: TraceSummary
    trace_ids: tuple[str, ...]  # ascending; more than one when a 64-bit id was asked for
    root_ids: tuple[str, ...]  # spans at depth 0 that are not orphans, in order
    warnings: tuple[Warned, ...]  # by code
    services: tuple[ServiceTotals, ...]  # by name
    orphans: tuple[Orphan, ...]  # in order of index, as are links and errors
    links: tuple[SpanLink, ...]
    errors: tuple[SpanError, ...]
    critical_path: tuple[Segment, ...]  # what the root's caller waited for: partitions the root's duration
    completion_path: tuple[Segment, ...]  # from the root's start to the end of the last work it led to; empty if that
    # is the root's own end, when it would only repeat the critical path
    spans: tuple[AssembledSpan, ...]  # pre-order: roots, then orphans; siblings by corrected start, then span id
