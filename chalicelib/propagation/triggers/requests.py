"""Requests: API Gateway's three kinds, function URLs, load balancers, VPC Lattice, AppSync, CloudFront, authorizers.

Shapes: Lambda developer guide, "Using AWS Lambda with …" of each, API Gateway developer guide (payload formats 1.0 and
2.0, WebSocket, authorizers), read November 2026. Attributes: OpenTelemetry semantic conventions 1.44, HTTP server spans
and "Instrumenting AWS Lambda", whose span name is the route alone.

REST APIs and load balancers repeat headers in multiValueHeaders; HTTP APIs and function URLs join them by commas. A
gateway's own span starts when the event says the request came, and ends with the handler, since the gateway waits for
it; but an asynchronous integration (X-Amz-Invocation-Type: Event) does not wait.
"""

from .. import datadog
from ..headers import Headers
from . import arns, carriers, envelopes, times
from .budget import MAX_WIDTH, Budget
from .trigger import AT_END, AT_START, Inferred, Trigger
from .untrusted import at, integer, join, listed, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..composite import Extracted
    from .invoked import Invoked

    Json = dict[str, object]

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"))
MAX_QUERY_CHARS = 4096
# Semantic conventions, url.query: values that must not be recorded. The X-Amz ones sign requests of S3 and IoT.
SECRET_PARAMETERS = frozenset((
    "awsaccesskeyid", "signature", "sig", "x-goog-signature", "x-amz-signature", "x-amz-credential",
    "x-amz-security-token",
))  # fmt: skip
OPERATIONS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}


def rest(event: "Json", _invoked: "Invoked") -> Trigger:
    """API Gateway REST API, and HTTP API with payload format 1.0."""
    context = mapping(event.get("requestContext"))
    headers = Headers.of(event.get("headers"), event.get("multiValueHeaders"))
    attributes = {
        **_of_headers(headers),
        **_method(event.get("httpMethod")),
        "http.route": text(event.get("resource")),
        "url.path": text(event.get("path")),
        "url.query": _query(event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")),
        **_caller(mapping(context.get("identity")), context.get("protocol")),
        "server.address": text(context.get("domainName")) or (headers.only("host") or ""),
    }
    start_ns = times.of_ms(context.get("requestTimeEpoch"))
    return _request("api-gateway-rest", attributes, _with_authorizer(headers, context), headers, context, start_ns)


def http(event: "Json", _invoked: "Invoked") -> Trigger:
    """API Gateway HTTP API with payload format 2.0."""
    return _of_format_2("api-gateway-http", event)


def function_url(event: "Json", _invoked: "Invoked") -> Trigger:
    """A function's own URL: format 2.0 without routes."""
    return _of_format_2("function-url", event)


def _of_format_2(kind: str, event: "Json") -> Trigger:
    context = mapping(event.get("requestContext"))
    asked = mapping(context.get("http"))
    headers = Headers.of(event.get("headers"))
    attributes = {
        **_of_headers(headers),
        **_method(asked.get("method")),
        "http.route": _route(event.get("routeKey")),
        "url.path": text(event.get("rawPath")) or text(asked.get("path")),
        "url.query": _redacted(text(event.get("rawQueryString"))),
        **_caller(asked, asked.get("protocol")),
        "server.address": text(context.get("domainName")),
    }
    start_ns = times.of_ms(context.get("timeEpoch"))
    return _request(kind, attributes, _with_authorizer(headers, context), headers, context, start_ns)


def websocket(event: "Json", _invoked: "Invoked") -> Trigger:
    """API Gateway WebSocket API. Only $connect has headers; a message may have a context in its JSON body."""
    context = mapping(event.get("requestContext"))
    headers = Headers.of(event.get("headers"), event.get("multiValueHeaders"))
    body = envelopes.open_body(event.get("body"), 0, Budget())
    attributes = {
        **_of_headers(headers),
        **_caller(mapping(context.get("identity")), None),
        "server.address": text(context.get("domainName")),
        "spanfold.websocket.event": text(context.get("eventType")),
    }
    start_ns = times.of_ms(context.get("requestTimeEpoch"))
    extracted = carriers.merged((_with_authorizer(headers, context), body.extracted))
    trigger = _request("api-gateway-websocket", attributes, extracted, headers, context, start_ns)
    trigger.name = text(context.get("routeKey"))
    trigger.joins += join("websocket", context.get("connectionId"))
    return trigger


def load_balancer(event: "Json", _invoked: "Invoked") -> Trigger:
    """An application load balancer's target group. It says neither when the request came nor from which route."""
    headers = Headers.of(event.get("headers"), event.get("multiValueHeaders"))
    attributes = {
        **_of_headers(headers),
        **_method(event.get("httpMethod")),
        "url.path": text(event.get("path")),
        "url.query": _query(event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")),
        "client.address": (headers.only("x-forwarded-for") or "").split(",")[0].strip(),
        "server.address": headers.only("host") or "",
    }
    trigger = _request("load-balancer", attributes, carriers.extract(headers), headers, {}, 0)
    trigger.source = arns.name(at(event, "requestContext", "elb", "targetGroupArn"))
    return trigger


def lattice(event: "Json", _invoked: "Invoked") -> Trigger:
    """A VPC Lattice service, event version 2.0, whose headers are lists."""
    context = mapping(event.get("requestContext"))
    headers = Headers.of(None, event.get("headers"))
    attributes = {
        **_of_headers(headers),
        **_method(event.get("method")),
        "url.path": text(event.get("path")),
        "server.address": headers.only("host") or "",
    }
    start_ns = _microseconds(context.get("timeEpoch"))
    return _request("vpc-lattice", attributes, carriers.extract(headers), headers, {}, start_ns)


def authorizer(event: "Json", _invoked: "Invoked") -> Trigger:
    """A Lambda authorizer of either version. The gateway's span is the authorized function's to make."""
    context = mapping(event.get("requestContext"))
    headers = Headers.of(event.get("headers"), event.get("multiValueHeaders"))
    asked = mapping(context.get("http"))
    attributes = {
        **_of_headers(headers),
        **_method(event.get("httpMethod") or asked.get("method")),
        "http.route": text(event.get("resource")) or _route(event.get("routeKey")),
        "url.path": text(event.get("path")) or text(event.get("rawPath")),
        "server.address": text(context.get("domainName")),
    }
    extracted = carriers.extract(headers)
    return Trigger(
        "authorizer",
        "http",
        attributes=present(attributes),
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("api-gateway", context.get("requestId")) + carriers.xray_joins(extracted),
    )


def appsync(event: "Json", _invoked: "Invoked") -> Trigger:
    """A direct resolver of AppSync."""
    return _resolver("appsync", event, [event])


def appsync_batch(events: "list[object]", _invoked: "Invoked") -> Trigger:
    """A batching resolver: one field of many objects, as a rule of one GraphQL request."""
    return _resolver("appsync-batch", mapping(events[0]), events[:MAX_WIDTH])


def _resolver(kind: str, first: "Json", events: "list[object]") -> Trigger:
    parent, field = text_at(first, "info", "parentTypeName"), text_at(first, "info", "fieldName")
    headers = [at(event, "request", "headers") for event in events]
    extracted = carriers.merged(carriers.of_headers(held) for held in headers)
    attributes = {
        **_of_headers(Headers.of(headers[0])),
        "graphql.operation.type": OPERATIONS.get(parent, ""),
        "spanfold.graphql.field": f"{parent}.{field}" if field else "",
    }
    return Trigger(
        kind,
        "http",
        name=f"{parent}.{field}" if field else "",
        attributes=present(attributes),
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=carriers.xray_joins(extracted),
    )


def cloudfront(records: "list[object]", _event: "Json") -> Trigger:
    """Lambda@Edge, before or after the cache. Its headers are lists of {key, value} by lower-case name."""
    held = mapping(at(records[0], "cf")) if records else {}
    request = mapping(held.get("request"))
    headers = Headers(
        (name, text_at(each, "value"))
        for name, values in mapping(request.get("headers")).items()
        for each in listed(values)[:MAX_WIDTH]
    )
    attributes = {
        **_of_headers(headers),
        **_method(request.get("method")),
        "url.path": text(request.get("uri")),
        "url.query": _redacted(text(request.get("querystring"))),
        "client.address": text(request.get("clientIp")),
        "server.address": headers.only("host") or "",
        "spanfold.cloudfront.event": text_at(held, "config", "eventType"),
    }
    trigger = _request("cloudfront", attributes, carriers.extract(headers), headers, {}, 0)
    trigger.source = text_at(held, "config", "distributionId")
    trigger.joins += join("cloudfront", at(held, "config", "requestId"))
    return trigger


def _request(
    kind: str, attributes: "dict[str, str]", extracted: "Extracted", headers: Headers, context: "Json", start_ns: int
) -> Trigger:
    known = present(attributes)
    route = attributes.get("http.route", "")
    end_ns = AT_START if headers.only("x-amz-invocation-type") == "Event" else AT_END
    name = f"{attributes.get('http.request.method', '')} {route}".strip() or kind
    gateway = Inferred(name, envelopes.SERVER, start_ns, end_ns, {envelopes.INFERRED: kind, **known})
    return Trigger(
        kind,
        "http",
        name=route,
        attributes=known,
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("api-gateway", context.get("requestId")) + carriers.xray_joins(extracted),
        inferred=(gateway,) if start_ns else (),
    )


def _with_authorizer(headers: Headers, context: "Json") -> "Extracted":
    """What the headers say, and where they say nothing what the authorizer of this very request handed on.

    Its answers are cached: one that was not made for this request tells of another trace. API Gateway gives a latency
    where it asked the authorizer; elsewhere the authorizer has to have put the request's id beside its context.
    """
    extracted = carriers.extract(headers)
    handed = mapping(context.get("authorizer"))
    if not handed or (extracted.contexts and extracted.contexts[0].is_complete):
        return extracted
    handed = mapping(handed.get("lambda")) or handed
    carried = datadog.headers_of(handed.get("_datadog")) if "_datadog" in handed else datadog.headers_of(handed)
    latency = at(context, "authorizer", "integrationLatency")
    asked = carried.only("x-datadog-authorizing-requestid") or carried.only("requestid")
    was_asked = isinstance(latency, (int, float)) and latency > 0
    if not was_asked and not (asked and asked == context.get("requestId")):
        return extracted
    return carriers.merged((extracted, carriers.extract(carried)))


def _of_headers(headers: Headers) -> "dict[str, str]":
    return {
        "url.scheme": (headers.only("x-forwarded-proto") or "").lower()[:16],
        "user_agent.original": headers.only("user-agent") or "",
    }


def _method(method: object) -> "dict[str, str]":
    name = text(method)
    if name in METHODS or not name:
        return {"http.request.method": name}
    return {"http.request.method": "_OTHER", "http.request.method_original": name}


def _route(key: object) -> str:
    """The path of "GET /pets/{id}"; "" for $default."""
    return text(key).partition(" ")[2]


def _caller(identity: "Json", protocol: object) -> "dict[str, str]":
    return {
        "client.address": text(identity.get("sourceIp")),
        "network.protocol.version": text(protocol).partition("/")[2],
    }


def _query(parameters: object) -> str:
    """The query of name to value or values, as it may have been written."""
    pairs = (
        (name, value)
        for name, values in mapping(parameters).items()
        for value in (values if isinstance(values, list) else [values])
        if isinstance(value, str)
    )
    parts, chars = [], 0
    for name, value in pairs:
        parts.append(f"{_quoted(name)}={_quoted(value)}")
        chars += len(parts[-1]) + 1
        if chars > MAX_QUERY_CHARS:
            break
    return _redacted("&".join(parts))


def _quoted(part: str) -> str:
    if part.isascii() and part.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return part
    from urllib.parse import quote  # noqa: PLC0415  # five milliseconds of a cold start

    return quote(part[:MAX_QUERY_CHARS], safe="-_.~!*'(),;:@/?$", errors="replace")


def _redacted(query: str) -> str:
    parts = query[:MAX_QUERY_CHARS].split("&")
    return "&".join(
        f"{name}=REDACTED" if name.lower() in SECRET_PARAMETERS else part
        for part in parts
        for name in (part.partition("=")[0],)
    )


def _microseconds(value: object) -> int:
    """VPC Lattice's time, microseconds as digits."""
    return (integer(value) or 0) * 1000
