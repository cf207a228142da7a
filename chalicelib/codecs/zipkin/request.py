"""What `GET /api/v2/traces` asks, and whether a trace is an answer (zipkin2.storage.QueryRequest, 3.6).

Conditions may be met by different spans of a trace, but where a service is named, only by spans of that service. The
time of a trace is that of the first span without parent that has one, else the earliest there is.
"""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.codecs.zipkin.span import ZipkinSpan
from chalicelib.model.errors import QueryError

US_PER_MS = 1000
MAX_CONDITIONS = 100
_AND = " and "


class QueryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A search. Names are in lower case; durations in microseconds, `end_ts` and `lookback` in milliseconds.

    `annotation_query` maps a tag to its value, or a tag or annotation to "": that there is one.
    """

    service_name: str | None = None
    remote_service_name: str | None = None
    span_name: str | None = None
    annotation_query: Mapping[str, str] = {}
    min_duration: int | None = None
    max_duration: int | None = None
    end_ts: int
    lookback: int
    limit: int = 10


def parse_annotation_query(text: str | None) -> dict[str, str]:
    """`http.path=/a and error and cache=miss`. There is no escaping. Raises QueryError past MAX_CONDITIONS."""
    found: dict[str, str] = {}
    parts = (text or "").split(_AND)
    if len(parts) > MAX_CONDITIONS:
        raise QueryError(f"annotationQuery has more than {MAX_CONDITIONS} conditions")
    for part in parts:
        key, equals, value = part.strip().partition("=")
        if key and (equals or key not in found):  # a bare name does not take back a value asked for before
            found[key] = value
    return found


def trace_time_us(spans: Sequence[ZipkinSpan]) -> int | None:
    """When a trace counts as begun, in microseconds; None if none of its spans says."""
    timed = [span for span in spans if span.timestamp]
    roots = (span.timestamp for span in timed if span.parent_id is None)
    return next(roots, None) or min((span.timestamp or 0 for span in timed), default=None)


def is_answer(request: QueryRequest, spans: Sequence[ZipkinSpan]) -> bool:
    """Whether the trace of these spans, in this order, is one that is asked for."""
    at_us = trace_time_us(spans)
    if at_us is None:
        return False
    end_us = request.end_ts * US_PER_MS
    if not end_us - request.lookback * US_PER_MS <= at_us <= end_us:
        return False
    own = [span for span in spans if request.service_name in (None, _service(span.local_endpoint))]
    return bool(own) and all(
        (
            request.remote_service_name in (None, *(_service(span.remote_endpoint) for span in own)),
            request.span_name in (None, *(span.name for span in own)),
            _has_duration(request, own),
            all(_has(own, key, value) for key, value in request.annotation_query.items()),
        )
    )


def _has_duration(request: QueryRequest, spans: Sequence[ZipkinSpan]) -> bool:
    if request.min_duration is None:
        return True
    longest = request.max_duration
    return any(
        (span.duration or 0) >= request.min_duration and (longest is None or (span.duration or 0) <= longest)
        for span in spans
    )


def _has(spans: Sequence[ZipkinSpan], key: str, value: str) -> bool:
    if value:
        return any(span.tags.get(key) == value for span in spans)
    return any(key in span.tags or any(one.value == key for one in span.annotations) for span in spans)


def _service(endpoint: object) -> str | None:
    return getattr(endpoint, "service_name", None)
