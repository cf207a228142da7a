"""What views say of many spans together: services, operations, the graph, RED, attributes and their values."""

from chalicelib.model.access import Principal
from chalicelib.query.attributes import ValuesRequest, attributes_report, values_report
from chalicelib.query.rollups import RedRequest, graph_report, operations_report, red_report, services_report
from chalicelib.rollups.red import Wanted
from chalicelib.routes import packing
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.native import parameters
from chalicelib.routes.native.parameters import window_of
from chalicelib.routes.request import Request
from chalicelib.services import Services

SHORTER_RANGE = "ask for a shorter range"


def get_services(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The services of a range, each with its RED."""
    tenant = tenant_of(caller)
    window = window_of(request, services.now_ns())
    report = services_report(services, tenant, window, request.deadline)
    return packing.report(services, request, report, SHORTER_RANGE)


def get_operations(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The operations of a service, each with its RED."""
    tenant = tenant_of(caller)
    window, name = window_of(request, services.now_ns()), request.path_params["name"]
    report = operations_report(services, tenant, name, window, request.deadline)
    return packing.report(services, request, report, SHORTER_RANGE)


def get_graph(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The service graph of a range."""
    tenant = tenant_of(caller)
    window = window_of(request, services.now_ns())
    report = graph_report(services, tenant, window, request.deadline)
    return packing.report(services, request, report, SHORTER_RANGE)


def get_metrics(services: Services, caller: Principal | None, request: Request) -> Answer:
    """RED series by step."""
    tenant = tenant_of(caller)
    report = red_report(
        services,
        tenant,
        RedRequest(
            window=window_of(request, services.now_ns()),
            step_s=parameters.RED_STEP.of(request),
            wanted=Wanted(
                service=parameters.SERVICE.of(request),
                operation=parameters.OPERATION.of(request),
                kinds=parameters.KIND.of(request),
            ),
            by=parameters.BY.of(request),
        ),
        request.deadline,
    )
    return packing.report(services, request, report, "ask for a larger step, a shorter range or fewer series (by)")


def get_attributes(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The attributes that spans have."""
    tenant = tenant_of(caller)
    window, scope = window_of(request, services.now_ns()), parameters.SCOPE.of(request)
    report = attributes_report(services, tenant, scope, window, request.deadline)
    return packing.report(services, request, report, "ask for one scope")


def get_values(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The values of one attribute."""
    tenant = tenant_of(caller)
    asked = ValuesRequest(
        key=request.path_params["key"],
        scope=parameters.SCOPE.of(request),
        window=window_of(request, services.now_ns()),
        query=parameters.VALUES_QUERY.of(request) or "",
        limit=parameters.VALUES_LIMIT.of(request),
    )
    report = values_report(services, tenant, asked, request.deadline)
    return packing.report(services, request, report, "ask for fewer values (limit)")
