"""`GET /api/v2/traces`, `/api/v2/trace/{id}` and `/api/v2/traceMany`: spans as they were reported, neither merged nor
corrected.

Where trace ids are strict, an id is that of one trace: 16 digits mean the one whose high half is zero. Where they
are not, traces that end in the same 16 digits are one.
"""

from collections.abc import Sequence

from chalicelib.codecs.zipkin import json_v2
from chalicelib.codecs.zipkin.from_otlp import from_spans
from chalicelib.codecs.zipkin.request import QueryRequest, is_answer, trace_time_us
from chalicelib.codecs.zipkin.span import ZipkinSpan, normal_trace_id
from chalicelib.model.access import Principal
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import NoSuchTrace, PayloadError, QueryError
from chalicelib.model.ids import low_half
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import Window
from chalicelib.query.matching import Asked, Match, find_traces
from chalicelib.query.traces import read_spans
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.request import Request
from chalicelib.routes.zipkin.answering import json_of
from chalicelib.routes.zipkin.candidates import query_of
from chalicelib.routes.zipkin.parameters import NS_PER_MS, query_request
from chalicelib.services import Services

NS_PER_US = 1000
MAX_MANY = 100


def get_traces(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The newest traces that match."""
    tenant = tenant_of(caller)
    asked = query_request(services, request)
    reading = _Reading(services, tenant, request.deadline)
    found = find_traces(services, tenant, _search(services, asked, reading), request.deadline)
    body = b"[" + b",".join(found.answers) + b"]"
    return json_of(services, request, body, found.partial)


def get_trace(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One trace. Raises NoSuchTrace with Zipkin's words."""
    reading = _Reading(services, tenant_of(caller), request.deadline)
    trace_id = _asked_for(request.path_params["trace_id"])
    spans = reading.trace(trace_id)
    if not spans:
        raise NoSuchTrace(trace_id)
    return json_of(services, request, json_v2.write(spans))


def get_trace_many(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Those of several traces that there are."""
    reading = _Reading(services, tenant_of(caller), request.deadline)
    trace_ids = _many(request.find_one("traceIds") or "")
    traces = [spans for trace_id in trace_ids if (spans := reading.trace(trace_id))]
    return json_of(services, request, json_v2.write_traces(traces))


def _many(text: str) -> list[str]:
    trace_ids = [_asked_for(part) for part in text.split(",") if part.strip()]
    if not trace_ids:
        raise QueryError("traceIds parameter is empty")
    if len(trace_ids) == 1:
        raise QueryError("Use /api/v2/trace/{traceId} endpoint to retrieve a single trace")
    if len(trace_ids) > MAX_MANY:
        raise QueryError(f"traceIds names more than {MAX_MANY} traces")
    for number, trace_id in enumerate(trace_ids):
        if trace_id in trace_ids[:number]:
            raise QueryError(f"redundant traceId: {trace_id}")
    return trace_ids


def _asked_for(text: str) -> str:
    try:
        return normal_trace_id(text.strip())
    except PayloadError as error:
        raise QueryError(error.detail) from error


def _search(services: Services, asked: QueryRequest, reading: "_Reading") -> Asked[bytes]:
    def match(trace: StoredTrace) -> Match[bytes] | None:
        spans = reading.around(trace)
        if spans is None or not is_answer(asked, spans):
            return None
        told = json_v2.write(spans)
        return Match((trace_time_us(spans) or 0) * NS_PER_US, told, len(told))

    end_ns = asked.end_ts * NS_PER_MS
    return Asked(
        query=query_of(asked, joins_ids=not services.settings.strict_trace_id),
        window=Window(max(0, end_ns - asked.lookback * NS_PER_MS), end_ns + NS_PER_US),
        match=match,
        limit=asked.limit,
        budget_bytes=services.settings.max_answer_bytes - 2,
    )


class _Reading:
    """Reads traces as ids are to be understood."""

    def __init__(self, services: Services, tenant: str, deadline: Deadline) -> None:
        self._services = services
        self._tenant = tenant
        self._deadline = deadline
        self._is_strict = services.settings.strict_trace_id
        self._joined: set[str] = set()

    def trace(self, trace_id: str) -> list[ZipkinSpan]:
        """The spans of a trace by its id of 16 or 32 digits; [] if there is none."""
        stored_id = trace_id.zfill(32) if self._is_strict else low_half(trace_id)
        try:
            return from_spans(read_spans(self._services, self._tenant, stored_id, self._deadline))
        except NoSuchTrace:
            return []

    def around(self, trace: StoredTrace) -> Sequence[ZipkinSpan] | None:
        """The Zipkin trace that `trace` is, or is part of; None the second time that it is met."""
        if self._is_strict:
            return from_spans(trace.spans)
        if low_half(trace.trace_id) in self._joined:
            return None
        self._joined.add(low_half(trace.trace_id))
        return self.trace(trace.trace_id)
