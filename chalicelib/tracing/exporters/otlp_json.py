"""OTLP in JSON (opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding").

Ids are hex and not base64, enums are numbers, 64-bit integers and times strings, bytes base64, NaN and the infinities
strings. Fields at their default are left out.
"""

import binascii
import json

from . import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..span import Event, Link, Span
    from .errors import Losses

_INT64 = 1 << 63
_MAX_DEPTH = 8
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def resource_spans(spans: "Iterable[Span]", resource: "Mapping[str, Any]", losses: "Losses") -> str:
    """One ResourceSpans with all of `spans`, by scope in the order in which those come; "" if none can be written."""
    scopes: dict[str, list[str]] = {}
    for span in spans:
        try:
            scopes.setdefault(span.scope, []).append(encode(span_of(span)))
        except Exception as error:
            losses.add(error)
    said = [
        f'{{"scope":{{"name":{encode(name)}}},"spans":[{",".join(texts)}]}}' for name, texts in scopes.items() if texts
    ]
    if not said:
        return ""
    return f'{{"resource":{{"attributes":{encode(attributes(resource))}}},"scopeSpans":[{",".join(said)}]}}'


def request(all_resource_spans: "Iterable[str]") -> bytes:
    """An ExportTraceServiceRequest of what `resource_spans` wrote."""
    return f'{{"resourceSpans":[{",".join(all_resource_spans)}]}}'.encode("ascii")


def span_of(span: "Span") -> "dict[str, Any]":
    """A Span; one that is open has no end."""
    said = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_ns),
        "flags": flags.of_span(span),
    }
    optional = (
        ("parentSpanId", span.parent_id),
        ("endTimeUnixNano", str(span.end_ns) if span.end_ns else ""),
        ("attributes", attributes(span.attributes)),
        ("events", [_event(event) for event in span.events]),
        ("links", [_link(link) for link in span.links]),
        ("status", _status(span)),
        ("traceState", span.trace_state),
        ("droppedAttributesCount", span.dropped_attributes),
        ("droppedEventsCount", span.dropped_events),
        ("droppedLinksCount", span.dropped_links),
    )
    said.update([member for member in optional if member[1]])
    return said


def attributes(given: "Mapping[str, Any]") -> "list[dict[str, Any]]":
    """KeyValues."""
    return [
        {"key": key, "value": {"stringValue": value} if type(value) is str else any_value(value)}
        for key, value in given.items()
    ]


def any_value(value: "Any", depth: int = _MAX_DEPTH) -> "dict[str, Any]":
    """An AnyValue. Integers of more than 64 bits, and whatever no attribute can be, become text."""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value, depth) if depth > 0 else {"stringValue": str(value)}
    return {} if value is None else {"stringValue": str(value)}


def _int(value: int, _depth: int) -> "dict[str, Any]":
    return {"intValue" if -_INT64 <= value < _INT64 else "stringValue": str(int(value))}


def _double(value: float, _depth: int) -> "dict[str, Any]":
    return {"doubleValue": float(value) if value * 0 == 0 else _NOT_FINITE[str(float(value))]}


def _list(value: "list[Any]", depth: int) -> "dict[str, Any]":
    return {"arrayValue": {"values": [any_value(one, depth - 1) for one in value]}}


def _map(value: "dict[str, Any]", depth: int) -> "dict[str, Any]":
    pairs = [{"key": str(key), "value": any_value(one, depth - 1)} for key, one in value.items()]
    return {"kvlistValue": {"values": pairs}}


# bool before int, which it is one of.
_WRITERS: "tuple[tuple[Any, Callable[[Any, int], dict[str, Any]]], ...]" = (
    (str, lambda value, _: {"stringValue": value}),
    (bool, lambda value, _: {"boolValue": value}),
    (int, _int),
    (float, _double),
    ((bytes, bytearray), lambda value, _: {"bytesValue": binascii.b2a_base64(value, newline=False).decode()}),
    ((list, tuple), _list),
    (dict, _map),
)


def _status(span: "Span") -> "dict[str, Any]":
    status: dict[str, Any] = {"code": span.status_code} if span.status_code else {}
    return status | {"message": span.status_message} if span.status_message else status


def _event(event: "Event") -> "dict[str, Any]":
    return {"timeUnixNano": str(event.time_ns), "name": event.name, "attributes": attributes(event.attributes)}


def _link(link: "Link") -> "dict[str, Any]":
    context = link.context
    said = {"traceId": context.trace_id, "spanId": context.span_id, "attributes": attributes(link.attributes)}
    return said | {"traceState": context.trace_state, "flags": flags.of_link(context)}
