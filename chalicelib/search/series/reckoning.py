"""What is done with finished series: topk, bottomk, thresholds, and arithmetic between them."""

import heapq
import math
from collections.abc import Callable, Iterable, Sequence

from chalicelib.search.evaluation.arithmetic import calculation
from chalicelib.search.evaluation.comparison import comparison
from chalicelib.search.evaluation.values import value_of
from chalicelib.search.series.curves import NAME_LABEL
from chalicelib.search.series.results import Labels, Series, in_order
from chalicelib.search.series.sums import in_seconds
from chalicelib.search.syntax import Operator, SecondStage, SeriesFilter, Static, TopBottom

SeriesOrNumber = list[Series] | float


def apply_seconds(series: Sequence[Series], stages: Sequence[SecondStage]) -> list[Series]:
    """The series by their labels, after `topk`, `bottomk` and thresholds; those left without samples are gone."""
    kept = in_order(series)
    for stage in stages:
        kept = _top(kept, stage) if isinstance(stage, TopBottom) else _within(kept, stage)
    return kept


def number_of(static: Static) -> float:
    """A literal among series: durations in seconds, as the samples are."""
    return in_seconds(value_of(static))


def combine(operator: Operator, left: SeriesOrNumber, right: SeriesOrNumber) -> SeriesOrNumber:
    """`left operator right`, sample by sample: between series with equal labels, `__name__` aside, or with a number.

    Where one side has no sample, or the result is no finite number (x / 0), there is none. The series lose their
    `__name__` and exemplars.
    """
    calculate = calculation(operator)
    if isinstance(left, list):
        if isinstance(right, list):
            return _combine_equals(calculate, left, right)
        return _present(_changed(each, lambda _, sample: calculate(sample, right)) for each in left)
    if isinstance(right, list):
        return _present(_changed(each, lambda _, sample: calculate(left, sample)) for each in right)
    return float(calculate(left, right))


def _combine_equals(
    calculate: Callable[[float, float], float], left: list[Series], right: list[Series]
) -> list[Series]:
    partners = {_nameless(each.labels): dict(each.samples) for each in right}

    def with_partner(series: Series) -> Series:
        partner = partners.get(_nameless(series.labels), {})
        return _changed(series, lambda time, sample: calculate(sample, partner.get(time, math.nan)))

    return _present(with_partner(each) for each in left)


def _changed(series: Series, change: Callable[[int, float], float]) -> Series:
    samples = ((time, change(time, sample)) for time, sample in series.samples)
    return Series(_nameless(series.labels), tuple(each for each in samples if math.isfinite(each[1])))


def _nameless(labels: Labels) -> Labels:
    return tuple(label for label in labels if label[0] != NAME_LABEL)


def _present(series: Iterable[Series]) -> list[Series]:
    return [each for each in series if each.samples]


def _within(series: Sequence[Series], stage: SeriesFilter) -> list[Series]:
    holds, bound = comparison(stage.operator), number_of(stage.value)
    return _sampled(series, lambda _, time_and_sample: holds(time_and_sample[1], bound))


def _top(series: Sequence[Series], stage: TopBottom) -> list[Series]:
    """At each time the samples of the `count` series that are highest (or lowest); among equals the first by label."""
    sign = -1 if stage.is_top else 1
    at: dict[int, list[tuple[float, int]]] = {}
    for number, each in enumerate(series):
        for time, sample in each.samples:
            at.setdefault(time, []).append((sign * sample, number))
    best = {(time, number) for time, ranked in at.items() for _, number in heapq.nsmallest(stage.count, ranked)}
    return _sampled(series, lambda number, time_and_sample: (time_and_sample[0], number) in best)


def _sampled(series: Sequence[Series], keep: Callable[[int, tuple[int, float]], bool]) -> list[Series]:
    """The series with those samples for which `keep(number of the series, (time, sample))` holds."""
    return _present(
        Series(each.labels, tuple(sample for sample in each.samples if keep(number, sample)), each.exemplars)
        for number, each in enumerate(series)
    )
