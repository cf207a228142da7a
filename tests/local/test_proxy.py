"""API Gateway's half of the bargain: the events it makes, and what it understands in return."""

import base64

import pytest

from chalicelib.local.proxy import BAD_ANSWER, HttpRequest, Match, find_match, http_answer, proxy_event

RESOURCES = ("/", "/v1/traces", "/v1/traces/{trace_id}", "/v1/traces/{trace_id}/assembly", "/v1/traces/recent")


@pytest.mark.parametrize(
    ("path", "resource", "params"),
    [
        ("/", "/", {}),
        ("/v1/traces", "/v1/traces", {}),
        ("/v1/traces/", "/v1/traces", {}),
        ("/v1/traces/abc/", "/v1/traces/{trace_id}", {"trace_id": "abc"}),
        ("/v1/traces/abc", "/v1/traces/{trace_id}", {"trace_id": "abc"}),
        ("/v1/traces/recent", "/v1/traces/recent", {}),
        ("/v1/traces/a%2Fb%20c", "/v1/traces/{trace_id}", {"trace_id": "a/b c"}),
        ("/v1/traces/abc/assembly", "/v1/traces/{trace_id}/assembly", {"trace_id": "abc"}),
    ],
)
def test_a_path_finds_its_resource_and_its_parameters_are_decoded(path, resource, params):
    assert find_match(RESOURCES, path) == Match(resource, params)


@pytest.mark.parametrize("path", ["/v1", "/v1/traces//", "/v2/traces", "/v1/traces/a/b", "//v1/traces", "", "*"])
def test_a_path_of_no_resource_finds_nothing(path):
    assert find_match(RESOURCES, path) is None


def an_event(**parts):
    given = {
        "method": "POST",
        "raw_path": "/v1/traces/a%20b",
        "raw_query": "",
        "headers": [],
        "body": b"",
        "client": "127.0.0.1",
        "time_ns": 1_700_000_000_000_000_000,
    }
    return proxy_event(HttpRequest(**(given | parts)), Match("/v1/traces/{trace_id}", {"trace_id": "a b"}))


def test_an_event_names_its_resource_and_its_path():
    event = an_event()
    assert event["resource"] == event["requestContext"]["resourcePath"] == "/v1/traces/{trace_id}"
    assert event["path"] == "/v1/traces/a b"
    assert event["requestContext"]["path"] == "/api/v1/traces/a b"
    assert event["httpMethod"] == event["requestContext"]["httpMethod"] == "POST"
    assert event["pathParameters"] == {"trace_id": "a b"}
    assert event["requestContext"]["requestId"]


def test_every_body_is_base64():
    event = an_event(body=b"\x00\xff")
    assert base64.b64decode(event["body"]) == b"\x00\xff"
    assert event["isBase64Encoded"] is True


def test_what_is_absent_is_null():
    event = an_event()
    for name in ("body", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"):
        assert event[name] is None


def test_repeated_headers_and_query_keys_keep_every_value_and_the_last():
    event = an_event(headers=[("accept", "a/b"), ("Accept", "c/d")], raw_query="tag=a%26b&tag=c+d&empty=")
    assert event["multiValueHeaders"] == {"Accept": ["a/b", "c/d"]}
    assert event["headers"] == {"Accept": "c/d"}
    assert event["multiValueQueryStringParameters"] == {"tag": ["a&b", "c d"], "empty": [""]}
    assert event["queryStringParameters"] == {"tag": "c d", "empty": ""}


def test_an_answer_is_decoded_and_its_headers_joined():
    answer = http_answer(
        {
            "statusCode": 200,
            "headers": {"content-type": "a/b", "Link": "one"},
            "multiValueHeaders": {"link": ["one", "two"]},
            "body": "AP8=",
            "isBase64Encoded": True,
        }
    )
    assert answer.body == b"\x00\xff"
    assert answer.headers == [("content-type", "a/b"), ("link", "one"), ("link", "two")]


@pytest.mark.parametrize(
    "misshapen",
    [
        None,
        "ok",
        {},
        {"statusCode": "200"},
        {"statusCode": 200, "body": "@@", "isBase64Encoded": True},
        {"statusCode": 200, "body": {"a": 1}},
    ],
)
def test_an_answer_that_api_gateway_would_not_understand_is_502(misshapen):
    assert http_answer(misshapen) is BAD_ANSWER
