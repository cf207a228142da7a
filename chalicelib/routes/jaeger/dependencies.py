"""`GET /jaeger/api/dependencies`: which service called which, counted as Jaeger counts it, from the views."""

from chalicelib.codecs.jaeger import envelope
from chalicelib.codecs.jaeger.envelope import Problem
from chalicelib.codecs.jaeger.params import NS_PER_MS
from chalicelib.model.access import Principal
from chalicelib.model.windows import Window
from chalicelib.query.dependencies import jaeger_links
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.parameters import millis
from chalicelib.routes.request import Request
from chalicelib.services import Services

LOOKBACK_MS = 24 * 3600 * 1000


def get_dependencies(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The links of the traces that began in the range."""
    tenant = tenant_of(caller)
    end_ms = millis(request, "endTs", services.now_ns() // NS_PER_MS)
    start_ms = max(0, end_ms - millis(request, "lookback", LOOKBACK_MS))
    window = Window(start_ms * NS_PER_MS, end_ms * NS_PER_MS + 1)
    found = jaeger_links(services, tenant, window, request.deadline, request.find_one("service") or None)
    told = [{"parent": link.parent, "child": link.child, "callCount": link.calls} for link in found.links]
    errors = [Problem(msg=found.partial)] if found.partial else None
    return json_of(services, request, envelope.wrap(told, errors=errors), found.partial)
