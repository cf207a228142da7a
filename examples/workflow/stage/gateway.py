"""API Gateway's part: the event of a REST API's Lambda proxy integration."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from examples.workflow.stage.template import ACCOUNT


def rest_event(method: str, path: str, headers: Mapping[str, str], body: str, stage: str) -> dict[str, Any]:
    """What a function is invoked with for a request to a resource without parameters."""
    request_id = str(uuid.uuid4())
    sent = {"Host": "shop.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7", **headers}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "shopapi",
            "domainName": "shop.example.com",
            "extendedRequestId": request_id.replace("-", "")[:16],
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": sent.get("User-Agent")},
            "path": f"/{stage}{path}",
            "protocol": "HTTP/1.1",
            "requestId": request_id,
            "requestTimeEpoch": time.time_ns() // 1_000_000,
            "resourceId": "orders",
            "resourcePath": path,
            "stage": stage,
        },
        "body": body,
        "isBase64Encoded": False,
    }
