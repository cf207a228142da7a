"""Bodies that an exporter would post, and events that API Gateway would make of them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from chalicelib.local.lambda_runtime import LambdaContext

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def protobuf_post(*, span_count: int = 1, trace_id: str = TRACE_ID, name: str = "work", bad_ids: int = 0) -> bytes:
    """An export request with `span_count` good spans, and `bad_ids` whose trace id is too short."""
    message = TracesData()
    spans = message.resource_spans.add().scope_spans.add().spans
    for number in range(1, span_count + 1):
        spans.add(trace_id=bytes.fromhex(trace_id), span_id=number.to_bytes(8, "big"), name=name)
    for number in range(bad_ids):
        spans.add(trace_id=b"\x01", span_id=(1000 + number).to_bytes(8, "big"), name=name)
    return message.SerializeToString()


def json_post(*, trace_id: str = TRACE_ID, name: str = "work") -> bytes:
    span = {"traceId": trace_id, "spanId": "00f067aa0ba902b7", "name": name}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def event(
    method: str = "POST",
    resource: str = "/v1/traces",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    params: Mapping[str, str] | None = None,
    query: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """A REST proxy event as the API Gateway developer guide shows it, absent maps null."""
    return {
        "resource": resource,
        "path": resource.format(**params) if params else resource,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()} if headers else None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "multiValueQueryStringParameters": query,
        "pathParameters": params,
        "stageVariables": None,
        "requestContext": {"resourcePath": resource, "httpMethod": method, "requestId": "c6af9ac6", "stage": "api"},
        "body": base64.b64encode(body).decode() if body is not None else None,
        "isBase64Encoded": True,
    }


def call(app: Any, proxy_event: Any) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and decoded body of the app's answer; checks that Lambda could return it."""
    answer = app(proxy_event, LambdaContext())
    json.dumps(answer)
    assert answer["isBase64Encoded"] is True
    return answer["statusCode"], answer["headers"], base64.b64decode(answer["body"], validate=True)
