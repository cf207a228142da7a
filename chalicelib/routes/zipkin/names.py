"""What Zipkin's search page offers: services, span names, remote services, and tags of which it knows the values.

Names are of the last QUERY_LOOKBACK, in lower case, in order. They come from the views, so the newest seconds may be
missing.
"""

from collections.abc import Iterable

from chalicelib.model.access import Principal
from chalicelib.model.attributes import SERVICE_NAME
from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window
from chalicelib.query.attributes import MAX_VALUES, ValuesRequest, values_report
from chalicelib.query.rollups import graph_report, operations_report
from chalicelib.query.values import INTRINSIC
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.request import Request
from chalicelib.routes.zipkin.answering import names_of
from chalicelib.routes.zipkin.parameters import NS_PER_MS, name_of
from chalicelib.search.syntax import Intrinsic
from chalicelib.services import Services


def get_services(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Services that reported spans."""
    return names_of(services, request, _services(services, tenant_of(caller), request))


def get_span_names(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Span names of a service, of whatever kind."""
    tenant, window = tenant_of(caller), _window(services)
    found: set[str] = set()
    for service in _called(services, tenant, request):
        report = operations_report(services, tenant, service, window, request.deadline)
        found.update(one.operation.lower() for one in report.operations if one.operation)
        found.update(_newest(services, tenant, request, service))
    return names_of(services, request, found, keep=None if found else False)


def get_remote_services(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Whom a service called."""
    tenant = tenant_of(caller)
    called = _called(services, tenant, request)
    if not called:
        return names_of(services, request, ())
    report = graph_report(services, tenant, _window(services), request.deadline)
    names = {node.id: node.name.lower() for node in report.nodes}
    clients = {node.id for node in report.nodes if node.name in called}
    return names_of(services, request, (names[edge.server] for edge in report.edges if edge.client in clients))


def get_autocomplete_keys(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The keys that are configured."""
    tenant_of(caller)
    return names_of(services, request, services.settings.autocomplete_keys, keep=True)


def get_autocomplete_values(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The values of one of these; none for any other key."""
    tenant = tenant_of(caller)
    key = request.find_one("key")
    if not key:
        raise QueryError("key was empty")
    if key not in services.settings.autocomplete_keys:
        return names_of(services, request, ())
    asked = ValuesRequest(key, None, _window(services), limit=MAX_VALUES)
    report = values_report(services, tenant, asked, request.deadline)
    return names_of(services, request, (_text(one.value) for one in report.values))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _window(services: Services) -> Window:
    now_ns = services.now_ns()
    return Window(max(0, now_ns - services.settings.query_lookback_ms * NS_PER_MS), now_ns + 1)


def _stored_services(services: Services, tenant: str, request: Request) -> set[str]:
    """Names as they were sent, which Zipkin does not tell apart by case."""
    asked = ValuesRequest(SERVICE_NAME, "resource", _window(services), limit=MAX_VALUES)
    report = values_report(services, tenant, asked, request.deadline)
    return {one.value for one in report.values if isinstance(one.value, str) and one.value}


def _services(services: Services, tenant: str, request: Request) -> Iterable[str]:
    return (name.lower() for name in _stored_services(services, tenant, request))


def _called(services: Services, tenant: str, request: Request) -> set[str]:
    """Every service whose name is `serviceName` in lower case."""
    wanted = name_of(request, "serviceName")
    if wanted is None:
        return set()
    return {name for name in _stored_services(services, tenant, request) if name.lower() == wanted}


def _newest(services: Services, tenant: str, request: Request, service: str) -> Iterable[str]:
    """Span names that rollups do not have yet, from the newest traces of the service."""
    quoted = service.replace("\\", "\\\\").replace('"', '\\"')
    query = f'{{ resource.service.name = "{quoted}" }}'
    asked = ValuesRequest(Intrinsic.SPAN_NAME.value, INTRINSIC, _window(services), query, MAX_VALUES)
    report = values_report(services, tenant, asked, request.deadline)
    return (one.value.lower() for one in report.values if isinstance(one.value, str) and one.value)
