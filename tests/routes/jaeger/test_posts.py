"""What Jaeger's clients post, and what they hear."""

import gzip

import pytest

from chalicelib.codecs.jaeger import batch
from chalicelib.codecs.jaeger.span import Tag
from chalicelib.codecs.thrift.writer import write_binary, write_compact
from tests.clocks import NOON_NS
from tests.codecs.jaeger.strategies import as_tag
from tests.routes.jaeger.asking import deployment_of

PATH = "/jaeger/api/traces?format=jaeger.thrift"
THRIFT = {"Content-Type": "application/x-thrift"}
TRACE_ID, T_US = "48485a3953bb61246b221d5bc9e6496c", NOON_NS // 1000
TAGS = (
    Tag("span.kind", "server"),
    Tag("error", True),
    Tag("n", 1 << 60),
    Tag("f", 1.0),
    Tag("raw", b"ab"),
    Tag("n", "2"),
)
BATCH = {
    "process": {"service_name": "shop", "tags": [as_tag(Tag("hostname", "h"))]},
    "spans": [{
        "trace_id_low": int(TRACE_ID[16:], 16),
        "trace_id_high": int(TRACE_ID[:16], 16),
        "span_id": 11,
        "parent_span_id": 10,
        "operation_name": "GET /cart",
        "references": [{"ref_type": 1, "trace_id_low": 7, "trace_id_high": 0, "span_id": 8}],
        "flags": 3,
        "start_time": T_US,
        "duration": 1500,
        "tags": [as_tag(tag, every_field=True) for tag in TAGS],
        "logs": [{"timestamp": T_US + 5, "fields": [as_tag(Tag("event", "retry")), as_tag(Tag("times", 2))]}],
    }],
}  # fmt: skip
BODY = write_binary(batch.BATCH, BATCH)
SHOWN = {
    "traceID": TRACE_ID,
    "spanID": "000000000000000b",
    "flags": 3,
    "operationName": "GET /cart",
    "references": [
        {"refType": "CHILD_OF", "traceID": TRACE_ID, "spanID": "000000000000000a"},
        {"refType": "FOLLOWS_FROM", "traceID": "0000000000000007", "spanID": "0000000000000008"},
    ],
    "startTime": T_US,
    "duration": 1500,
    "tags": [
        {"key": "span.kind", "type": "string", "value": "server"},
        {"key": "error", "type": "bool", "value": True},
        {"key": "n", "type": "int64", "value": str(1 << 60)},
        {"key": "f", "type": "float64", "value": 1.0},
        {"key": "raw", "type": "binary", "value": "YWI="},
        {"key": "n", "type": "string", "value": "2"},
    ],
    "logs": [{
        "timestamp": T_US + 5,
        "fields": [
            {"key": "event", "type": "string", "value": "retry"},
            {"key": "times", "type": "int64", "value": 2},
        ],
    }],
    "processID": "p1",
    "warnings": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def asked():
    return deployment_of()


def read(client, trace_id=TRACE_ID):
    [trace] = client.get(f"/jaeger/api/traces/{trace_id}?raw=true").json()["data"]
    return trace


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, THRIFT),
        (BODY, {"Content-Type": "application/vnd.apache.thrift.binary; charset=utf-8"}),
        (write_compact(batch.BATCH, BATCH), THRIFT),
        (write_compact(batch.BATCH, BATCH), {"Content-Type": "application/vnd.apache.thrift.compact"}),
        (gzip.compress(BODY), THRIFT | {"Content-Encoding": "gzip"}),
        ([BODY[:50], BODY[50:]], THRIFT),
    ],
)
def test_a_batch_is_taken_and_comes_back_as_it_was_posted(client, body, headers):
    reply = client.post(PATH, body, headers)
    assert (reply.status, reply.body) == (202, b"")
    assert read(client) == {
        "traceID": TRACE_ID,
        "spans": [SHOWN],
        "processes": {"p1": {"serviceName": "shop", "tags": [{"key": "hostname", "type": "string", "value": "h"}]}},
        "warnings": None,
    }


def test_a_batch_without_spans_is_taken_too(client):
    assert client.post(PATH, write_binary(batch.BATCH, BATCH | {"spans": []}), THRIFT).status == 202


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (BODY, {}, "Cannot parse content type: mime: no media type"),
        (BODY, {"Content-Type": ";"}, "Cannot parse content type: mime: no media type"),
        (BODY, {"Content-Type": "a/b/c"}, "Cannot parse content type: mime: invalid media type"),
        (BODY, {"Content-Type": "application/json"}, "Unsupported content type: application/json"),
        (b"", THRIFT, "Unable to process request body: Thrift: "),
        (BODY[:-9], THRIFT, "Unable to process request body: Thrift: "),
        (b"{}", THRIFT, "Unable to process request body: Thrift: "),
        (gzip.compress(BODY)[:-9], THRIFT | {"Content-Encoding": "gzip"}, "Unable to process request body: the body"),
    ],
)
def test_what_cannot_be_read_is_400_in_a_line_of_text(asked, body, headers, said):
    reply = asked.ask("POST", PATH, headers, body)
    assert (reply.status, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert reply.body.decode().startswith(said)


def test_one_bad_span_fails_its_batch_and_nothing_of_it_is_kept(asked):
    bad = BATCH["spans"][0] | {"span_id": 0}
    body = write_binary(batch.BATCH, BATCH | {"spans": [*BATCH["spans"], bad]})
    reply = asked.ask("POST", PATH, THRIFT, body)
    assert (reply.status, reply.body) == (400, b"Unable to process request body: span 1: its span id is all zeros\n")
    assert asked.get(f"/jaeger/api/traces/{TRACE_ID}").status == 404


def test_a_trace_whose_spans_came_by_three_dialects_is_one_trace_in_all_of_them(client):
    otlp = (
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"000000000000000c","name":"work"}]}]}]}'
    )
    zipkin = b'[{"traceId":"%s","id":"000000000000000d","name":"pay","localEndpoint":{"serviceName":"bank"}}]'
    json = {"Content-Type": "application/json"}
    assert client.post("/v1/traces", otlp % TRACE_ID.encode(), json).status == 200
    assert client.post("/zipkin/api/v2/spans", zipkin % TRACE_ID.encode(), json).status == 202
    assert client.post(PATH, BODY, THRIFT).status == 202
    ids = {"000000000000000b", "000000000000000c", "000000000000000d"}
    assert {span["spanID"] for span in read(client)["spans"]} == ids
    assert {span["id"] for span in client.get(f"/zipkin/api/v2/trace/{TRACE_ID}").json()} == ids
    found = client.get(f"/v1/traces/{TRACE_ID}").json()["resourceSpans"]
    assert {span["spanId"] for one in found for scope in one["scopeSpans"] for span in scope["spans"]} == ids
    services = {one["serviceName"] for one in read(client)["processes"].values()}
    assert services == {"shop", "bank", "OTLPResourceNoServiceName"}
