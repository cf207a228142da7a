"""One span, as OTLP means it (opentelemetry-proto 1.11, trace.proto, common.proto, resource.proto).

Every dialect is translated to and from this at the edge. Field by field it holds all that an OTLP span can say,
so that OTLP -> Span -> OTLP loses nothing. Ids are lower hex, times are integer nanoseconds since 1970 (unsigned
64-bit on the wire: a sender's clock may be absurd, and its times are kept as sent). Resource and scope are shared
by reference between the spans that have them.
"""

from enum import IntEnum

import msgspec

from chalicelib.model.attributes import SERVICE_NAME, UNKNOWN_SERVICE, Attributes


class Kind(IntEnum):
    """Span.SpanKind. Unknown numbers survive as plain ints: the enum is open (proto3)."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class StatusCode(IntEnum):
    """Status.StatusCode. Unknown numbers survive as plain ints."""

    UNSET = 0
    OK = 1
    ERROR = 2


class EntityRef(msgspec.Struct, frozen=True, kw_only=True):
    """A resource entity (development status in OTLP 1.11): which of the resource's attributes identify it."""

    schema_url: str = ""
    type: str = ""
    id_keys: tuple[str, ...] = ()
    description_keys: tuple[str, ...] = ()


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What produced the spans; `schema_url` is the one beside it in ResourceSpans."""

    attributes: Attributes = {}
    dropped_attributes_count: int = 0
    entity_refs: tuple[EntityRef, ...] = ()
    schema_url: str = ""

    @property
    def service_name(self) -> str:
        """`service.name` as text; "unknown_service" when it is missing or empty."""
        name = self.attributes.get(SERVICE_NAME)
        return str(name) if name not in (None, "") else UNKNOWN_SERVICE


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The instrumentation scope; `schema_url` is the one beside it in ScopeSpans and covers spans and events."""

    name: str = ""
    version: str = ""
    attributes: Attributes = {}
    dropped_attributes_count: int = 0
    schema_url: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at `time_ns` during the span. The name may be empty."""

    time_ns: int = 0
    name: str = ""
    attributes: Attributes = {}
    dropped_attributes_count: int = 0


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Another span this one knows of. Ids are kept as sent and may be invalid; `trace_state` is raw W3C text."""

    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    attributes: Attributes = {}
    dropped_attributes_count: int = 0
    flags: int = 0


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    `parent_id` is None for a root (senders also write zeros, which mean the same). `end_ns` may be 0 (not known)
    or before `start_ns` (a broken clock): kept as sent. `flags` holds W3C trace flags in bits 0-7, "the parent's
    remoteness is known" in bit 8 and "the parent is remote" in bit 9; the other bits are copied as they are.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None
    name: str = ""
    kind: int = Kind.UNSPECIFIED
    start_ns: int = 0
    end_ns: int = 0
    status_code: int = StatusCode.UNSET
    status_message: str = ""
    attributes: Attributes = {}
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    flags: int = 0
    trace_state: str = ""
    dropped_attributes_count: int = 0
    dropped_events_count: int = 0
    dropped_links_count: int = 0
    resource: Resource = Resource()
    scope: Scope = Scope()
