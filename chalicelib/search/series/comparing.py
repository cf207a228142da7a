"""compare(): how the spans of a selection differ from the other matched ones, value by value of every attribute.

Each span counts once for every value that it shows: name, kind, status and message, root, scope, and its own and its
resource's attributes; not ids, times or anything of which every span has its own. On both sides, baseline and
selection, an attribute comes with its `top_n` most frequent values and with a total of the spans that have it.
An attribute with more than MAX_VALUES values on a side tells nothing there, and an error label stands for its values.
"""

from collections.abc import Iterator
from functools import partial

from chalicelib.search.evaluation.expressions import compile_test
from chalicelib.search.evaluation.fields import reader
from chalicelib.search.evaluation.labels import field_label
from chalicelib.search.evaluation.subjects import Subject
from chalicelib.search.evaluation.values import order_of, static_of
from chalicelib.search.series.bounded import FirstKeys
from chalicelib.search.series.intervals import Intervals
from chalicelib.search.series.limits import Allowance
from chalicelib.search.series.results import Labels, Series, labels_order
from chalicelib.search.series.sums import Count
from chalicelib.search.syntax import Compare, Intrinsic, Static, StaticType

MAX_VALUES = 500

TYPE_LABEL = "__meta_type"
ERROR_LABEL = "__meta_error"
TOO_MANY_VALUES = Static(StaticType.STRING, "__too_many_values__")

_SIDES = ("baseline", "selection")
_NIL = Static(StaticType.NIL)
_COMPARED = (
    Intrinsic.SPAN_NAME,
    Intrinsic.SPAN_KIND,
    Intrinsic.SPAN_STATUS,
    Intrinsic.SPAN_STATUS_MESSAGE,
    Intrinsic.TRACE_ROOT_NAME,
    Intrinsic.TRACE_ROOT_SERVICE,
    Intrinsic.INSTRUMENTATION_NAME,
    Intrinsic.INSTRUMENTATION_VERSION,
)
_INTRINSICS = tuple((field_label(field), reader(field)) for field in _COMPARED)

Counts = dict[int, Count]


class _Tally:
    """One attribute on one side: counts by interval, for each value and for all."""

    __slots__ = ("has_too_many", "totals", "values")

    def __init__(self) -> None:
        self.totals: Counts = {}
        self.values: dict[Static, Counts] = {}
        self.has_too_many = False

    def add(self, value: Static, interval: int, weight: float, cells: Allowance) -> None:
        """One span that has the value. Raises AnswerTooLarge."""
        _count(self.totals, interval, weight, cells)
        if self.has_too_many:
            return
        _count(self.values.setdefault(value, {}), interval, weight, cells)
        if len(self.values) > MAX_VALUES:
            cells.take(-sum(map(len, self.values.values())))
            self.values.clear()
            self.has_too_many = True

    def top(self, count: int) -> list[tuple[Static, Counts]]:
        """The most frequent values; among equals those first in order."""
        ranked = sorted(self.values.items(), key=lambda item: (-_sum(item[1]), order_of(item[0])))
        return ranked[:count]


class Comparison:
    """Collects for compare()."""

    def __init__(self, compare: Compare, intervals: Intervals, *, max_series: int) -> None:
        self._compare = compare
        self._intervals = intervals
        self._max_series = max_series
        self._is_selected = compile_test(compare.selection.expression)
        make = partial(FirstKeys[str, _Tally], max_series, lambda name: name, _Tally)
        self._sides = tuple(make() for _ in _SIDES)

    @property
    def left_some_out(self) -> bool:
        """Whether there were more attributes than `max_series`."""
        return any(side.left_some_out for side in self._sides)

    def observe(self, subject: Subject, time_ns: int, interval: int, weight: float, cells: Allowance) -> None:
        """One span in an interval. Raises AnswerTooLarge."""
        side = self._sides[self._is_in_time(time_ns) and self._is_selected(subject)]
        for name, value in _shown(subject):
            tally = side.find(name)
            if tally is not None:
                tally.add(value, interval, weight, cells)

    def series(self, samples: Allowance) -> list[Series]:
        """The series so far; where there are more than `max_series`, one more. Raises AnswerTooLarge."""
        sides = zip(_SIDES, self._sides, strict=True)
        told = [each for side, tallies in sides for name, tally in tallies for each in self._told(side, name, tally)]
        told.sort(key=lambda each: labels_order(each[0]))
        del told[self._max_series + 1 :]
        samples.take(len(told) * self._intervals.count)
        return [self._series(labels, counts) for labels, counts in told]

    def _is_in_time(self, time_ns: int) -> bool:
        """Bounds that are missing or 0 do not bound."""
        start_ns, end_ns = self._compare.start_ns, self._compare.end_ns
        return (not start_ns or start_ns <= time_ns) and (not end_ns or time_ns < end_ns)

    def _told(self, side: str, name: str, tally: _Tally) -> list[tuple[Labels, Counts]]:
        labels = (TYPE_LABEL, Static(StaticType.STRING, side))
        total = (TYPE_LABEL, Static(StaticType.STRING, f"{side}_total"))
        told: list[tuple[Labels, Counts]] = [
            ((labels, (name, value)), counts) for value, counts in tally.top(self._compare.top_n)
        ]
        if tally.has_too_many:
            told.append(((labels, (ERROR_LABEL, TOO_MANY_VALUES), (name, _NIL)), {}))
        return [*told, ((total, (name, _NIL)), tally.totals)]

    def _series(self, labels: Labels, counts: Counts) -> Series:
        samples = {i: counts[i].total() if i in counts else 0.0 for i in range(self._intervals.count)}
        return Series(labels, self._intervals.stamped(samples))


def _shown(subject: Subject) -> Iterator[tuple[str, Static]]:
    for name, read in _INTRINSICS:
        value = read(subject)
        if value is not None and value != "":
            yield name, static_of(value)
    span = subject.span
    for scope, attributes in (("span", span.attributes), ("resource", span.resource.attributes)):
        for key, value in attributes.items():
            if value is not None and value != []:
                yield f"{scope}.{key}", static_of(value)


def _count(counts: Counts, interval: int, weight: float, cells: Allowance) -> None:
    if interval not in counts:
        cells.take(1)
        counts[interval] = Count()
    counts[interval].add(None, weight)


def _sum(counts: Counts) -> float:
    return sum(counts[interval].total() for interval in sorted(counts))
