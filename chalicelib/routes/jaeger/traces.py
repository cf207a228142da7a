"""`GET /jaeger/api/traces`, by search or by ids, and `/jaeger/api/traces/{trace_id}`: the UI's JSON.

An answer that cannot hold all traces holds those that it can, the newest first, and its `errors` name the others.
"""

from collections.abc import Callable, Iterator

import msgspec

from chalicelib.codecs.jaeger import envelope, params
from chalicelib.codecs.jaeger.envelope import Problem
from chalicelib.codecs.jaeger.search import Asked as AskedOfJaeger
from chalicelib.codecs.jaeger.search import is_answer
from chalicelib.codecs.jaeger.ui_model import shown_trace_id, write_trace
from chalicelib.model.access import Principal
from chalicelib.model.errors import AnswerTooLarge, NoSuchTrace, QueryError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import Window
from chalicelib.query.matching import Asked, Match, find_traces
from chalicelib.query.traces import read_spans
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger import NO_TRACE
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.candidates import query_of
from chalicelib.routes.jaeger.fitting import Piece, budget_bytes, fitting, piece_of, rows_of, too_large
from chalicelib.routes.jaeger.parameters import asked_of, is_raw, legacy, read_trace_id, trace_id_of
from chalicelib.routes.request import Request
from chalicelib.services import Services

MAX_IDS = 100  # of one request


def get_traces(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The traces with these ids; without any, the newest traces that match."""
    tenant = tenant_of(caller)
    _check_range(request)
    if request.query.get("traceID"):
        return _by_ids(services, tenant, request)
    asked, raw = asked_of(services, request), is_raw(request)

    def match(trace: StoredTrace) -> Match[Piece] | None:
        if not is_answer(asked, trace):
            return None
        written = write_trace(rows_of(trace.spans, raw=raw))
        piece = piece_of(services, request, trace.trace_id, written)
        return Match(trace.extent().start_ns, piece, piece.weight_bytes)

    found = find_traces(services, tenant, search_of(services, asked, match), request.deadline)
    kept, problems = fitting(services, found.answers)
    partial = [Problem(msg=found.partial)] if found.partial else []
    return json_of(services, request, envelope.wrap(kept, errors=[*partial, *problems] or None), found.partial)


def get_trace(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One trace. Raises NoSuchTrace, and AnswerTooLarge where no answer can hold it."""
    tenant, trace_id = tenant_of(caller), trace_id_of(request)
    _check_range(request)
    written = _written(services, tenant, request, trace_id)
    try:
        return json_of(services, request, envelope.wrap([written]))
    except AnswerTooLarge as error:
        raise AnswerTooLarge(too_large(trace_id)) from error


def search_of(
    services: Services, asked: AskedOfJaeger, match: Callable[[StoredTrace], Match[Piece] | None]
) -> Asked[Piece]:
    """A search of Jaeger's as ours."""
    return Asked(
        query=query_of(asked),
        window=Window(asked.start_min_ns, asked.start_max_ns + 1),
        match=match,
        limit=asked.limit,
        budget_bytes=budget_bytes(services),
    )


def _by_ids(services: Services, tenant: str, request: Request) -> Answer:
    trace_ids = list(dict.fromkeys(map(read_trace_id, request.query["traceID"])))
    if len(trace_ids) > MAX_IDS:
        raise QueryError(f"more than {MAX_IDS} values of 'traceID'")
    missing: list[Problem] = []
    kept, problems = fitting(services, _pieces(services, tenant, request, trace_ids, missing))
    return json_of(services, request, envelope.wrap(kept, errors=[*missing, *problems] or None))


def _pieces(
    services: Services, tenant: str, request: Request, trace_ids: list[str], missing: list[Problem]
) -> Iterator[Piece]:
    for trace_id in trace_ids:
        try:
            yield _read(services, tenant, request, trace_id)
        except NoSuchTrace:
            missing.append(Problem(msg=NO_TRACE, trace_id=shown_trace_id(trace_id)))
        except AnswerTooLarge:
            yield Piece(trace_id, None, 0)


def _read(services: Services, tenant: str, request: Request, trace_id: str) -> Piece:
    return piece_of(services, request, trace_id, _written(services, tenant, request, trace_id))


def _written(services: Services, tenant: str, request: Request, trace_id: str) -> msgspec.Raw:
    raw = is_raw(request)
    return write_trace(rows_of(read_spans(services, tenant, trace_id, request.deadline), raw=raw))


def _check_range(request: Request) -> None:
    """`start` and `end`, where a trace is found without them."""
    for name in ("start", "end"):
        legacy(request, name, params.whole_number, 0)
