"""CPU of reading a 10,000-span trace as OTLP JSON: the whole handler, against a floor and against json_format."""

import base64
import zlib
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import msgspec
import zstandard
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from benchmarks.measures import canned, handler
from benchmarks.measures.rows import Row, cpu_seconds
from benchmarks.measures.stored import large_trace_blocks, query_pages
from chalicelib.codecs.otlp import json, messages

SPANS = 10_000


def straight_walk(packed: Sequence[bytes]) -> bytes:
    """JSON from these bytes with no thought: decompress, parse by upb, walk straight on, encode."""
    message = _parsed(packed)
    return msgspec.json.encode({"resourceSpans": [_resource_spans(each) for each in message.resource_spans]})


def own_walk(packed: Sequence[bytes]) -> bytes:
    """The same with the product's writer, which may well be the faster walk."""
    message = messages.TracesData()
    for each in packed:
        message.MergeFromString(zstandard.decompress(each))
    return json.encode(message)


def by_json_format(packed: Sequence[bytes]) -> str:
    """The same by protobuf's own JSON, which is not OTLP's (ids in base64) but what many services do."""
    return MessageToJson(_parsed(packed), indent=None)


def rows() -> list[Row]:
    """The table's rows."""
    stored = large_trace_blocks(SPANS)
    pages = query_pages(stored)
    packed = [zstandard.compress(block.payload) for block in stored]
    app = handler.import_app(lambda _operation, body: pages[canned.following(pages, body)])

    trace_id = stored[0].trace_id
    squeezed = [zlib.decompress(base64.b64decode(body), wbits=31) for body in _read_all(app, trace_id, gzip=True)]
    plain = [base64.b64decode(body) for body in _read_all(app, trace_id, gzip=False)]
    assert b"".join(squeezed).count(b'"spanId"') == b"".join(plain).count(b'"spanId"') == SPANS

    read, paged, straight, own, peer = cpu_seconds(
        lambda: _read_all(app, trace_id, gzip=True),
        lambda: _read_all(app, trace_id, gzip=False),
        lambda: straight_walk(packed),
        lambda: own_walk(packed),
        lambda: by_json_format(packed),
        rounds=5,
    )
    least = min(straight, own)
    cpu = f"{read * 1e3:.0f} ms in {len(squeezed)} page against {least * 1e3:.0f} ms"
    return [
        Row(
            measure="read 10,000 spans as OTLP JSON, gzipped, over the floor",
            measured=read / least,
            unit="times",
            limit=3,
            note=f"{cpu}; json_format takes {peer / least:.1f} times the floor",
        ),
        Row(
            measure="the same in plain pages",
            measured=paged / least,
            unit="times",
            note=f"{paged * 1e3:.0f} ms in {len(plain)} pages",
        ),
    ]


def _parsed(packed: Sequence[bytes]) -> TracesData:
    message = TracesData()
    for each in packed:
        message.MergeFromString(zstandard.decompress(each))
    return message


def _read_all(app: Any, trace_id: str, *, gzip: bool) -> list[str]:
    """The bodies of every page of the trace, by their cursors, in base64 as they go to the gateway."""
    event, bodies = handler.get("/v1/traces/{trace_id}", trace_id, gzip=gzip), []
    with redirect_stdout(StringIO()):
        while True:
            answer = handler.invoke(app, event)
            bodies.append(answer["body"])
            cursor = answer["headers"].get("x-spanfold-cursor")
            if cursor is None:
                return bodies
            event = {**event, "multiValueQueryStringParameters": {"cursor": [cursor]}}


def _resource_spans(message: ResourceSpans) -> dict[str, Any]:
    return {
        "resource": {"attributes": _attributes(message.resource.attributes)},
        "scopeSpans": [_scope_spans(each) for each in message.scope_spans],
        "schemaUrl": message.schema_url,
    }


def _scope_spans(message: ScopeSpans) -> dict[str, Any]:
    return {
        "scope": {"name": message.scope.name, "version": message.scope.version},
        "spans": [_span(each) for each in message.spans],
        "schemaUrl": message.schema_url,
    }


def _span(message: Span) -> dict[str, Any]:
    return {
        "traceId": message.trace_id.hex(),
        "spanId": message.span_id.hex(),
        "parentSpanId": message.parent_span_id.hex(),
        "flags": message.flags,
        "name": message.name,
        "kind": message.kind,
        "startTimeUnixNano": str(message.start_time_unix_nano),
        "endTimeUnixNano": str(message.end_time_unix_nano),
        "attributes": _attributes(message.attributes),
        "events": [
            {"timeUnixNano": str(each.time_unix_nano), "name": each.name, "attributes": _attributes(each.attributes)}
            for each in message.events
        ],
        "status": {"code": message.status.code, "message": message.status.message},
    }


def _attributes(pairs: Iterable[KeyValue]) -> list[dict[str, Any]]:
    return [{"key": pair.key, "value": _value(pair.value)} for pair in pairs]


def _value(value: AnyValue) -> dict[str, Any]:
    match value.WhichOneof("value"):
        case "string_value":
            return {"stringValue": value.string_value}
        case "int_value":
            return {"intValue": str(value.int_value)}
        case "bool_value":
            return {"boolValue": value.bool_value}
        case "double_value":
            return {"doubleValue": value.double_value}
        case "array_value":
            return {"arrayValue": {"values": [_value(each) for each in value.array_value.values]}}
    raise ValueError(f"the workloads hold no {value.WhichOneof('value')}")
