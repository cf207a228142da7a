"""What the clients' own libraries read in our hand-made bodies."""

import json

import pytest
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from chalicelib.codecs.otlp.responses import MediaType, media_type, partial_success, status, success
from chalicelib.model.errors import UnknownMediaType

PROTOBUF, JSON = MediaType


@pytest.mark.parametrize(
    ("header", "media"),
    [
        ("application/x-protobuf", PROTOBUF),
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        (" application/X-Protobuf ;a=b", PROTOBUF),
    ],
)
def test_case_and_parameters_of_a_content_type_do_not_matter(header, media):
    assert media_type(header) is media


@pytest.mark.parametrize(
    "header", [None, "", "text/plain", "application/protobuf+x", "application/json, application/x-protobuf"]
)
def test_another_content_type_is_refused_with_the_names_of_the_two(header):
    with pytest.raises(UnknownMediaType, match="not one of application/x-protobuf, application/json") as raised:
        media_type(header)
    assert raised.value.status == 415


def test_success_is_an_empty_message():
    assert (success(PROTOBUF), success(JSON)) == (b"", b"{}")


@pytest.mark.parametrize(("rejected", "message"), [(2, "why"), (2**40, "é" * 200), (0, "a warning"), (3, "")])
def test_partial_success_says_how_many_and_why(rejected, message):
    answer = ExportTraceServiceResponse.FromString(partial_success(PROTOBUF, rejected, message))
    assert (answer.partial_success.rejected_spans, answer.partial_success.error_message) == (rejected, message)
    partial = json.loads(partial_success(JSON, rejected, message))["partialSuccess"]
    assert (int(partial.get("rejectedSpans", "0")), partial["errorMessage"]) == (rejected, message)


@pytest.mark.parametrize("media", MediaType)
def test_partial_success_about_nothing_is_success(media):
    assert partial_success(media, 0, "") == success(media)


def test_a_long_message_is_cut_between_characters():
    answer = ExportTraceServiceResponse.FromString(partial_success(PROTOBUF, 1, "é" * 5000))
    in_json = json.loads(partial_success(JSON, 1, "é" * 5000))["partialSuccess"]["errorMessage"]
    assert answer.partial_success.error_message == in_json == "é" * 1022 + "…"


@pytest.mark.parametrize(
    ("http_status", "code"),
    [(400, 3), (401, 16), (403, 7), (404, 5), (405, 12), (413, 3), (415, 3), (429, 8), (500, 13), (503, 14), (418, 2)],
)
def test_a_failure_is_a_google_rpc_status(http_status, code):
    read = status_pb2.Status.FromString(status(PROTOBUF, http_status, "what happened"))
    assert (read.code, read.message) == (code, "what happened")
    body = json.loads(status(JSON, http_status, "what happened"))
    assert (body["code"], body["message"]) == (code, "what happened")
    assert len(read.details) == len(body.get("details", [])) == (1 if http_status == 400 else 0)


def test_a_bad_request_carries_its_detail():
    [detail] = status_pb2.Status.FromString(status(PROTOBUF, 400, "not JSON")).details
    bad_request = error_details_pb2.BadRequest()
    assert detail.Unpack(bad_request)
    assert [violation.description for violation in bad_request.field_violations] == ["not JSON"]
    [in_json] = json.loads(status(JSON, 400, "not JSON"))["details"]
    assert in_json == {"@type": detail.type_url, "fieldViolations": [{"description": "not JSON"}]}


def test_a_status_without_a_message_is_still_a_status():
    assert status_pb2.Status.FromString(status(PROTOBUF, 400, "")).code == 3


def test_a_message_with_half_a_surrogate_pair_can_be_sent():
    assert json.loads(status(JSON, 404, "no trace \ud800"))["message"] == "no trace ?"
