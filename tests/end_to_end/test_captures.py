"""What real clients sent, posted to the whole backend: whole, and cut short at every byte."""

import json as stdlib_json
from collections.abc import Iterator

import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from chalicelib.codecs.otlp import json
from tests.codecs.otlp.actors import told
from tests.end_to_end.backend import JSON, PROTOBUF, Backend, read_message, trace_ids
from tests.golden.record import Capture, captures
from tests.http_client import Reply

CAPTURES = list(captures())


def headers_of(capture: Capture) -> dict[str, str]:
    return {"Content-Type": capture.content_type, "Content-Encoding": capture.content_encoding}


def spans_with_surroundings(document: dict) -> Iterator[tuple[dict, dict, dict]]:
    """Every span of an OTLP JSON document, with what it says of its scope and its resource."""
    for resource_spans in document["resourceSpans"]:
        resource = {key: value for key, value in resource_spans.items() if key != "scopeSpans"}
        for scope_spans in resource_spans["scopeSpans"]:
            scope = {key: value for key, value in scope_spans.items() if key != "spans"}
            yield from ((span, scope, resource) for span in scope_spans["spans"])


def by_id(document: dict, trace_id: str) -> dict[str, tuple[dict, dict, dict]]:
    found = [each for each in spans_with_surroundings(document) if each[0]["traceId"] == trace_id]
    return {each[0]["spanId"]: each for each in found}


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_what_a_client_sent_is_read_back_field_by_field(backend: Backend, capture: Capture):
    expected = stdlib_json.loads(capture.expected_file.read_bytes())
    ids = {span["traceId"] for span, _, _ in spans_with_surroundings(expected)}

    reply = backend.ask("POST", "/v1/traces", headers_of(capture), capture.body)

    assert (reply.status, reply.body) == (200, b"{}" if capture.content_type == JSON else b"")
    assert ids
    for trace_id in ids:
        read = backend.get(f"/v1/traces/{trace_id}").json()
        assert by_id(read, trace_id) == by_id(expected, trace_id)
        assert sum(1 for _ in spans_with_surroundings(read)) == len(by_id(expected, trace_id))


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_what_a_client_sent_is_read_back_in_protobuf_too(backend: Backend, capture: Capture):
    expected = json.decode(capture.expected_file.read_bytes(), 32).message
    backend.ask("POST", "/v1/traces", headers_of(capture), capture.body)
    read = [read_message(backend.get(f"/v1/traces/{each}", Accept=PROTOBUF)) for each in trace_ids(expected)]
    assert told(*read) == told(expected)


def says_bad_request(reply: Reply, media: str) -> bool:
    """Whether the body is a google.rpc.Status with INVALID_ARGUMENT and a detail; told by Google's own classes."""
    if reply.headers["content-type"] != media:
        return False
    if media == JSON:
        said = reply.json()
        return said["code"] == 3 and said["details"][0]["fieldViolations"][0]["description"] == said["message"] != ""
    status, detail = Status.FromString(reply.body), BadRequest()
    return status.code == 3 and status.details[0].Unpack(detail) and detail.field_violations[0].description != ""


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_a_body_cut_short_at_any_byte_is_refused_in_the_dialect_and_leaves_nothing(backend: Backend, capture: Capture):
    for size in range(len(capture.body)):
        reply = backend.ask("POST", "/v1/traces", headers_of(capture), capture.body[:size])
        if reply.status == 200:
            assert (size, capture.content_type) == (0, PROTOBUF)  # no bytes are a request without spans
        else:
            assert reply.status == 400, size
            assert says_bad_request(reply, capture.content_type), size
    assert backend.telemetry.counts["spans_received"] == 0
