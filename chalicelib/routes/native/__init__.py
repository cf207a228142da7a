"""Spanfold's own HTTP API for finding things: search, services, attributes, the graph, metrics, links.

And for sending what no dialect has: executions of Step Functions.

This module is the table alone; what answers is imported on first use. What each endpoint takes and gives is in
document.py, in the form of an OpenAPI document.
"""

from chalicelib.model.access import Scope
from chalicelib.routes.answers import NATIVE
from chalicelib.routes.endpoint import Endpoint, on_first_use


def _get(path: str, module: str, name: str) -> Endpoint:
    view = on_first_use(f"{__name__}.{module}", name)
    return Endpoint(method="GET", path=path, scope=Scope.READ, dialect=NATIVE, view=view)


def _post(path: str, module: str, name: str) -> Endpoint:
    view = on_first_use(f"{__name__}.{module}", name)
    return Endpoint(method="POST", path=path, scope=Scope.INGEST, dialect=NATIVE, view=view)


ENDPOINTS = (
    _post("/v1/step-functions/history", "executions", "post_history"),
    _get("/v1/search", "search", "get_search"),
    _get("/v1/services", "reports", "get_services"),
    _get("/v1/services/{name}/operations", "reports", "get_operations"),
    _get("/v1/attributes", "reports", "get_attributes"),
    _get("/v1/attributes/{key}/values", "reports", "get_values"),
    _get("/v1/graph", "reports", "get_graph"),
    _get("/v1/metrics", "reports", "get_metrics"),
    _get("/v1/metrics/query", "series", "get_series"),
    _get("/v1/traces/{trace_id}/links", "search", "get_links"),
    _get("/v1/openapi.json", "document", "get_document"),
)
