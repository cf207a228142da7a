"""`GET /api/search`: by TraceQL (`q`), by `tags`, or, as its oldest callers ask, by tags straight in the query."""

from collections.abc import Mapping

from chalicelib.codecs.tempo.messages import SEARCH
from chalicelib.codecs.tempo.search import search_response
from chalicelib.model.access import Principal
from chalicelib.model.errors import QueryError
from chalicelib.model.windows import NS_PER_S, Window
from chalicelib.query.search import DEFAULT_LIMIT, DEFAULT_SPANS, MAX_SPANS, SearchRequest, search
from chalicelib.routes.answers import Answer
from chalicelib.routes.request import Request
from chalicelib.routes.tempo.dialect import answer_of, count_of, duration_of, reader_of, seconds_of
from chalicelib.routes.tempo.tags_query import read_tags, tags_query
from chalicelib.services import Services

RECENT_S = 3600  # what is searched when no range is given: Tempo takes what its ingesters hold
_NAMED = frozenset({"q", "tags", "minDuration", "maxDuration", "limit", "spss", "start", "end"})

# Tempo's JSON says the first spanset twice and wraps every value: an answer is so much larger than our own.
_EXPANSION = 3


def get_search(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Traces, newest first."""
    tenant = reader_of(caller, request)
    asked = SearchRequest(
        query=query_of(request),
        window=window_of(services, request),
        limit=count_of(request, "limit", DEFAULT_LIMIT),
        spans_per_spanset=count_of(request, "spss", DEFAULT_SPANS) or MAX_SPANS,
        budget_bytes=services.settings.max_answer_bytes // _EXPANSION,
    )
    return answer_of(services, request, SEARCH, search_response(search(services, tenant, asked, request.deadline)))


def query_of(request: Request) -> str:
    """The TraceQL that the request comes to. Raises QueryError where it asks in two ways at once."""
    q, tags = request.find_one("q"), request.find_one("tags")
    durations = _durations(request)
    if q is not None:
        if tags is not None or any(bound is not None for bound in durations):
            raise QueryError("q cannot be given together with tags, minDuration or maxDuration")
        return q
    return tags_query(read_tags(tags) if tags is not None else _loose_tags(request), *durations)


def window_of(services: Services, request: Request) -> Window:
    """The range of starts: as given, or the last hour. A bound that is missing is as far off as views go."""
    start_s, end_s = seconds_of(request)
    now_ns = services.now_ns()
    if start_s is None and end_s is None:
        return Window(now_ns - RECENT_S * NS_PER_S, now_ns + 1)
    oldest_ns = now_ns - services.settings.retention_s * NS_PER_S
    return Window(
        oldest_ns if start_s is None else start_s * NS_PER_S, now_ns + 1 if end_s is None else end_s * NS_PER_S
    )


def _loose_tags(request: Request) -> Mapping[str, str]:
    if not _NAMED.isdisjoint(request.query):
        return {}
    return {name: request.find_one(name) or "" for name in request.query}


def _durations(request: Request) -> tuple[int | None, int | None]:
    shortest_ns, longest_ns = duration_of(request, "minDuration"), duration_of(request, "maxDuration")
    if shortest_ns is not None and longest_ns is not None and longest_ns < shortest_ns:
        raise QueryError("maxDuration is less than minDuration")
    return shortest_ns, longest_ns
