"""What Zipkin's clients post, and what they hear."""

import gzip
import json

import pytest

from chalicelib.codecs.thrift.writer import write_binary
from chalicelib.codecs.zipkin.thrift_v1 import SPANS
from tests.codecs.zipkin.test_readers import as_proto3, v2

JSON = {"Content-Type": "application/json"}
TRACE_ID, T_US = "48485a3953bb61246b221d5bc9e6496c", 1_767_268_800_000_000
SPAN = {
    "traceId": TRACE_ID,
    "parentId": "000000000000000a",
    "id": "000000000000000b",
    "kind": "SERVER",
    "name": "get /cart",
    "timestamp": T_US,
    "duration": 1500,
    "localEndpoint": {"serviceName": "shop", "ipv4": "10.0.0.1", "port": 80},
    "remoteEndpoint": {"serviceName": "web"},
    "annotations": [{"timestamp": T_US + 5, "value": "retry"}],
    "tags": {"error": "timeout", "http.path": "/cart"},
    "debug": True,
    "shared": True,
}


def read(client, trace_id=TRACE_ID):
    return client.get(f"/zipkin/api/v2/trace/{trace_id}").json()


def test_a_span_comes_back_as_it_was_posted(client):
    reply = client.post("/zipkin/api/v2/spans", json.dumps([SPAN]).encode(), JSON)
    assert (reply.status, reply.body) == (202, b"")
    assert read(client) == [SPAN]


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=utf-8"}]
)
def test_json_is_taken_whatever_it_is_called(client, headers):
    assert client.post("/zipkin/api/v2/spans", json.dumps([SPAN]).encode(), headers).status == 202
    assert read(client) == [SPAN]


def test_a_body_may_be_gzipped_and_chunked(client):
    body = gzip.compress(json.dumps([SPAN]).encode())
    chunks = [body[:20], body[20:]]
    assert client.post("/zipkin/api/v2/spans", chunks, JSON | {"Content-Encoding": "gzip"}).status == 202
    assert read(client) == [SPAN]


def test_protobuf_is_taken(client):
    span = v2(**SPAN)
    assert (
        client.post("/zipkin/api/v2/spans", as_proto3(span), {"Content-Type": "application/x-protobuf"}).status == 202
    )
    assert read(client) == [SPAN]


def test_version_1_is_taken_in_json_and_thrift(client):
    v1 = {"traceId": "1", "id": "2", "name": "get", "annotations": [
        {"timestamp": T_US, "value": "cs", "endpoint": {"serviceName": "web"}},
        {"timestamp": T_US + 9, "value": "cr", "endpoint": {"serviceName": "web"}}]}  # fmt: skip
    assert client.post("/zipkin/api/v1/spans", json.dumps([v1]).encode(), JSON).status == 202
    body = write_binary(SPANS, [{"trace_id": 1, "id": 3, "parent_id": 2, "name": "get"}])
    assert client.post("/zipkin/api/v1/spans", body, {"Content-Type": "application/x-thrift"}).status == 202
    assert read(client, "1") == [
        {"traceId": "1".zfill(16), "parentId": "2".zfill(16), "id": "3".zfill(16), "name": "get"},
        {"traceId": "1".zfill(16), "id": "2".zfill(16), "kind": "CLIENT", "name": "get", "timestamp": T_US,
         "duration": 9, "localEndpoint": {"serviceName": "web"}},
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/zipkin/api/v2/spans", "/zipkin/api/v1/spans"])
@pytest.mark.parametrize("body", [b"", b"[]"])
def test_nothing_is_taken_too(client, path, body):
    assert client.post(path, body, JSON).status == 202


@pytest.mark.parametrize(
    ("path", "body", "headers", "said"),
    [
        ("v2", b'[{"traceId":"A","id":"b"}]', {}, "traceId 'A' should be lower-hex encoded with no prefix at $[0]"),
        ("v2", b"{}", {}, "Expected a JSON_V2 encoded list"),
        ("v2", b'[{"binaryAnnotations":[]}]', {}, "but received: JSON_V1"),
        ("v1", b'[{"tags":{}}]', {}, "but received: JSON_V2"),
        ("v2", b"no gzip", {"Content-Encoding": "gzip"}, "Expected a JSON_V2 encoded list"),
        ("v2", gzip.compress(b"[]" * 99, mtime=0)[:-9], {"Content-Encoding": "gzip"}, "Cannot gunzip spans"),
        ("v2", b"\xff", {"Content-Type": "application/x-protobuf"}, "Cannot read PROTO3 spans"),
        ("v1", b"\x0c\0\0", {"Content-Type": "application/x-thrift"}, "Thrift: "),
    ],
)
def test_what_cannot_be_read_is_400_in_a_line_of_text_and_nothing_of_it_is_kept(client, path, body, headers, said):
    reply = client.post(f"/zipkin/api/{path}/spans", body, headers)
    assert (reply.status, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert said in reply.body.decode()


def test_one_bad_span_fails_its_batch(client):
    body = json.dumps([SPAN, {"traceId": TRACE_ID, "id": ""}]).encode()
    assert client.post("/zipkin/api/v2/spans", body, JSON).status == 400
    assert client.get(f"/zipkin/api/v2/trace/{TRACE_ID}").status == 404


def test_a_span_by_zipkin_and_one_by_otlp_are_one_trace_in_both(client):
    body = json.dumps(
        {
            "resourceSpans": [
                {
                    "scopeSpans": [
                        {
                            "spans": [
                                {
                                    "traceId": TRACE_ID,
                                    "spanId": "000000000000000c",
                                    "name": "Work",
                                    "startTimeUnixNano": str(T_US * 1000),
                                }
                            ]
                        }
                    ]
                }
            ]
        }
    )
    assert client.post("/v1/traces", body.encode(), JSON).status == 200
    assert client.post("/zipkin/api/v2/spans", json.dumps([SPAN]).encode(), JSON).status == 202
    assert {span["id"][-1]: span.get("name") for span in read(client)} == {"b": "get /cart", "c": "work"}
    found = client.get(f"/v1/traces/{TRACE_ID}").json()["resourceSpans"]
    names = {span["name"] for one in found for scope in one["scopeSpans"] for span in scope["spans"]}
    assert names == {"get /cart", "Work"}
