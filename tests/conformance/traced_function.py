"""The function as its author would write it: `traced`, `instrument`, and a client that knows nothing of tracing."""

import base64
import json
from typing import Any

from chalicelib.tracing import instrument, traced
from tests.conformance.formats_only import post

JSON = {"Content-Type": "application/json"}


def handler(event: dict[str, Any], context: Any) -> Any:
    """Call whom the body names."""
    instrument("http.client")
    return _answer(event, context)


@traced
def _answer(event: dict[str, Any], _context: object) -> dict[str, Any]:
    for call in json.loads(base64.b64decode(event["body"] or "") or "[]"):
        post(call["url"], call["arguments"], JSON)
    return {"statusCode": 200, "headers": JSON, "body": "null"}
