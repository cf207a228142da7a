"""count, avg, min, max and sum over the spans of a group.

Values that are no numbers are left out; where none is left, the aggregate is nil, and count counts spans. Integers
stay integers and durations durations (the average of integers is a float); mixtures are floats.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.search.evaluation.arithmetic import fitting
from chalicelib.search.evaluation.values import NUMBERS, DurationNs
from chalicelib.search.syntax import AggregateFunction


def aggregate(function: AggregateFunction, values: Sequence[Any]) -> Any:
    """The numbers among `values` folded into one; None if there are none. Not for COUNT."""
    numbers = [value for value in values if type(value) in NUMBERS]
    if not numbers:
        return None
    types = {type(number) for number in numbers}
    if types == {DurationNs}:
        return DurationNs(_OF_DURATIONS.get(function, _FOLDS[function])(numbers))
    if len(types) > 1:
        numbers = [float(number) for number in numbers]
    return fitting(_FOLDS[function](numbers))


def _mean(numbers: Sequence[Any]) -> float:
    return float(sum(numbers) / len(numbers))


_FOLDS: dict[AggregateFunction, Callable[[Sequence[Any]], Any]] = {
    AggregateFunction.AVG: _mean,
    AggregateFunction.MIN: min,
    AggregateFunction.MAX: max,
    AggregateFunction.SUM: sum,
}
_OF_DURATIONS: dict[AggregateFunction, Callable[[Sequence[Any]], Any]] = {
    AggregateFunction.AVG: lambda numbers: sum(numbers) // len(numbers),
}
