"""OTLP/HTTP as an exporter meets it: over HTTP, through the local runner."""

import dataclasses
import gzip
import zlib

import pytest

from chalicelib.codecs.otlp.responses import MediaType
from chalicelib.model.access import Scope
from chalicelib.model.errors import StoreError, StoreThrottled
from chalicelib.routes.otlp import join_reasons
from tests.recording import BrokenStore
from tests.routes.posts import JSON, PROTOBUF, TRACE_ID, json_post, protobuf_post

BOTH = pytest.mark.parametrize(
    ("headers", "body"), [(PROTOBUF, protobuf_post()), (JSON, json_post())], ids=["protobuf", "json"]
)


def says_status(reply, headers, code):
    """Whether the body is a google.rpc.Status with this code, in the request's type."""
    assert reply.headers["content-type"] == headers["Content-Type"]
    if headers is JSON:
        said = reply.json()
        return said["code"] == code and bool(said["message"])
    return reply.body.startswith(b"\x08" + bytes([code]) + b"\x12")


@BOTH
def test_a_taken_batch_is_200_with_nothing_more_to_say(client, headers, body):
    reply = client.post("/v1/traces", body, headers)
    assert reply.status == 200
    assert reply.headers["content-type"] == headers["Content-Type"]
    assert reply.body == (b"{}" if headers is JSON else b"")


def test_a_post_to_the_root_is_taken_too(client):
    """OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://host:8000 has no path, and the SDK posts to it as it is."""
    assert client.post("/", protobuf_post(), PROTOBUF).status == 200
    assert client.get(f"/v1/traces/{TRACE_ID}").status == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8 ;x=y"],
)
def test_parameters_and_case_of_the_type_do_not_matter(client, content_type):
    assert client.post("/v1/traces", json_post(), {"CONTENT-type": content_type}).status == 200


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
@BOTH
def test_a_packed_body_is_unpacked(client, headers, body, encoding, pack):
    assert client.post("/v1/traces", pack(body), {**headers, "Content-Encoding": encoding}).status == 200
    assert client.get(f"/v1/traces/{TRACE_ID}").status == 200


def test_gzip_is_known_by_its_first_bytes(client):
    """API Gateway may or may not have unpacked the body, and leaves the header as it was."""
    assert client.post("/v1/traces", gzip.compress(protobuf_post()), PROTOBUF).status == 200


@BOTH
def test_a_chunked_body_is_read_to_its_end(client, headers, body):
    """What the JavaScript exporters send."""
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    assert client.post("/v1/traces", iter(pieces), headers).status == 200
    assert client.get(f"/v1/traces/{TRACE_ID}").status == 200


@pytest.mark.parametrize("headers", [PROTOBUF, JSON], ids=["protobuf", "json"])
def test_an_unreadable_body_is_400(client, headers):
    reply = client.post("/v1/traces", b"\xff\xff\xff", headers)
    assert reply.status == 400
    assert says_status(reply, headers, 3)


def test_one_bad_span_is_rejected_alone_and_reported(client, telemetry):
    reply = client.post("/v1/traces", protobuf_post(span_count=3, bad_ids=2), PROTOBUF)
    assert reply.status == 200
    assert b"trace id" in reply.body
    counts = telemetry.counts
    assert (counts["spans_received"], counts["spans_stored"], counts["spans_rejected"]) == (5, 3, 2)
    assert telemetry.notes == [("spans were rejected", {"spans_rejected": 2, "spans_stored": 3})]


def test_what_was_received_is_counted(client, telemetry):
    body = protobuf_post(span_count=10)
    client.post("/v1/traces", body, PROTOBUF)
    assert telemetry.counts["bytes_received"] == len(body)
    assert telemetry.counts["spans_received"] == 10


@BOTH
def test_without_a_key_it_is_401(client_of, services, key_gate, headers, body):
    reply = client_of(dataclasses.replace(services, gate=key_gate)).post("/v1/traces", body, headers)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert says_status(reply, headers, 16)


@BOTH
def test_a_key_made_for_reading_does_not_write(client_of, services, key_gate, key_for, headers, body):
    locked = client_of(dataclasses.replace(services, gate=key_gate))
    reply = locked.post("/v1/traces", body, {**headers, "Authorization": f"Bearer {key_for(Scope.READ)}"})
    assert reply.status == 403
    assert says_status(reply, headers, 7)


def test_the_tenant_is_the_keys(client_of, services, key_gate, key_for):
    locked = client_of(dataclasses.replace(services, gate=key_gate))
    writes, reads = key_for(Scope.INGEST, tenant="acme"), key_for(Scope.READ, tenant="acme")
    other = key_for(Scope.READ, tenant="other")
    assert locked.post("/v1/traces", protobuf_post(), {**PROTOBUF, "x-api-key": writes}).status == 200
    assert locked.get(f"/v1/traces/{TRACE_ID}", {"X-API-Key": reads}).status == 200
    assert locked.get(f"/v1/traces/{TRACE_ID}", {"X-API-Key": other}).status == 404
    assert locked.get(f"/v1/traces/{TRACE_ID}", {"X-API-Key": other, "x-tenant": "acme"}).status == 404


@pytest.mark.parametrize("headers", [PROTOBUF, JSON], ids=["protobuf", "json"])
@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/logs"])
def test_other_signals_are_404_and_say_why(client, path, headers):
    reply = client.post(path, b"", headers)
    assert reply.status == 404
    assert says_status(reply, headers, 5)
    assert b"traces only" in reply.body


def test_another_method_is_405(client):
    reply = client.get("/v1/traces")
    assert (reply.status, reply.headers["allow"]) == (405, "POST, OPTIONS")
    assert reply.json()["code"] == 12


@pytest.mark.parametrize("headers", [PROTOBUF, JSON], ids=["protobuf", "json"])
def test_a_body_past_our_limit_is_413(client_of, services, headers):
    small = dataclasses.replace(services, settings=dataclasses.replace(services.settings, max_body_bytes=1_000))
    reply = client_of(small).post("/v1/traces", b" " * 1_001, headers)
    assert reply.status == 413
    assert says_status(reply, headers, 3)


@BOTH
def test_a_bomb_is_413(client_of, services, headers, body):
    limits = dataclasses.replace(services.settings, max_decompressed_bytes=100_000)
    bomb = gzip.compress(bytes(10_000_000))
    reply = client_of(dataclasses.replace(services, settings=limits)).post("/v1/traces", bomb, headers)
    assert reply.status == 413
    assert says_status(reply, headers, 3)


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {}, {"Content-Type": "application/protobuf-x"}])
def test_another_type_is_415_in_json_and_names_the_two(client, headers):
    reply = client.post("/v1/traces", json_post(), headers)
    assert reply.status == 415
    for media in MediaType:
        assert media.value in reply.json()["message"]


@BOTH
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(StoreThrottled("busy", retry_after_s=7), 429, 8), (StoreError("away", retry_after_s=2), 503, 14)],
)
def test_a_store_in_trouble_asks_to_try_again(client_of, services, headers, body, error, status, code):
    broken = client_of(dataclasses.replace(services, blocks=BrokenStore(error)))
    reply = broken.post("/v1/traces", body, headers)
    assert (reply.status, reply.headers["retry-after"]) == (status, str(error.retry_after_s))
    assert says_status(reply, headers, code)


def test_reasons_are_joined_once_each_and_not_all():
    assert join_reasons(["a"]) == "a"
    assert join_reasons(["a", "b", "a"]) == "a (2 times); b"
    assert join_reasons([str(number) for number in range(12)]).endswith("; and 2 more")
