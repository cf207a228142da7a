"""`GET /jaeger/api/metrics/{latencies,calls,errors}`: what Jaeger's Monitor page draws, from the RED rollups.

Rollups know minutes: `step` and `ratePer` are rounded up to whole ones. The newest two or three are not in yet.
"""

import math
from collections.abc import Callable, Mapping

from chalicelib.codecs.jaeger import metrics, params
from chalicelib.codecs.jaeger.metrics import CALLS, ERRORS, KINDS, LATENCIES, Series
from chalicelib.codecs.jaeger.params import NS_PER_MS
from chalicelib.model.access import Principal
from chalicelib.model.errors import NoSuchPath, QueryError
from chalicelib.model.windows import Window
from chalicelib.query.call_series import CallPoint, CallSeries, CallsRequest, calls_report
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.parameters import legacy, millis
from chalicelib.routes.request import Request
from chalicelib.services import Services

LOOKBACK_MS, STEP_MS, RATE_PER_MS = 3_600_000, 5_000, 600_000
DEFAULT_KIND = "server"
_MS_PER_S = 1000

VALUES: Mapping[str, Callable[[CallPoint], float | None]] = {
    LATENCIES: lambda point: None if point.quantile_ns is None else point.quantile_ns / NS_PER_MS,
    CALLS: lambda point: point.calls_per_s,
    ERRORS: lambda point: point.error_ratio,
}


def get_metrics(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One metric of some services, or of each of their operations."""
    tenant, metric = tenant_of(caller), request.path_params["metric"]
    if metric not in VALUES:
        raise NoSuchPath(f"there is no metric {metric[:64]!r}, only {', '.join(VALUES)}")
    quantile = _quantile(request) if metric == LATENCIES else None
    asked = _asked(services, request)._replace(share=quantile or 0.5)
    report = calls_report(services, tenant, asked, request.deadline)
    series = [_series(one, VALUES[metric]) for one in report.series]
    body = metrics.family(metric, series, by_operation=asked.by_operation, quantile=quantile)
    return json_of(services, request, body, report.partial)


def _series(series: CallSeries, value_of: Callable[[CallPoint], float | None]) -> Series:
    values = ((point.at_s * _MS_PER_S, value_of(point)) for point in series.points)
    return Series(series.service, series.operation, [(at_ms, value) for at_ms, value in values if value is not None])


def _asked(services: Services, request: Request) -> CallsRequest:
    names = frozenset(filter(None, request.query.get("service", ())))
    if not names:
        raise QueryError("unable to parse param 'service': please provide at least one service name")
    end_ms = millis(request, "endTs", services.now_ns() // NS_PER_MS)
    start_ms = max(0, end_ms - millis(request, "lookback", LOOKBACK_MS))
    return CallsRequest(
        services=names,
        kinds=_kinds(request),
        window=Window(start_ms * NS_PER_MS, end_ms * NS_PER_MS),
        step_s=_seconds(request, "step", STEP_MS),
        over_s=_seconds(request, "ratePer", RATE_PER_MS),
        by_operation=legacy(request, "groupByOperation", params.truth, default=False),
    )


def _quantile(request: Request) -> float:
    if not request.find_one("quantile"):
        raise QueryError("unable to parse param 'quantile': strconv.ParseFloat: parsing \"\": invalid syntax")
    found = legacy(request, "quantile", params.number, 0.0)
    if not (math.isfinite(found) and 0 <= found <= 1):
        raise QueryError(f"unable to parse param 'quantile': {found} is not between 0 and 1")
    return found


def _kinds(request: Request) -> frozenset[str]:
    found = frozenset(request.query.get("spanKind", ())) or frozenset((DEFAULT_KIND,))
    unknown = sorted(found.difference(KINDS))
    if unknown:
        raise QueryError(f"unable to parse param 'spanKind': unsupported span kind: '{unknown[0][:64]}'")
    return found


def _seconds(request: Request, name: str, default_ms: int) -> int:
    return -(-millis(request, name, default_ms) // _MS_PER_S)
