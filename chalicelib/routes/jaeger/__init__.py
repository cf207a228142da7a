"""Jaeger's HTTP APIs under /jaeger: what its clients post, and what its UI, Grafana and programs ask.

Facts: jaeger 2.20 (jaegerquery/internal/http_handler.go, apiv3), the collector's http_thrift_handler.go, jaeger-ui 2.17
to 2.20. There are two APIs for reading, each with its own error form, and a third for spans, whose errors are lines
of text. This module is the table alone; what answers is imported on first use.
"""

from collections.abc import Mapping

from chalicelib.model.access import Scope
from chalicelib.model.errors import NoSuchTrace, TracingError
from chalicelib.routes.answers import Answer, Dialect
from chalicelib.routes.endpoint import Endpoint, on_first_use

PREFIX = "/jaeger"
TEXT = "text/plain; charset=utf-8"  # also of errors that are JSON: Go's http.Error has it so
NO_TRACE, NO_TRACES = "trace not found", "No traces found"


def _refuse_spans(headers: Mapping[str, str], error: TracingError) -> Answer:
    del headers
    return Answer(status=error.status, body=f"{error.detail}\n".encode(), media_type=TEXT)


def _refuse(headers: Mapping[str, str], error: TracingError) -> Answer:
    from chalicelib.codecs.jaeger import envelope  # noqa: PLC0415

    del headers
    told = NO_TRACE if isinstance(error, NoSuchTrace) else error.detail
    return Answer(status=error.status, body=envelope.failure(error.status, told), media_type=TEXT)


def _refuse_v3(headers: Mapping[str, str], error: TracingError) -> Answer:
    from chalicelib.codecs.jaeger import v3  # noqa: PLC0415

    del headers
    told = NO_TRACES if isinstance(error, NoSuchTrace) else error.detail
    return Answer(status=error.status, body=v3.failure(error.status, told), media_type=TEXT)


COLLECTOR = Dialect("jaeger collector", _refuse_spans)
QUERY = Dialect("jaeger", _refuse)
QUERY_V3 = Dialect("jaeger v3", _refuse_v3)


def _endpoint(method: str, path: str, module: str, name: str, scope: Scope) -> Endpoint:
    dialect = QUERY_V3 if path.startswith("/api/v3/") else COLLECTOR if module == "spans" else QUERY
    view = on_first_use(f"{__name__}.{module}", name)
    return Endpoint(method=method, path=PREFIX + path, scope=scope, dialect=dialect, view=view)


def _get(path: str, module: str, name: str) -> Endpoint:
    return _endpoint("GET", path, module, name, Scope.READ)


ENDPOINTS = (
    _endpoint("POST", "/api/traces", "spans", "post_batch", Scope.INGEST),
    _get("/api/services", "names", "get_services"),
    _get("/api/services/{name}/operations", "names", "get_operation_names"),
    _get("/api/operations", "names", "get_operations"),
    _get("/api/traces", "traces", "get_traces"),
    _get("/api/traces/{trace_id}", "traces", "get_trace"),
    # Archiving writes, though an INGEST key is not what reads: the UI needs a key that was made for both.
    _endpoint("POST", "/api/archive/{trace_id}", "archive", "post_archive", Scope.INGEST),
    _endpoint("POST", "/api/transform", "transform", "post_transform", Scope.READ),
    _get("/api/dependencies", "dependencies", "get_dependencies"),
    _get("/api/metrics/{metric}", "metrics", "get_metrics"),
    _get("/api/v3/services", "names", "get_services_v3"),
    _get("/api/v3/operations", "names", "get_operations_v3"),
    _get("/api/v3/traces", "v3", "get_traces"),
    _get("/api/v3/traces/{trace_id}", "v3", "get_trace"),
    _get("/api/v3/trace-summaries", "v3", "get_summaries"),
)
