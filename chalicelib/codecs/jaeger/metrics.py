"""Metrics as Jaeger's Monitor page reads them: a MetricFamily in protobuf's JSON (jaeger-idl, proto/metrics).

Latencies are milliseconds, call rates calls a second, error rates a fraction of the calls.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.codecs.jaeger.params import moment_text

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
LATENCIES, CALLS, ERRORS = "latencies", "calls", "errors"

# What Jaeger calls each, and says of it.
_NAMES = {LATENCIES: "latencies", CALLS: "call_rate", ERRORS: "error_rate"}
_HELP = {
    LATENCIES: "{quantile}th quantile latency, grouped by {groups}",
    CALLS: "calls/sec, grouped by {groups}",
    ERRORS: "error rate, computed as a fraction of errors/sec over calls/sec, grouped by {groups}",
}
_encode = msgspec.json.Encoder().encode


class Series(NamedTuple):
    """A service's, or one of its operations', values: (epoch milliseconds, value) by time."""

    service: str
    operation: str | None
    points: Sequence[tuple[int, float]]


def family(metric: str, series: Iterable[Series], *, by_operation: bool, quantile: float | None = None) -> bytes:
    """The answer for one of LATENCIES, CALLS, ERRORS; without `metrics` where there are none."""
    groups = "service & operation" if by_operation else "service"
    told: dict[str, Any] = {
        "name": f"service_{'operation_' if by_operation else ''}{_NAMES[metric]}",
        "type": "GAUGE",
        "help": _HELP[metric].format(quantile=f"{quantile or 0:.2f}", groups=groups),
    }
    metrics = [_metric(one) for one in series if one.points]
    return _encode(told | ({"metrics": metrics} if metrics else {}))


def _metric(series: Series) -> Mapping[str, Any]:
    labels = [{"name": "operation", "value": series.operation}] if series.operation is not None else []
    return {
        "labels": [{"name": "service_name", "value": series.service}, *labels],
        "metricPoints": [
            {"gaugeValue": {"doubleValue": value}, "timestamp": moment_text(at_ms)} for at_ms, value in series.points
        ],
    }
