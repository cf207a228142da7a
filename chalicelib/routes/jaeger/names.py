"""What Jaeger's search page offers: services, and the operations of one.

Names are those of the last QUERY_LOOKBACK. They come from the views; what of it is not sealed yet is found in the
newest traces, as far as they are looked at.
"""

from chalicelib.codecs.jaeger import envelope, v3
from chalicelib.codecs.jaeger.from_otlp import service_of
from chalicelib.codecs.jaeger.metrics import KINDS
from chalicelib.codecs.jaeger.search import Asked as AskedOfJaeger
from chalicelib.model.access import Principal
from chalicelib.model.attributes import SERVICE_NAME
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import NS_PER_S, Window
from chalicelib.query.attributes import MAX_VALUES, ValuesRequest, values_report
from chalicelib.query.matching import Asked, Match, find_traces
from chalicelib.query.rollups import operations_report
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.candidates import query_of
from chalicelib.routes.jaeger.parameters import named, names_window, soon
from chalicelib.routes.request import Request
from chalicelib.services import Services

NEWEST_S = 15 * 60  # what may not be sealed
NEWEST_TRACES = 50  # of these, how many are looked at

_UNSPECIFIED = KINDS[0]

Operation = tuple[str, str]  # name and kind, "" for none


def get_services(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The names of services."""
    names = _services(services, tenant_of(caller), request.deadline)
    return json_of(services, request, envelope.wrap(names, total=len(names)))


def get_operation_names(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The names of a service's operations, of whatever kind."""
    found = _operations(services, tenant_of(caller), request.path_params["name"], request.deadline)
    names = sorted({name for name, _ in found})
    return json_of(services, request, envelope.wrap(names, total=len(names)))


def get_operations(services: Services, caller: Principal | None, request: Request) -> Answer:
    """A service's operations with their kinds."""
    tenant, service = tenant_of(caller), request.find_one("service")
    if not service:
        raise QueryError("parameter 'service' is required")
    found = _operations(services, tenant, service, request.deadline)
    told = [{"name": name, "spanKind": kind} for name, kind in _of_kind(found, request.find_one("spanKind"))]
    return json_of(services, request, envelope.wrap(told, total=len(told)))


def get_services_v3(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The names of services."""
    names = _services(services, tenant_of(caller), soon(services, request.deadline))
    return json_of(services, request, v3.services(names))


def get_operations_v3(services: Services, caller: Principal | None, request: Request) -> Answer:
    """A service's operations with their kinds."""
    tenant, service = tenant_of(caller), request.find_one("service")
    if not service:
        raise QueryError("malformed parameter service: it is required")
    found = _operations(services, tenant, service, soon(services, request.deadline))
    return json_of(services, request, v3.operations(_of_kind(found, named(request, ("spanKind", "span_kind")))))


def _services(services: Services, tenant: str, deadline: Deadline) -> list[str]:
    asked = ValuesRequest(SERVICE_NAME, "resource", names_window(services), limit=MAX_VALUES)
    report = values_report(services, tenant, asked, deadline)
    return sorted({one.value for one in report.values if isinstance(one.value, str) and one.value})


def _operations(services: Services, tenant: str, service: str, deadline: Deadline) -> set[Operation]:
    report = operations_report(services, tenant, service, names_window(services), deadline)
    found = {(one.operation, _kind(one.kind)) for one in report.operations if one.operation}
    return found | _newest(services, tenant, service, deadline)


def _newest(services: Services, tenant: str, service: str, deadline: Deadline) -> set[Operation]:
    """Operations that rollups may not have yet."""

    def match(trace: StoredTrace) -> Match[set[Operation]] | None:
        own = [span for span in trace.spans if service_of(span.resource) == service]
        told = {(span.name, _kind(KINDS[span.kind])) for span in own if span.name and 0 <= span.kind < len(KINDS)}
        return Match(trace.extent().start_ns, told) if told else None

    now_ns = services.now_ns()
    asked_for = AskedOfJaeger(service=service, start_min_ns=0, start_max_ns=now_ns)
    window = Window(max(0, now_ns - NEWEST_S * NS_PER_S), now_ns + 1)
    asked = Asked(query_of(asked_for), window, match, limit=NEWEST_TRACES, budget_bytes=1)
    return set().union(*find_traces(services, tenant, asked, deadline).answers)


def _kind(kind: str) -> str:
    return "" if kind == _UNSPECIFIED else kind


def _of_kind(found: set[Operation], wanted: str | None) -> list[Operation]:
    return sorted(one for one in found if not wanted or one[1] == _kind(wanted.lower()))
