"""What is kept of the values in one interval of one series, and how values weigh.

Spans come in any order, and floats added in another order give another last digit; `ExactSum` therefore keeps its
sum without rounding until it is asked for. Values are seconds or plain numbers; `can_be_added` says which.
"""

import math
from collections.abc import Callable
from typing import Any

from chalicelib.model.windows import NS_PER_S
from chalicelib.search.evaluation.values import NUMBERS, DurationNs
from chalicelib.search.series.buckets import bucket_of
from chalicelib.search.syntax import MetricsFunction

_LARGEST = 1e270  # times the greatest weight (2^56), and still enough of them may be added


class ExactSum:
    """A sum of floats that does not depend on their order (Shewchuk's partial sums, as in math.fsum)."""

    __slots__ = ("_partials",)

    def __init__(self) -> None:
        self._partials: list[float] = []

    def add(self, value: float) -> None:
        """One number that can be added."""
        partials = []
        for partial in self._partials:
            large, small = (value, partial) if abs(value) >= abs(partial) else (partial, value)
            value = large + small
            rest = small - (value - large)
            if rest:
                partials.append(rest)
        partials.append(value)
        self._partials = partials

    def total(self) -> float:
        """The sum, rounded once; 0 of nothing."""
        return math.fsum(self._partials)


class Count:
    """How many spans, each as many as it stands for. Few weights differ, so spans are counted by weight."""

    __slots__ = ("_by_weight",)

    def __init__(self) -> None:
        self._by_weight: dict[float, int] = {}

    def add(self, _: Any, weight: float) -> None:
        """One span, whatever its value."""
        self._by_weight[weight] = self._by_weight.get(weight, 0) + 1

    def total(self) -> float:
        """The count."""
        return math.fsum(weight * count for weight, count in self._by_weight.items())


class Sum:
    """The sum of numbers, each times its weight."""

    __slots__ = ("_sum",)

    def __init__(self) -> None:
        self._sum = ExactSum()

    def add(self, value: Any, weight: float) -> None:
        """One number."""
        self._sum.add(in_seconds(value) * weight)

    def total(self) -> float:
        """The sum."""
        return self._sum.total()


class Mean:
    """The weighted mean of numbers."""

    __slots__ = ("_sum", "_weight")

    def __init__(self) -> None:
        self._sum = ExactSum()
        self._weight = ExactSum()

    def add(self, value: Any, weight: float) -> None:
        """One number."""
        self._sum.add(in_seconds(value) * weight)
        self._weight.add(weight)

    def total(self) -> float:
        """The mean."""
        return self._sum.total() / self._weight.total()


class Extreme:
    """The least or the greatest number. Weights change neither."""

    __slots__ = ("_best", "_choose")

    def __init__(self, choose: Callable[[float, float], float], worst: float) -> None:
        self._choose = choose
        self._best = worst

    def add(self, value: Any, _: float) -> None:
        """One number."""
        self._best = self._choose(self._best, in_seconds(value))

    def total(self) -> float:
        """The number."""
        return self._best


class Distribution:
    """Weighted counts by power-of-two bucket."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[float, Count] = {}

    def add(self, value: Any, weight: float) -> None:
        """One number; those below the first bucket are left out."""
        bucket = bucket_of(value)
        if bucket is not None:
            self._counts.setdefault(bucket, Count()).add(value, weight)

    def total(self) -> dict[float, float]:
        """Counts by the upper bounds of their buckets, ascending."""
        return {bound: self._counts[bound].total() for bound in sorted(self._counts)}


Cell = Count | Sum | Mean | Extreme | Distribution

CELLS: dict[MetricsFunction, Callable[[], Cell]] = {
    MetricsFunction.RATE: Count,
    MetricsFunction.COUNT_OVER_TIME: Count,
    MetricsFunction.SUM_OVER_TIME: Sum,
    MetricsFunction.AVG_OVER_TIME: Mean,
    MetricsFunction.MIN_OVER_TIME: lambda: Extreme(min, math.inf),
    MetricsFunction.MAX_OVER_TIME: lambda: Extreme(max, -math.inf),
    MetricsFunction.QUANTILE_OVER_TIME: Distribution,
    MetricsFunction.HISTOGRAM_OVER_TIME: Distribution,
}


def can_be_added(value: Any) -> bool:
    """Whether it is a number, and of a size of which sums stay finite."""
    return type(value) in NUMBERS and -_LARGEST < value < _LARGEST


def in_seconds(number: Any) -> float:
    """A duration in seconds; other numbers as they are."""
    return number / NS_PER_S if type(number) is DurationNs else float(number)
