"""Spanfold's spans as Zipkin's.

A span that came in by Zipkin becomes what it was. Any other follows OpenTelemetry's mapping (specification,
trace/sdk_exporters/zipkin.md); resource attributes become tags, as the Collector's exporter has it, and links tags
`otlp.link.N`, because Zipkin has no place for them.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.codecs.zipkin import keys
from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, endpoint_of, normal_trace_id
from chalicelib.codecs.zipkin.to_otlp import ERROR, KINDS, NS_PER_US, STATUS_CODE, TRACE_STATE
from chalicelib.model.attributes import SERVICE_NAME, Attributes
from chalicelib.model.span import Event, Kind, Link, Span, StatusCode

KIND_NAMES: Mapping[int, str] = {int(number): name for name, number in KINDS.items() if name}
_STATUS = {StatusCode.OK: "OK", StatusCode.ERROR: "ERROR"}

# The specification's order for a remote endpoint's name; those with a port are addresses.
REMOTE_NAMES = ("peer.service", "server.address", "net.peer.name")
REMOTE_ADDRESSES = (("network.peer.address", "network.peer.port"), ("net.sock.peer.addr", "net.sock.peer.port"))
REMOTE_REST = ("peer.hostname", "peer.address", "db.namespace", "db.name")
SPEAKS_TO_REMOTE = frozenset({int(Kind.CLIENT), int(Kind.PRODUCER)})

_to_json = msgspec.json.Encoder(order="deterministic").encode


def from_span(span: Span) -> ZipkinSpan:
    """The Zipkin span. Ids are those of the span; its trace id has 16 digits where the high half is zero."""
    if span.scope.attributes.get(keys.SOURCE) == keys.ZIPKIN:
        return _as_it_came(span)
    start_us = span.start_ns // NS_PER_US
    return ZipkinSpan(
        trace_id=normal_trace_id(span.trace_id),
        parent_id=span.parent_id,
        id=span.span_id,
        kind=KIND_NAMES.get(span.kind),
        name=span.name.lower() or None,
        timestamp=start_us or None,
        duration=_duration_us(span),
        local_endpoint=endpoint_of(_service(span)),
        remote_endpoint=remote_endpoint(span.attributes) if span.kind in SPEAKS_TO_REMOTE else None,
        annotations=tuple(sorted(map(_annotation, span.events))),
        tags=dict(sorted(_tags(span).items())),
    )


def _as_it_came(span: Span) -> ZipkinSpan:
    attributes = span.attributes
    tags_by_name = frozenset(attributes.get(keys.TAGS, ()))
    fields = {key: attributes[key] for key in keys.FIELDS if key in attributes and key not in tags_by_name}
    return ZipkinSpan(
        trace_id=normal_trace_id(span.trace_id),
        parent_id=span.parent_id,
        id=span.span_id,
        kind=KIND_NAMES.get(span.kind),
        name=span.name or None,
        timestamp=None if keys.NO_TIMESTAMP in fields else span.start_ns // NS_PER_US or None,
        duration=(span.end_ns - span.start_ns) // NS_PER_US or None,
        local_endpoint=_endpoint(_service(span), fields, keys.LOCAL_IP, keys.LOCAL_IPV6, keys.LOCAL_PORT),
        remote_endpoint=_endpoint(
            fields.get(keys.REMOTE_SERVICE), fields, keys.REMOTE_IP, keys.REMOTE_IPV6, keys.REMOTE_PORT
        ),
        annotations=tuple(sorted({Annotation(one.time_ns // NS_PER_US, one.name) for one in span.events})),
        tags=dict(
            sorted((key.removeprefix(keys.TAG), value) for key, value in attributes.items() if key not in fields)
        ),
        debug=keys.DEBUG in fields,
        shared=keys.SHARED in fields,
    )


def _service(span: Span) -> str | None:
    name = span.resource.attributes.get(SERVICE_NAME)
    return str(name) if name not in (None, "") else None


def _endpoint(service: str | None, fields: Attributes, ip: str, ipv6: str, port: str) -> Endpoint | None:
    addresses = (fields.get(ip), fields.get(ipv6))
    return endpoint_of(service, addresses, fields.get(port))


def _duration_us(span: Span) -> int | None:
    if span.end_ns <= span.start_ns:
        return None
    return max(1, (span.end_ns - span.start_ns) // NS_PER_US)  # below a microsecond is one: zero would be "unknown"


def remote_endpoint(said: Attributes) -> Endpoint | None:
    """Whom a client or producer span with these attributes speaks to; None if they do not say."""
    for name in REMOTE_NAMES:
        if said.get(name):
            return endpoint_of(str(said[name]), (said.get("network.peer.address"),), _port(said.get("server.port")))
    for address, port in REMOTE_ADDRESSES:
        if isinstance(said.get(address), str) and said[address]:
            return endpoint_of(None, (said[address],), _port(said.get(port))) or endpoint_of(said[address])
    return next((endpoint_of(str(said[name])) for name in REMOTE_REST if said.get(name)), None)


def _port(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= 0xFFFF else None


def _tags(span: Span) -> dict[str, str]:
    tags = {key: text(value) for key, value in span.resource.attributes.items() if key != SERVICE_NAME}
    tags |= {key: text(value) for key, value in span.attributes.items()}
    tags |= _said_by_fields(span)
    tags |= {f"otlp.link.{number}": _link(link) for number, link in enumerate(span.links)}
    return tags


def _said_by_fields(span: Span) -> dict[str, str]:
    said = {
        "otel.scope.name": span.scope.name,
        "otel.scope.version": span.scope.version,
        TRACE_STATE: span.trace_state,
        STATUS_CODE: _STATUS.get(span.status_code, ""),  # type: ignore[call-overload]
        "otel.dropped_attributes_count": _count(span.dropped_attributes_count),
        "otel.dropped_events_count": _count(span.dropped_events_count),
        "otel.dropped_links_count": _count(span.dropped_links_count),
    }
    tags = {key: value for key, value in said.items() if value}
    return tags | {ERROR: span.status_message} if span.status_code == StatusCode.ERROR else tags


def _count(count: int) -> str:
    return str(count) if count else ""


def text(value: Any) -> str:
    """An attribute's value as a tag: text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return "" if value is None else _to_json(value).decode()


def _annotation(event: Event) -> Annotation:
    said = _to_json({event.name: event.attributes}).decode() if event.attributes else event.name
    return Annotation(event.time_ns // NS_PER_US, said)


def _link(link: Link) -> str:
    return "|".join((link.trace_id, link.span_id, link.trace_state, _json(link.attributes)))


def _json(attributes: Mapping[str, Any]) -> str:
    return _to_json(attributes).decode()


def from_spans(spans: Iterable[Span]) -> list[ZipkinSpan]:
    """All of them, in their order."""
    return [from_span(span) for span in spans]
