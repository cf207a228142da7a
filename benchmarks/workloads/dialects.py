"""The traffic of posts.py as clients of other dialects send it: the same spans, by OpenTelemetry's own mappings.

Zipkin has no resources: OpenTelemetry's exporter repeats a resource's attributes as tags of every span, some twenty
together. Clients made for Zipkin (Brave, py_zipkin) say about eight. A Jaeger batch is of one process.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import msgspec
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from chalicelib.codecs.jaeger.batch import BATCH, VALUES
from chalicelib.codecs.jaeger.from_otlp import Reading
from chalicelib.codecs.jaeger.span import REFERENCE_TYPES, JaegerSpan, Tag
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.codecs.thrift.writer import write_binary
from chalicelib.codecs.zipkin import json_v2, proto3, thrift_v1
from chalicelib.codecs.zipkin.from_otlp import from_span as zipkin_span
from chalicelib.codecs.zipkin.span import KINDS, Endpoint, ZipkinSpan
from chalicelib.model.span import Resource, Span

_CORE = {"CLIENT": ("cs", "cr"), "SERVER": ("sr", "ss"), "PRODUCER": ("ms", "ws"), "CONSUMER": ("mr", "wr")}
_TYPES = (str, float, bool, int, bytes)  # by Jaeger's vType


def spans_of(post: TracesData) -> list[Span]:
    """The post's spans."""
    return [span for part in protobuf.decode_in_parts(post.SerializeToString(), 32) for span in to_spans(part.message)]


def as_opentelemetry_sends(spans: Iterable[Span]) -> list[ZipkinSpan]:
    """With the attributes of resources among the tags."""
    return [zipkin_span(span) for span in spans]


def as_zipkins_clients_send(spans: Iterable[Span]) -> list[ZipkinSpan]:
    """With the service's name alone."""
    return [zipkin_span(msgspec.structs.replace(span, resource=_named(span.resource))) for span in spans]


def zipkin_json(spans: Sequence[ZipkinSpan]) -> bytes:
    """A v2 list."""
    return json_v2.write(spans)


def zipkin_protobuf(spans: Iterable[ZipkinSpan]) -> bytes:
    """A ListOfSpans."""
    message = proto3.list_of_spans()()
    for span in spans:
        message.spans.add(
            trace_id=bytes.fromhex(span.trace_id),
            id=bytes.fromhex(span.id),
            parent_id=bytes.fromhex(span.parent_id or ""),
            kind=KINDS.index(span.kind) + 1 if span.kind else 0,
            name=span.name or "",
            timestamp=span.timestamp or 0,
            duration=span.duration or 0,
            local_endpoint=_endpoint(span.local_endpoint, "ipv4", "ipv6"),
            remote_endpoint=_endpoint(span.remote_endpoint, "ipv4", "ipv6"),
            annotations=[{"timestamp": one.timestamp, "value": one.value} for one in span.annotations],
            tags=span.tags,
        )
    return bytes(message.SerializeToString())


def zipkin_thrift(spans: Iterable[ZipkinSpan]) -> bytes:
    """A v1 list in TBinaryProtocol."""
    return write_binary(thrift_v1.SPANS, [_v1(span) for span in spans])


def jaeger_thrift(spans: Iterable[Span]) -> bytes:
    """A Batch in TBinaryProtocol, of the first span's process."""
    reading = Reading()
    made = [reading.span(span) for span in spans]
    process = made[0].process
    told = {"service_name": process.service_name, "tags": _tags(process.tags)}
    return write_binary(BATCH, {"process": told, "spans": [_jaeger(span) for span in made]})


def _named(resource: Resource) -> Resource:
    return Resource(attributes={"service.name": resource.attributes["service.name"]})


def _endpoint(endpoint: Endpoint | None, *addresses: str) -> dict[str, Any] | None:
    if endpoint is None:
        return None
    packed = {name: ip_address(text).packed for name in addresses if (text := getattr(endpoint, name))}
    return {"service_name": endpoint.service_name or "", "port": endpoint.port or 0, **packed}


def _v1(span: ZipkinSpan) -> dict[str, Any]:
    host = {"service_name": (span.local_endpoint and span.local_endpoint.service_name) or ""}
    start_us, duration_us = span.timestamp or 0, span.duration or 0
    core = [
        {"timestamp": at_us, "value": value, "endpoint": host}
        for value, at_us in zip(_CORE.get(span.kind or "", ()), (start_us, start_us + duration_us), strict=False)
    ]
    said = [{"timestamp": one.timestamp, "value": one.value, "endpoint": host} for one in span.annotations]
    tags = [{"key": key, "value": value.encode(), "type": 6, "endpoint": host} for key, value in span.tags.items()]
    return {
        "trace_id": _signed(span.trace_id[-16:]),
        "trace_id_high": _signed(span.trace_id[:-16] or "0"),
        "name": span.name or "",
        "id": _signed(span.id),
        **({"parent_id": _signed(span.parent_id)} if span.parent_id else {}),
        "annotations": [*core, *said],
        "binary_annotations": tags,
        "timestamp": start_us,
        "duration": duration_us,
    }


def _jaeger(span: JaegerSpan) -> dict[str, Any]:
    return {
        "trace_id_low": _signed(span.trace_id[16:]),
        "trace_id_high": _signed(span.trace_id[:16]),
        "span_id": _signed(span.span_id),
        "parent_span_id": 0,
        "operation_name": span.operation_name,
        "references": [
            {
                "ref_type": REFERENCE_TYPES.index(one.type),
                "trace_id_low": _signed(one.trace_id[16:]),
                "trace_id_high": _signed(one.trace_id[:16]),
                "span_id": _signed(one.span_id),
            }
            for one in span.references
        ],
        "flags": 1,
        "start_time": span.start_us,
        "duration": span.duration_us,
        "tags": _tags(span.tags),
        "logs": [{"timestamp": log.timestamp_us, "fields": _tags(log.fields)} for log in span.logs],
    }


def _tags(tags: Iterable[Tag]) -> list[dict[str, Any]]:
    typed = [(tag, _TYPES.index(type(tag.value))) for tag in tags]
    return [{"key": tag.key, "v_type": number, VALUES[number][0]: tag.value} for tag, number in typed]


def _signed(digits: str) -> int:
    number = int(digits, 16)
    return number - (1 << 64) if number >> 63 else number
