"""Zipkin's dependency page: which services call which, from what was counted when traces were sealed."""

from typing import Any

import msgspec

from chalicelib.model.access import Principal
from chalicelib.model.errors import QueryError
from chalicelib.model.rollups import Dependency
from chalicelib.model.windows import Window
from chalicelib.query.dependencies import zipkin_links
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.request import Request
from chalicelib.routes.zipkin.answering import json_of
from chalicelib.routes.zipkin.parameters import NS_PER_MS, positive
from chalicelib.services import Services


def get_dependencies(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The links of the traces that began between `endTs` - `lookback` and `endTs`, both inclusive."""
    tenant = tenant_of(caller)
    end_ms = positive(request, "endTs")
    if end_ms is None:
        raise QueryError("endTs is required")
    lookback_ms = positive(request, "lookback") or services.settings.query_lookback_ms
    window = Window(max(0, end_ms - lookback_ms) * NS_PER_MS, end_ms * NS_PER_MS + 1)
    report = zipkin_links(services, tenant, window, request.deadline)
    return json_of(services, request, msgspec.json.encode([_told(link) for link in report.links]), report.partial)


def _told(link: Dependency) -> dict[str, Any]:
    told: dict[str, Any] = {"parent": link.parent, "child": link.child, "callCount": link.calls}
    return told | ({"errorCount": link.errors} if link.errors else {})
