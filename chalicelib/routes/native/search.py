"""`GET /v1/search` and `GET /v1/traces/{trace_id}/links`."""

from chalicelib.model.access import Principal
from chalicelib.query.links import LinksRequest, links
from chalicelib.query.search import SearchRequest, search
from chalicelib.routes import packing
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.native import parameters
from chalicelib.routes.native.parameters import window_of
from chalicelib.routes.request import Request
from chalicelib.services import Services

_AROUND_TRACES_BYTES = 4_096  # the cursor, what was scanned, and why it is partial


def get_search(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Traces of a range, newest first."""
    tenant = tenant_of(caller)
    asked = SearchRequest(
        query=parameters.SEARCH_QUERY.of(request) or "",
        window=window_of(request, services.now_ns()),
        limit=parameters.LIMIT.of(request),
        spans_per_spanset=parameters.SPANS.of(request),
        cursor=parameters.CURSOR.of(request),
        budget_bytes=max(1, services.settings.max_answer_bytes - _AROUND_TRACES_BYTES),
    )
    page = search(services, tenant, asked, request.deadline)
    return packing.report(services, request, page, "ask for fewer spans (spss)")


def get_links(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Links of a trace, both ways."""
    tenant = tenant_of(caller)
    asked = LinksRequest(
        trace_id=request.path_params["trace_id"],
        limit=parameters.LINKS_LIMIT.of(request),
        cursor=parameters.CURSOR.of(request),
    )
    page = links(services, tenant, asked, request.deadline)
    return packing.report(services, request, page, "ask for fewer links (limit)")
