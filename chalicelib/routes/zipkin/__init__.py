"""Zipkin's HTTP API under /zipkin: what its clients post and its UI (Lens), Grafana and programs ask.

Facts: openzipkin/zipkin-api (zipkin2-api.yaml), openzipkin/zipkin 3.6 (ZipkinHttpCollector, ZipkinQueryApiV2). This
module is the table alone; what answers is imported on first use. Errors are a line of text.
"""

from collections.abc import Mapping

from chalicelib.model.access import Scope
from chalicelib.model.errors import NoSuchTrace, TracingError
from chalicelib.routes.answers import Answer, Dialect
from chalicelib.routes.endpoint import PUBLIC, Endpoint, Open, on_first_use

PREFIX = "/zipkin"
TEXT = "text/plain; charset=utf-8"


def _refuse(headers: Mapping[str, str], error: TracingError) -> Answer:
    del headers
    said = f"{error.trace_id} not found" if isinstance(error, NoSuchTrace) else error.detail
    return Answer(status=error.status, body=said.encode(), media_type=TEXT)


ZIPKIN = Dialect("zipkin", _refuse)


def _endpoint(method: str, path: str, module: str, name: str, scope: Scope | Open) -> Endpoint:
    view = on_first_use(f"{__name__}.{module}", name)
    return Endpoint(method=method, path=PREFIX + path, scope=scope, dialect=ZIPKIN, view=view)


def _get(path: str, module: str, name: str, scope: Scope | Open = Scope.READ) -> Endpoint:
    return _endpoint("GET", path, module, name, scope)


ENDPOINTS = (
    _endpoint("POST", "/api/v2/spans", "spans", "post_v2", Scope.INGEST),
    _endpoint("POST", "/api/v1/spans", "spans", "post_v1", Scope.INGEST),
    _get("/api/v2/services", "names", "get_services"),
    _get("/api/v2/spans", "names", "get_span_names"),
    _get("/api/v2/remoteServices", "names", "get_remote_services"),
    _get("/api/v2/autocompleteKeys", "names", "get_autocomplete_keys"),
    _get("/api/v2/autocompleteValues", "names", "get_autocomplete_values"),
    _get("/api/v2/traces", "traces", "get_traces"),
    _get("/api/v2/traceMany", "traces", "get_trace_many"),
    _get("/api/v2/trace/{trace_id}", "traces", "get_trace"),
    _get("/api/v2/dependencies", "dependencies", "get_dependencies"),
    _get("/config.json", "status", "get_config", PUBLIC),
    _get("/health", "status", "get_health", PUBLIC),
    _get("/info", "status", "get_info", PUBLIC),
)
