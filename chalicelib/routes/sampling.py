"""Remote sampling: `GET /sampling?service=…`, where Jaeger's clients and OpenTelemetry's jaeger-remote samplers ask how
many traces to begin.

Facts: jaeger 2.20 (internal/sampling/http/handler.go), which answers on any path of its port; jaeger-client asks for
`/sampling`, @opentelemetry/sampler-jaeger-remote for `/sampling` below its endpoint. The rules are people's and lie in
the control table (codecs/jaeger/strategies.py); whoever may send spans may ask for them.
"""

from chalicelib.model.access import Principal, Scope
from chalicelib.model.errors import PolicyError, QueryError, StoreError
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import Endpoint, tenant_of
from chalicelib.routes.jaeger import COLLECTOR
from chalicelib.routes.request import Request
from chalicelib.services import Services

PATHS = ("/sampling", "/api/sampling", "/jaeger/sampling", "/jaeger/api/sampling")


def get_strategy(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The strategy of `service`, or the default one. Raises QueryError, and StoreError for rules nobody can read."""
    from chalicelib.codecs.jaeger import strategies  # noqa: PLC0415  # most containers are never asked

    tenant = tenant_of(caller)
    asked = request.query.get("service", ())
    if len(asked) != 1:
        raise QueryError("'service' parameter must be provided once")
    document = services.sampling.find_strategies(tenant)
    try:
        rules = strategies.NONE if document is None else strategies.read(document)
    except PolicyError as error:
        unreadable = StoreError("the sampling strategies cannot be read")
        unreadable.add_note(f"those of {tenant!r} are not as `make sampling` wrote them: {error.detail}")
        raise unreadable from error
    return Answer(body=strategies.write(rules, asked[0]))


ENDPOINTS = tuple(
    Endpoint(method="GET", path=path, scope=Scope.INGEST, dialect=COLLECTOR, view=get_strategy) for path in PATHS
)
