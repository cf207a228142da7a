"""What a search finds, as `GET /v1/search` and `GET /v1/traces/{trace_id}/links` answer it.

In JSON the names are lowerCamelCase, moments are decimal strings of nanoseconds since 1970 and durations numbers of
nanoseconds, as in model/trace.py. Values are those of model/attributes.py: bytes become base64, NaN and
infinities null.
"""

import msgspec

from chalicelib.model.attributes import Value


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A value by its name."""

    key: str
    value: Value = None


class ServiceCounts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many spans of the trace one service has, and how many of these failed."""

    service: str
    span_count: int
    error_count: int


class FoundSpan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A span that matched, with those fields that the query mentions, in the order in which it does."""

    span_id: str
    name: str
    service: str
    start_time_unix_nano: str
    duration_ns: int
    fields: tuple[Field, ...] = ()


class FoundSpanset(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the `matched` spans, the first by start; `attributes` is what `by()` and aggregates said of them all."""

    matched: int
    spans: tuple[FoundSpan, ...]
    attributes: tuple[Field, ...] = ()


class FoundTrace(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A trace that matched.

    The root is the first span that has no parent, or whose parent is missing. `services` are those with most spans,
    by that number and their name; `service_count` says how many there are.
    """

    trace_id: str
    root_service: str | None
    root_name: str | None
    start_time_unix_nano: str
    duration_ns: int
    span_count: int
    error_count: int
    service_count: int
    services: tuple[ServiceCounts, ...]
    span_sets: tuple[FoundSpanset, ...]


class Scanned(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an answer took.

    `hours` of span starts were looked at, in `views` of `view_bytes` together, for about `read_units` of DynamoDB
    (eventually consistent, half a unit for each 4 KiB). They named `candidates`; of the `traces` read to verify those,
    `false_candidates` did not match.
    """

    hours: int = 0
    views: int = 0
    view_bytes: int = 0
    read_units: float = 0
    candidates: int = 0
    traces: int = 0
    false_candidates: int = 0


class SearchPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Traces, newest start first.

    `cursor`: there may be more, and a search with it goes on after the last trace here. `partial` says why the
    answer ends before the limit or the range does, or lacks something; without it nothing is missing.
    """

    traces: tuple[FoundTrace, ...]
    scanned: Scanned
    cursor: str | None = None
    partial: str | None = None


class OutgoingLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A link that a span of this trace has to a span of another (or, now and then, of its own).

    `joined_by`: no context travelled, but both spans know a message (or an invocation, an object) by this name, and the
    linked one sent it.
    """

    span_id: str
    name: str
    service: str
    trace_id: str
    linked_span_id: str
    attributes: tuple[Field, ...] = ()
    joined_by: str | None = None


class IncomingLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A link that a span of another trace (`trace_id`, `span_id`) has to a span of this one; as in OutgoingLink."""

    trace_id: str
    span_id: str
    name: str
    service: str
    start_time_unix_nano: str
    linked_span_id: str
    attributes: tuple[Field, ...] = ()
    joined_by: str | None = None


class LinksPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Links of one trace: those it has (on the first page, in the order of its spans) and those to it (newest first).

    Joins come after the links that a trace has, and among those to it by time. `outgoing_count`, on the first page,
    says how many it has if `outgoing` was cut. `cursor` is about `incoming`; `partial`, as in SearchPage, about that
    and joins.
    """

    outgoing: tuple[OutgoingLink, ...]
    incoming: tuple[IncomingLink, ...]
    scanned: Scanned
    outgoing_count: int | None = msgspec.field(default=None, name="outgoingCount")
    cursor: str | None = None
    partial: str | None = None
