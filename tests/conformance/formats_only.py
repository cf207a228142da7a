"""The function, made of the formats alone: what a library on top of them must do at least."""

import base64
import json
import os
import urllib.request
from typing import Any

from chalicelib.propagation import composite
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers

TIMEOUT_S = 5.0


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Call whom the body names, each as a span of its own that follows the one which called us."""
    arrived = composite.extract(Headers.of(event["headers"], event["multiValueHeaders"]))
    trace_id = os.urandom(16).hex()
    for call in json.loads(base64.b64decode(event["body"] or "") or "[]"):
        headers = {"Content-Type": "application/json"}
        composite.inject(_next(arrived, trace_id), headers.__setitem__, baggage=arrived.baggage)
        post(call["url"], call["arguments"], headers)
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "null"}


def post(url: str, arguments: object, headers: dict[str, str]) -> None:
    """Raises what urllib does."""
    request = urllib.request.Request(url, json.dumps(arguments).encode(), headers)  # noqa: S310  # loopback
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        answer.read()


def _next(arrived: composite.Extracted, new_trace_id: str) -> TraceContext:
    parent = next((context for context in arrived.contexts if context.is_complete), None)
    span_id = os.urandom(8).hex()
    if parent is None:
        return TraceContext(new_trace_id, span_id, sampled=True, random=True)
    return TraceContext(
        parent.trace_id, span_id, sampled=parent.sampled, random=parent.random, trace_state=parent.trace_state
    )
