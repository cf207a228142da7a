"""What a metrics function makes of the totals of its intervals: one curve, or one for each quantile or bucket.

Counts are 0 where nothing was counted; the other functions have no sample where there was no number.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib.model.windows import NS_PER_S
from chalicelib.search.series.buckets import bucket_of, quantile
from chalicelib.search.series.intervals import Intervals
from chalicelib.search.series.results import Labels
from chalicelib.search.series.sums import in_seconds
from chalicelib.search.syntax import MetricsAggregate, MetricsFunction, Static, StaticType

NAME_LABEL = "__name__"
QUANTILE_LABEL = "p"
BUCKET_LABEL = "__bucket"

Totals = Mapping[int, Any]  # by interval: a number, or for the functions over distributions counts by bucket


class Curve(msgspec.Struct, frozen=True):
    """What the labels of the series end in, and its samples by interval."""

    ending: Labels
    samples: Mapping[int, float]


def draw(aggregate: MetricsAggregate, totals: Totals, intervals: Intervals) -> list[Curve]:
    """The curves of one group, quantiles and buckets ascending."""
    return _DRAWINGS.get(aggregate.function, _plain)(aggregate, totals, intervals)


def samples_in(aggregate: MetricsAggregate, totals: Totals, intervals: Intervals) -> int:
    """How many samples `draw` makes, at most."""
    match aggregate.function:
        case MetricsFunction.RATE | MetricsFunction.COUNT_OVER_TIME:
            return intervals.count
        case MetricsFunction.QUANTILE_OVER_TIME:
            return len(totals) * len(aggregate.quantiles)
        case MetricsFunction.HISTOGRAM_OVER_TIME:
            return intervals.count * len({bound for counts in totals.values() for bound in counts})
        case _:
            return len(totals)


def place(curves: list[Curve], interval: int, value: Any) -> tuple[int, float] | None:
    """On which curve an exemplar lies, and how high. `value` is None where spans are only counted."""
    if not curves:
        return None
    if value is None:
        return 0, curves[0].samples[interval]
    height = in_seconds(value)
    for number, curve in enumerate(curves):
        if _is_on(curve, interval, value, height):
            return number, height
    return len(curves) - 1, height


def _is_on(curve: Curve, interval: int, value: Any, height: float) -> bool:
    """On its own bucket, or on the first quantile that is not below it."""
    (name, ending), *_ = curve.ending or ((None, None),)
    if name == BUCKET_LABEL and ending is not None:
        return ending.value == bucket_of(value)
    return height <= curve.samples.get(interval, height)


def _counts(_: MetricsAggregate, totals: Totals, intervals: Intervals) -> list[Curve]:
    return [Curve((), {interval: totals.get(interval, 0.0) for interval in range(intervals.count)})]


def _rates(_: MetricsAggregate, totals: Totals, intervals: Intervals) -> list[Curve]:
    step_s = intervals.step_ns / NS_PER_S
    return [Curve((), {interval: totals.get(interval, 0.0) / step_s for interval in range(intervals.count)})]


def _plain(_: MetricsAggregate, totals: Totals, _intervals: Intervals) -> list[Curve]:
    return [Curve((), totals)]


def _quantiles(aggregate: MetricsAggregate, totals: Totals, _: Intervals) -> list[Curve]:
    return [
        Curve(
            ((QUANTILE_LABEL, Static(StaticType.FLOAT, float(q))),),
            {interval: height for interval, counts in totals.items() if (height := quantile(counts, q)) is not None},
        )
        for q in sorted(set(aggregate.quantiles))
    ]


def _buckets(_: MetricsAggregate, totals: Totals, intervals: Intervals) -> list[Curve]:
    return [
        Curve(
            ((BUCKET_LABEL, Static(StaticType.FLOAT, bound)),),
            {interval: totals.get(interval, {}).get(bound, 0.0) for interval in range(intervals.count)},
        )
        for bound in sorted({bound for counts in totals.values() for bound in counts})
    ]


_DRAWINGS: dict[MetricsFunction, Callable[[MetricsAggregate, Totals, Intervals], list[Curve]]] = {
    MetricsFunction.RATE: _rates,
    MetricsFunction.COUNT_OVER_TIME: _counts,
    MetricsFunction.QUANTILE_OVER_TIME: _quantiles,
    MetricsFunction.HISTOGRAM_OVER_TIME: _buckets,
}
