"""Series of a metrics query as Tempo's QueryRangeResponse and QueryInstantResponse."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.codecs.tempo.values import any_value, go_duration

PARTIAL = "PARTIAL"

Label = tuple[str, str, str | int | float | bool | None]  # name, type as TraceQL calls it, value
Point = tuple[int, float]  # epoch milliseconds, value
Exemplar = tuple[Sequence[Label], float, int]  # labels, value, epoch milliseconds


def time_series(labels: Sequence[Label], points: Sequence[Point], exemplars: Sequence[Exemplar]) -> Mapping[str, Any]:
    """One TimeSeries."""
    return {
        "labels": _labels(labels),
        "samples": [{"timestampMs": at_ms, "value": value} for at_ms, value in points],
        "exemplars": [
            {"labels": _labels(own), "value": value, "timestampMs": at_ms} for own, value, at_ms in exemplars
        ],
    }


def instant_series(labels: Sequence[Label], value: float) -> Mapping[str, Any]:
    """One InstantSeries."""
    return {"labels": _labels(labels), "value": value}


def series_response(series: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any], partial: str) -> Mapping[str, Any]:
    """The whole answer; `partial` is what to say about what is missing, "" for nothing."""
    said = {"status": PARTIAL, "message": partial} if partial else {}
    return {"series": list(series), "metrics": metrics, **said}


def _labels(labels: Sequence[Label]) -> list[Mapping[str, Any]]:
    return [{"key": name, "value": _value(kind, value)} for name, kind, value in labels]


def _value(kind: str, value: str | float | bool | None) -> Mapping[str, Any]:
    if kind == "duration" and isinstance(value, int):
        return {"stringValue": go_duration(value)}
    return any_value(value)
