"""Cells of rollups, taken out of their hours and summed up as rate, errors and duration."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from chalicelib.model.rollups import Latency, Red
from chalicelib.model.tracestate import COUNT_UNIT
from chalicelib.model.windows import HOUR_S, NS_PER_S, Window
from chalicelib.rollups.keys import ERRORS, WHOLE_HOUR, DependencyKey, EdgeKey, RedKey
from chalicelib.rollups.rollup import Rollup
from chalicelib.rollups.sketches import mean, quantile, total

MINUTE_S = 60

Sketch = dict[int, int]


def new_sketch() -> Sketch:
    """An empty one, to be counted into; ERRORS may lie in it beside the buckets."""
    return defaultdict(int)


def red_cells(rollups: Mapping[int, Rollup], window: Window) -> Iterator[tuple[int, RedKey, int]]:
    """(start in epoch seconds, key, count) of each cell whose minute, or hour where that is all, lies in the window.

    What the window begins in the middle of is in it, what it ends in the middle of too.
    """
    for hour, rollup in rollups.items():
        starts = _starts(hour, window)
        for key, count in rollup.red.items():
            if (start_s := starts.get(key[3])) is not None:
                yield start_s, key, count


def edge_cells(rollups: Mapping[int, Rollup], window: Window) -> Iterator[tuple[EdgeKey, int]]:
    """The same of edges, without the starts."""
    for hour, rollup in rollups.items():
        starts = _starts(hour, window)
        for key, count in rollup.edges.items():
            if key[5] in starts:
                yield key, count


def dependency_cells(rollups: Mapping[int, Rollup], window: Window) -> Iterator[tuple[DependencyKey, int]]:
    """The same of links between services."""
    for hour, rollup in rollups.items():
        starts = _starts(hour, window)
        for key, count in rollup.dependencies.items():
            if key[3] in starts:
                yield key, count


def summed_up(sketch: Mapping[int, int], seconds: float) -> Red:
    """The rate, errors and duration of a sketch with errors, over so many seconds."""
    buckets = {slot: count for slot, count in sketch.items() if slot != ERRORS}
    calls = max(0, total(buckets))
    errors = min(max(0, sketch.get(ERRORS, 0)), calls)
    return Red(
        calls=calls / COUNT_UNIT,
        errors=errors / COUNT_UNIT,
        calls_per_s=calls / COUNT_UNIT / seconds if seconds > 0 else 0.0,
        error_ratio=errors / calls if calls else 0.0,
        latency=latency_of(buckets),
    )


def latency_of(buckets: Mapping[int, int]) -> Latency | None:
    """The mean and quantiles of a sketch; None if it has no known duration."""
    average = mean(buckets)
    if average is None:
        return None
    p50, p90, p95, p99 = (round(quantile(buckets, share) or 0) for share in (0.5, 0.9, 0.95, 0.99))
    return Latency(mean_ns=round(average), p50_ns=p50, p90_ns=p90, p95_ns=p95, p99_ns=p99)


def seconds_of(window: Window) -> float:
    """How long the window is."""
    return (window.end_ns - window.start_ns) / NS_PER_S


def _starts(hour: int, window: Window) -> dict[int, int]:
    """For each minute of the hour that lies in the window, and WHOLE_HOUR if the hour does, its start."""
    starts = {minute: hour + minute * MINUTE_S for minute in range(WHOLE_HOUR)}
    found = {minute: start_s for minute, start_s in starts.items() if _overlaps(start_s, MINUTE_S, window)}
    return found | ({WHOLE_HOUR: hour} if _overlaps(hour, HOUR_S, window) else {})


def _overlaps(start_s: int, length_s: int, window: Window) -> bool:
    return start_s * NS_PER_S < window.end_ns and (start_s + length_s) * NS_PER_S > window.start_ns
