"""Jaeger's API v3: traces as OTLP JSON, and in short. Its UI waits ten seconds, so an answer comes within eight.

What cannot be told in its answers, that they are not all there is, is told by the header `x-spanfold-partial`.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.codecs.jaeger import params, v3
from chalicelib.codecs.jaeger.search import is_answer
from chalicelib.codecs.otlp import json_writer
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.access import Principal
from chalicelib.model.errors import AnswerTooLarge, NoSuchTrace
from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.query.matching import Match, find_traces
from chalicelib.query.traces import read_spans
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.fitting import Piece, fitting, piece_of, rows_of, too_large
from chalicelib.routes.jaeger.parameters import (
    RAW,
    RAW_OF_TRACE,
    asked_of_v3,
    soon,
    trace_id_of,
)
from chalicelib.routes.jaeger.parameters import v3 as parameter
from chalicelib.routes.jaeger.traces import search_of
from chalicelib.routes.request import Request
from chalicelib.services import Services

_BEFORE, _AFTER = b'{"resourceSpans":[', b"]}"  # around what a message of OTLP JSON holds


def get_traces(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The newest traces that match, in one result. Raises NoSuchTrace where there are none."""
    tenant, asked = tenant_of(caller), asked_of_v3(request)
    raw = parameter(request, RAW, params.truth, default=False)

    def match(trace: StoredTrace) -> Match[Piece] | None:
        if not is_answer(asked, trace):
            return None
        piece = piece_of(services, request, trace.trace_id, _written(trace.spans, raw=raw))
        return Match(trace.extent().start_ns, piece, piece.weight_bytes)

    found = find_traces(services, tenant, search_of(services, asked, match), soon(services, request.deadline))
    kept, problems = fitting(services, found.answers)
    if problems and not kept:
        raise AnswerTooLarge(problems[0].msg)
    if not kept:
        raise NoSuchTrace("")
    told = [found.partial or "", *(f"{one.trace_id}: {one.msg}" for one in problems)]
    return json_of(services, request, v3.traces(kept), "; ".join(filter(None, told)) or None)


def get_trace(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One trace. Raises NoSuchTrace, and AnswerTooLarge where no answer can hold it."""
    tenant, trace_id = tenant_of(caller), trace_id_of(request)
    for names in (("startTime", "start_time"), ("endTime", "end_time")):
        parameter(request, names, params.moment_ns, None)
    raw = parameter(request, RAW_OF_TRACE, params.truth, default=False)
    spans = read_spans(services, tenant, trace_id, soon(services, request.deadline))
    written = _written(spans, raw=raw)
    try:
        return json_of(services, request, v3.traces([written]))
    except AnswerTooLarge as error:
        raise AnswerTooLarge(too_large(trace_id)) from error


def get_summaries(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The newest traces that match, each in short: what the UI's search page shows."""
    tenant, asked = tenant_of(caller), asked_of_v3(request)

    def match(trace: StoredTrace) -> Match[Piece] | None:
        if not is_answer(asked, trace):
            return None
        piece = piece_of(services, request, trace.trace_id, v3.summary(trace))
        return Match(trace.extent().start_ns, piece, piece.weight_bytes)

    found = find_traces(services, tenant, search_of(services, asked, match), soon(services, request.deadline))
    kept, _ = fitting(services, found.answers)
    return json_of(services, request, v3.summaries(kept), found.partial)


def _written(spans: Sequence[Span], *, raw: bool) -> msgspec.Raw:
    """What the `resourceSpans` of OTLP JSON hold."""
    message = from_spans(row.span for row in rows_of(spans, raw=raw))
    return msgspec.Raw(json_writer.encode(message)[len(_BEFORE) : -len(_AFTER)])
