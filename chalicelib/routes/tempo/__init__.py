"""Grafana Tempo's HTTP API under /tempo: what a Tempo data source in Grafana, or a program written for Tempo, asks.

Facts: Tempo 3's API documentation and query frontend; Grafana's Tempo data source. This module is the table alone;
what answers is imported on first use.
"""

from collections.abc import Mapping

from chalicelib.model.access import Scope
from chalicelib.model.errors import TracingError
from chalicelib.routes.answers import Answer, Dialect
from chalicelib.routes.endpoint import PUBLIC, Endpoint, Open, on_first_use

PREFIX = "/tempo"
TEXT = "text/plain; charset=utf-8"


def text_answer(text: str, status: int = 200) -> Answer:
    """A line of text, which is how Tempo speaks when it has no data to give."""
    return Answer(status=status, body=text.encode(), media_type=TEXT)


def _refuse(headers: Mapping[str, str], error: TracingError) -> Answer:
    del headers
    return text_answer(error.detail, error.status)


TEMPO = Dialect("tempo", _refuse)


def _get(path: str, module: str, name: str, scope: Scope | Open = Scope.READ) -> Endpoint:
    view = on_first_use(f"{__name__}.{module}", name)
    return Endpoint(method="GET", path=PREFIX + path, scope=scope, dialect=TEMPO, view=view)


ENDPOINTS = (
    _get("/ready", "status", "ready", PUBLIC),
    _get("/api/echo", "status", "echo"),
    _get("/api/status/buildinfo", "status", "build_info", PUBLIC),
    _get("/api/traces/{trace_id}", "traces", "get_trace_v1"),
    _get("/api/v2/traces/{trace_id}", "traces", "get_trace_v2"),
    _get("/api/search", "search", "get_search"),
    _get("/api/search/tags", "tags", "get_tags_v1"),
    _get("/api/v2/search/tags", "tags", "get_tags_v2"),
    _get("/api/search/tag/{tag}/values", "tags", "get_values_v1"),
    _get("/api/v2/search/tag/{tag}/values", "tags", "get_values_v2"),
    _get("/api/metrics/query_range", "series", "get_query_range"),
    _get("/api/metrics/query", "series", "get_query_instant"),
)
