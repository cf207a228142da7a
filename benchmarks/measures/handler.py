"""The deployed function as Lambda runs it: app.py's `app`, called with REST proxy events, over canned DynamoDB."""

import base64
from hashlib import sha256
from typing import Any

from benchmarks.measures.canned import Answer, answer_with, item_json, written

TENANT = "default"
KEY_ID, SECRET = "B" * 13, "B" * 43
TOKEN = f"sfk_{KEY_ID}_{SECRET}"


class Context:
    """What Lambda tells a handler."""

    aws_request_id = "8f5e0c1e-6c0a-4a52-9b1e-5d1f6f1d3a55"
    function_name = "spanfold-dev"
    memory_limit_in_mb = "512"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:spanfold-dev"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Always plenty."""
        return 29_000


def post(
    body: bytes, media_type: str = "application/x-protobuf", encoding: str | None = None, path: str = "/v1/traces"
) -> dict[str, Any]:
    """The event of a POST to `path`."""
    headers = {"content-type": media_type, "user-agent": "OTel-OTLP-Exporter-Python/1.45.2", "x-api-key": TOKEN}
    if encoding is not None:
        headers["content-encoding"] = encoding
    return _event("POST", path, headers, base64.b64encode(body).decode(), {})


def get(path: str, trace_id: str, accept: str = "application/json", *, gzip: bool = False) -> dict[str, Any]:
    """The event of a GET on `path`, which names the trace as {trace_id}."""
    headers = {"accept": accept, "x-api-key": TOKEN} | ({"accept-encoding": "gzip"} if gzip else {})
    return _event("GET", path, headers, None, {"trace_id": trace_id})


def invoke(app: Any, event: dict[str, Any]) -> dict[str, Any]:
    """The proxy answer. Raises AssertionError for a refusal: a benchmark of those would be very fast."""
    answer: dict[str, Any] = app(event, Context())
    assert answer["statusCode"] in (200, 202), answer
    return answer


def import_app(answer: Answer) -> Any:
    """app.py's `app`; its DynamoDB knows one key for everything, no sampling, and answers all else by `answer`."""

    def with_key(operation: str, body: bytes) -> bytes:
        if operation != "GetItem":
            return answer(operation, body)
        return KEY_ANSWER if KEY_ID.encode() in body else b"{}"

    answer_with(with_key)
    from app import app  # noqa: PLC0415  # importing it is part of what is measured

    return app


def import_app_for_writing() -> Any:
    """`import_app` whose DynamoDB takes every write."""
    return import_app(written)


def _event(
    method: str, path: str, headers: dict[str, str], body: str | None, path_params: dict[str, str]
) -> dict[str, Any]:
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path_params or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": body,
        "isBase64Encoded": body is not None,
    }


def _key_answer() -> bytes:
    import json  # noqa: PLC0415

    item = {
        "pk": {"S": f"key#{KEY_ID}"},
        "sk": {"S": "key"},
        "secret_sha256": {"B": sha256(SECRET.encode()).digest()},
        "tenant": {"S": TENANT},
        "scopes": {"SS": ["ingest", "read"]},
    }
    return json.dumps({"Item": item_json(item)}).encode()


KEY_ANSWER = _key_answer()
