"""A Zipkin v2 span, and what Zipkin makes of one that is written loosely (zipkin2.Span.Builder, zipkin2.Endpoint).

Times are integer microseconds. What is absent is None or empty, never zero: Zipkin does not tell the two apart.
The order of fields is the order in which Zipkin writes them.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec

from chalicelib.codecs.zipkin import DIALECT
from chalicelib.model.errors import PayloadError

KINDS = ("CLIENT", "SERVER", "PRODUCER", "CONSUMER")
MAX_PORT = 0xFFFF
MAX_TIME_US = ((1 << 64) - 1) // 1000  # what still has a number of nanoseconds in OTLP

_TRACE_ID = re.compile(r"[0-9a-f]{1,32}")
_SPAN_ID = re.compile(r"[0-9a-f]{1,16}")
_LONG_ID = 16
_NO_HIGH_BITS = "0" * 16


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One side of a call. `service_name` is in lower case; addresses are in their shortest form."""

    service_name: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    port: int | None = None


class Annotation(msgspec.Struct, frozen=True, order=True):
    """Something that happened at `timestamp` (microseconds)."""

    timestamp: int
    value: str


class ZipkinSpan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A span as Zipkin keeps it; made by `span_of`, which sees to it that it is normal."""

    trace_id: str
    parent_id: str | None = None
    id: str
    kind: str | None = None
    name: str | None = None
    timestamp: int | None = None
    duration: int | None = None
    local_endpoint: Endpoint | None = None
    remote_endpoint: Endpoint | None = None
    annotations: tuple[Annotation, ...] = ()
    tags: dict[str, str] = {}
    debug: bool = False
    shared: bool = False


def span_of(  # noqa: PLR0913  # a span's fields
    *,
    trace_id: str,
    id: str,  # noqa: A002  # the field's name
    parent_id: str | None = None,
    kind: str | None = None,
    name: str | None = None,
    timestamp: int | None = None,
    duration: int | None = None,
    local_endpoint: Endpoint | None = None,
    remote_endpoint: Endpoint | None = None,
    annotations: Iterable[Annotation] = (),
    tags: Mapping[str, str] | None = None,
    debug: bool | None = None,
    shared: bool | None = None,
) -> ZipkinSpan:
    """The normal form of a span. Raises PayloadError with Zipkin's words for ids, kinds and times that cannot be."""
    own_id = normal_span_id(id)
    return ZipkinSpan(
        trace_id=normal_trace_id(trace_id),
        parent_id=_parent(parent_id, own_id),
        id=own_id,
        kind=_kind(kind),
        name=name.lower() if name else None,
        timestamp=time_us("timestamp", timestamp),
        duration=time_us("duration", duration),
        local_endpoint=local_endpoint,
        remote_endpoint=remote_endpoint,
        annotations=_annotations(annotations) if annotations else (),
        tags={key: tags[key] for key in sorted(tags)} if tags else {},
        debug=bool(debug),
        shared=bool(shared) and kind != "CLIENT",
    )


def normal_trace_id(text: str) -> str:
    """16 or 32 lower hex digits; 32 only where the high half says something. Raises PayloadError."""
    if not _TRACE_ID.fullmatch(text):
        raise _wrong_id("traceId", text, 32)
    padded = text.zfill(_LONG_ID) if len(text) <= _LONG_ID else text.zfill(32).removeprefix(_NO_HIGH_BITS)
    if not padded.strip("0"):
        raise PayloadError(DIALECT, "traceId is all zeros")
    return padded


def normal_span_id(text: str) -> str:
    """16 lower hex digits. Raises PayloadError."""
    if not _SPAN_ID.fullmatch(text):
        raise _wrong_id("id", text, 16)
    if not text.strip("0"):
        raise PayloadError(DIALECT, "id is all zeros")
    return text.zfill(_LONG_ID)


def endpoint_of(
    service_name: str | None = None, addresses: Iterable[str | bytes | None] = (), port: int | None = None
) -> Endpoint | None:
    """An endpoint in normal form, or None for one that says nothing. Raises PayloadError for a port that cannot be.

    `addresses` are texts, or 4 or 16 bytes; what is no IP address is left out, as Zipkin leaves it out.
    """
    if port is not None and not 0 <= port <= MAX_PORT:
        raise PayloadError(DIALECT, f"invalid port {port}")
    ipv4 = ipv6 = None
    for address in addresses:
        parsed = _ip(address)
        if isinstance(parsed, IPv6Address):
            ipv6 = str(parsed)
        elif parsed is not None:
            ipv4 = str(parsed)
    name = service_name.lower() if service_name else None
    if not (name or ipv4 or ipv6 or port):
        return None
    return Endpoint(service_name=name, ipv4=ipv4, ipv6=ipv6, port=port or None)


def time_us(field: str, value: int | None) -> int | None:
    """Microseconds, or None for none; zero and what is below it are none. Raises PayloadError for 584,000 years."""
    if value is None or value <= 0:
        return None
    if value > MAX_TIME_US:
        raise PayloadError(DIALECT, f"{field} {value} is not a number of microseconds that a clock can show")
    return value


def _parent(parent_id: str | None, own_id: str) -> str | None:
    if not parent_id:
        return None
    if not _SPAN_ID.fullmatch(parent_id):
        raise _wrong_id("parentId", parent_id, 16)
    padded = parent_id.zfill(_LONG_ID)
    return padded if padded.strip("0") and padded != own_id else None


def _annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    found = sorted(set(annotations))
    for one in found:
        if not 0 <= one.timestamp <= MAX_TIME_US:
            raise PayloadError(DIALECT, f"annotation timestamp {one.timestamp} is not one that a clock can show")
    return tuple(found)


def _kind(kind: str | None) -> str | None:
    if kind is not None and kind not in KINDS:
        raise PayloadError(DIALECT, f"kind {kind[:64]!r} is none of {', '.join(KINDS)}")
    return kind


def _wrong_id(field: str, text: str, digits: int) -> PayloadError:
    if not text:
        return PayloadError(DIALECT, f"{field} is empty")
    if len(text) > digits:
        return PayloadError(DIALECT, f"{field} {text[:64]!r} is longer than {digits} digits")
    return PayloadError(DIALECT, f"{field} {text!r} should be lower-hex encoded with no prefix")


def _ip(address: str | bytes | None) -> IPv4Address | IPv6Address | None:
    if not address:
        return None
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
