"""Every row of the table in docs/dialects.md, asked; and one trace whose spans come by three dialects."""

import json
import re
from pathlib import Path

import pytest

from chalicelib.codecs.jaeger.batch import BATCH
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.codecs.thrift.writer import write_binary, write_compact
from chalicelib.codecs.zipkin.thrift_v1 import SPANS
from chalicelib.model.span import Resource, Span
from tests.clocks import NOON_NS
from tests.codecs.zipkin.test_readers import as_proto3, v2

PAGE = Path(__file__).parents[2] / "docs" / "dialects.md"
ROW = re.compile(r"^\| [^|]+ \| ([^|:]+): `(\w+) ([^`]+)` \| ([^|]+) \|$", re.MULTILINE)
ROWS = [
    pytest.param(method, path, media, id=f"{method} {path} {media}")
    for _, method, path, medias in ROW.findall(PAGE.read_text(encoding="utf-8"))
    for media in re.findall(r"`([^`]+)`", medias)
]
TRACE_ID, T_US = "48485a3953bb61246b221d5bc9e6496c", NOON_NS // 1000
HIGH, LOW = (int(half, 16) for half in (TRACE_ID[:16], TRACE_ID[16:]))

OTLP_SPAN = Span(
    trace_id=TRACE_ID, span_id="a" * 16, name="otlp", start_ns=NOON_NS, end_ns=NOON_NS + 9_000,
    resource=Resource(attributes={"service.name": "one"}),
)  # fmt: skip
ZIPKIN_SPAN = {
    "traceId": TRACE_ID, "id": "b" * 16, "parentId": "a" * 16, "name": "zipkin", "timestamp": T_US, "duration": 5,
    "localEndpoint": {"serviceName": "two"},
}  # fmt: skip
V1_SPAN = {"traceId": TRACE_ID, "id": "d" * 16, "name": "v1", "timestamp": T_US, "duration": 5}
JAEGER_BATCH = {
    "process": {"service_name": "three"},
    "spans": [{
        "trace_id_high": HIGH, "trace_id_low": LOW, "span_id": int("0c" * 8, 16), "parent_span_id": 0,
        "operation_name": "jaeger", "flags": 1, "start_time": T_US, "duration": 5,
    }],
}  # fmt: skip
BODIES = {
    ("/v1/traces", "application/x-protobuf"): from_spans([OTLP_SPAN]).SerializeToString(),
    ("/v1/traces", "application/json"): json.dumps({"resourceSpans": []}).encode(),
    ("/zipkin/api/v2/spans", "application/json"): json.dumps([ZIPKIN_SPAN]).encode(),
    ("/zipkin/api/v2/spans", "application/x-protobuf"): as_proto3(v2(**ZIPKIN_SPAN)),
    ("/zipkin/api/v1/spans", "application/json"): json.dumps([V1_SPAN]).encode(),
    ("/zipkin/api/v1/spans", "application/x-thrift"): write_binary(SPANS, [{"trace_id": LOW, "id": 1}]),
    ("/jaeger/api/traces", "application/x-thrift"): write_binary(BATCH, JAEGER_BATCH),
    ("/jaeger/api/traces", "application/vnd.apache.thrift.binary"): write_binary(BATCH, JAEGER_BATCH),
    ("/jaeger/api/traces", "application/vnd.apache.thrift.compact"): write_compact(BATCH, JAEGER_BATCH),
}
QUERIES = {
    "/jaeger/api/traces": "?service=one",
    "/jaeger/api/v3/trace-summaries": "?query.serviceName=one&query.startTimeMin=2026-01-01T00:00:00Z"
    "&query.startTimeMax=2026-01-02T00:00:00Z",
}


@pytest.mark.parametrize(("method", "path", "media"), ROWS)
def test_a_row_of_the_table_is_true(client, method, path, media):
    if method == "POST":
        assert client.post(path, BODIES[path, media], {"Content-Type": media}).status in {200, 202}
        return
    assert client.post("/v1/traces", BODIES["/v1/traces", "application/x-protobuf"], PROTOBUF).status == 200
    reply = client.get(path.replace("{trace_id}", TRACE_ID) + QUERIES.get(path, ""), {"Accept": media})
    assert (reply.status, reply.headers["content-type"]) == (200, media)


PROTOBUF = {"Content-Type": "application/x-protobuf"}


def test_every_post_has_its_rows():
    assert {(path, media) for method, path, media in (row.values for row in ROWS) if method == "POST"} == BODIES.keys()


def test_spans_that_came_by_three_dialects_are_one_trace_in_all_of_them(client):
    for path, media in (
        ("/v1/traces", "application/x-protobuf"),
        ("/zipkin/api/v2/spans", "application/json"),
        ("/jaeger/api/traces", "application/x-thrift"),
    ):
        assert client.post(path, BODIES[path, media], {"Content-Type": media}).status in {200, 202}
    found = client.get(f"/v1/traces/{TRACE_ID}").json()["resourceSpans"]
    names = {span["name"] for resource in found for scope in resource["scopeSpans"] for span in scope["spans"]}
    services = {
        attribute["value"]["stringValue"] for resource in found for attribute in resource["resource"]["attributes"]
    }
    zipkin = client.get(f"/zipkin/api/v2/trace/{TRACE_ID}").json()
    (jaeger,) = client.get(f"/jaeger/api/traces/{TRACE_ID}").json()["data"]
    assert (names, services) == ({"otlp", "zipkin", "jaeger"}, {"one", "two", "three"})
    assert {(span["name"], span["localEndpoint"]["serviceName"]) for span in zipkin} == {
        ("otlp", "one"), ("zipkin", "two"), ("jaeger", "three"),
    }  # fmt: skip
    processes = {name: process["serviceName"] for name, process in jaeger["processes"].items()}
    assert {(span["operationName"], processes[span["processID"]]) for span in jaeger["spans"]} == {
        ("otlp", "one"), ("zipkin", "two"), ("jaeger", "three"),
    }  # fmt: skip
