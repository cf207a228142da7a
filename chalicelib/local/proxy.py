"""API Gateway's part: an HTTP request becomes a REST proxy event, a proxy answer becomes an HTTP answer; pure.

Follows the REST API's Lambda proxy integration with binary media types `*/*`: every body is base64, path parameters
and query come percent-decoded, repeated headers and query keys are in the multiValue maps and their last value in
the plain ones, absent maps are null. Limits are API Gateway's and Lambda's own, each answered as they do.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

MAX_REQUEST_BYTES = 10 * 1024 * 1024  # API Gateway, "payload size"
MAX_EVENT_BYTES = 6 * 1024 * 1024  # Lambda, synchronous invocation, each way
TIMEOUT_S = 29.0

STAGE = "api"  # what `chalice deploy` names it
ACCOUNT_ID = "000000000000"


class HttpRequest(NamedTuple):
    """What came over the wire. `raw_path` is not decoded; header names are as sent."""

    method: str
    raw_path: str
    raw_query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    client: str
    time_ns: int


class HttpAnswer(NamedTuple):
    """What goes over the wire."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Match(NamedTuple):
    """The resource that a path belongs to, and what its braces stand for."""

    resource: str
    params: dict[str, str]


def gateway_error(status: int, message: str, error_type: str | None = None) -> HttpAnswer:
    """An answer of API Gateway's own: `{"message": …}`, and the error's name where AWS gives one."""
    named = [("x-amzn-ErrorType", error_type)] if error_type else []
    body = json.dumps({"message": message}).encode()
    return HttpAnswer(status, [("Content-Type", "application/json"), *named], body)


TOO_LONG = gateway_error(413, "Request Too Long", "RequestTooLargeException")
NO_SUCH_RESOURCE = gateway_error(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
BAD_ANSWER = gateway_error(502, "Internal server error", "InternalServerErrorException")
TIMED_OUT = gateway_error(504, "Endpoint request timed out")


def find_match(resources: Iterable[str], raw_path: str) -> Match | None:
    """The resource for a path; where several fit, the one that says most of it literally.

    A slash at the end changes nothing, as on AWS: base URLs are often typed with one.
    """
    given = (raw_path.removesuffix("/") or raw_path).split("/")
    fits = [(resource, _braces(resource.split("/"), given)) for resource in resources]
    matches = [Match(resource, params) for resource, params in fits if params is not None]
    return min(matches, key=lambda match: len(match.params), default=None)


def proxy_event(request: HttpRequest, match: Match) -> dict[str, Any]:
    """The event that Lambda is invoked with."""
    headers = _multi((name.title(), value) for name, value in request.headers)
    query = _multi(parse_qsl(request.raw_query, keep_blank_values=True))
    path = unquote(request.raw_path)
    return {
        "resource": match.resource,
        "path": path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers or None,
        "queryStringParameters": _last(query),
        "multiValueQueryStringParameters": query or None,
        "pathParameters": match.params or None,
        "stageVariables": None,
        "requestContext": _request_context(request, match.resource, path, headers),
        "body": base64.b64encode(request.body).decode("ascii") if request.body else None,
        "isBase64Encoded": bool(request.body),
    }


def http_answer(proxied: Any) -> HttpAnswer:
    """The HTTP form of a proxy answer; 502 for whatever API Gateway would not understand."""
    if not isinstance(proxied, Mapping) or not isinstance(proxied.get("statusCode"), int):
        return BAD_ANSWER
    body = proxied.get("body") or ""
    try:
        content = base64.b64decode(body, validate=True) if proxied.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError, AttributeError):
        return BAD_ANSWER
    several = {name.lower(): values for name, values in (proxied.get("multiValueHeaders") or {}).items()}
    single = (proxied.get("headers") or {}).items()
    headers = [(name, str(value)) for name, value in single if name.lower() not in several]
    headers += [(name, str(value)) for name, values in several.items() for value in values]
    return HttpAnswer(proxied["statusCode"], headers, content)


def _braces(template: Sequence[str], given: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(given):
        return None
    params: dict[str, str] = {}
    for part, value in zip(template, given, strict=True):
        if part.startswith("{"):
            if not value:
                return None
            params[part.strip("{}")] = unquote(value)
        elif part != unquote(value):
            return None
    return params


def _request_context(
    request: HttpRequest, resource: str, path: str, headers: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    host = headers.get("Host", ["localhost"])[-1]
    return {
        "accountId": ACCOUNT_ID,
        "apiId": "local",
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "httpMethod": request.method,
        "identity": {"sourceIp": request.client, "userAgent": headers.get("User-Agent", [None])[-1]},
        "path": f"/{STAGE}{path}",
        "protocol": "HTTP/1.1",
        "requestId": str(uuid.uuid4()),
        "requestTimeEpoch": request.time_ns // 1_000_000,
        "resourceId": "local",
        "resourcePath": resource,
        "stage": STAGE,
    }


def _multi(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    together: dict[str, list[str]] = {}
    for name, value in pairs:
        together.setdefault(name, []).append(value)
    return together


def _last(several: Mapping[str, Sequence[str]]) -> dict[str, str] | None:
    return {name: values[-1] for name, values in several.items()} or None
