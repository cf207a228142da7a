"""Parameters as Zipkin reads them, and refuses them."""

from chalicelib.codecs.zipkin.request import QueryRequest, parse_annotation_query
from chalicelib.model.errors import QueryError
from chalicelib.routes.request import Request
from chalicelib.services import Services

NS_PER_MS = 1_000_000
DEFAULT_LIMIT = 10
MAX_LIMIT = 1000
ALL_NAMES = "all"  # what Zipkin's own page sends for "any span name"
_MAX_DIGITS = 18


def query_request(services: Services, request: Request) -> QueryRequest:
    """What `/api/v2/traces` asks. Raises QueryError with Zipkin's words."""
    min_duration, max_duration = positive(request, "minDuration"), positive(request, "maxDuration")
    if max_duration is not None and min_duration is None:
        raise QueryError("maxDuration is only valid with minDuration")
    if min_duration is not None and max_duration is not None and max_duration < min_duration:
        raise QueryError("maxDuration < minDuration")
    span_name = name_of(request, "spanName")
    return QueryRequest(
        service_name=name_of(request, "serviceName"),
        remote_service_name=name_of(request, "remoteServiceName"),
        span_name=None if span_name == ALL_NAMES else span_name,
        annotation_query=parse_annotation_query(request.find_one("annotationQuery")),
        min_duration=min_duration,
        max_duration=max_duration,
        end_ts=end_ts_ms(services, request),
        lookback=positive(request, "lookback") or services.settings.query_lookback_ms,
        limit=min(positive(request, "limit") or DEFAULT_LIMIT, MAX_LIMIT),
    )


def end_ts_ms(services: Services, request: Request) -> int:
    """`endTs`, or now. Raises QueryError."""
    return positive(request, "endTs") or services.now_ns() // NS_PER_MS


def positive(request: Request, name: str) -> int | None:
    """A number above zero, or None for none. Raises QueryError."""
    text = request.find_one(name)
    if not text:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS):
        raise QueryError(f"{name} {text[:64]!r} is not a number")
    if int(text) <= 0:
        raise QueryError(f"{name} <= 0")
    return int(text)


def name_of(request: Request, name: str) -> str | None:
    """A name in lower case; None for none, and for an empty one."""
    text = request.find_one(name)
    return text.lower() if text else None
