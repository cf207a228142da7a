"""The metrics functions, from `rate` to `histogram_over_time`: spans in, series out."""

from chalicelib.model.windows import NS_PER_MS
from chalicelib.search.evaluation.expressions import compile_reader
from chalicelib.search.evaluation.labels import field_label
from chalicelib.search.evaluation.subjects import Subject
from chalicelib.search.evaluation.values import order_of, static_of
from chalicelib.search.series.bounded import FirstKeys
from chalicelib.search.series.curves import NAME_LABEL, draw, place, samples_in
from chalicelib.search.series.exemplars import Candidates
from chalicelib.search.series.intervals import Intervals
from chalicelib.search.series.limits import Allowance
from chalicelib.search.series.results import Exemplar, Labels, Series
from chalicelib.search.series.sums import CELLS, Cell, can_be_added
from chalicelib.search.syntax import MetricsAggregate, Static, StaticType

GroupKey = tuple[Static, ...]


class _Group:
    """What is kept for one combination of labels."""

    __slots__ = ("candidates", "cells")

    def __init__(self, exemplars: int) -> None:
        self.cells: dict[int, Cell] = {}
        self.candidates = Candidates(exemplars)


class Measure:
    """Collects for one metrics function. Spans without a number to collect are passed over."""

    def __init__(self, aggregate: MetricsAggregate, intervals: Intervals, *, exemplars: int, max_series: int) -> None:
        self._aggregate = aggregate
        self._intervals = intervals
        self._read = None if aggregate.field is None else compile_reader(aggregate.field)
        self._by = [compile_reader(field) for field in aggregate.by]
        self._make_cell = CELLS[aggregate.function]
        self._groups: FirstKeys[GroupKey, _Group] = FirstKeys(
            max_series, lambda key: [order_of(value) for value in key], lambda: _Group(exemplars)
        )

    @property
    def left_some_out(self) -> bool:
        """Whether there were more combinations of labels than `max_series`."""
        return self._groups.left_some_out

    def observe(self, subject: Subject, time_ns: int, interval: int, weight: float, cells: Allowance) -> None:
        """One span in an interval. Raises AnswerTooLarge."""
        value = None if self._read is None else self._read(subject)
        if self._read is not None and not can_be_added(value):
            return
        group = self._groups.find(tuple([static_of(read(subject)) for read in self._by]))
        if group is None:
            return
        cell = group.cells.get(interval)
        if cell is None:
            cells.take(1)
            cell = group.cells[interval] = self._make_cell()
        cell.add(value, weight)
        group.candidates.add(subject, interval, time_ns // NS_PER_MS, value)

    def series(self, samples: Allowance) -> list[Series]:
        """The series so far; those without any sample are left out. Raises AnswerTooLarge."""
        drawn = [each for key, group in self._groups for each in self._series_of(key, group, samples)]
        return [each for each in drawn if each.samples]

    def _series_of(self, key: GroupKey, group: _Group, samples: Allowance) -> list[Series]:
        totals = {interval: cell.total() for interval, cell in group.cells.items()}
        samples.take(samples_in(self._aggregate, totals, self._intervals))
        curves = draw(self._aggregate, totals, self._intervals)
        exemplars: list[list[Exemplar]] = [[] for _ in curves]
        for candidate in group.candidates:
            placed = place(curves, candidate.interval, candidate.value)
            if placed is not None:
                exemplars[placed[0]].append(candidate.shown(placed[1]))
        labels = tuple(zip(map(field_label, self._aggregate.by), key, strict=True))
        return [
            Series(self._named(labels + curve.ending), self._intervals.stamped(curve.samples), tuple(found))
            for curve, found in zip(curves, exemplars, strict=True)
        ]

    def _named(self, labels: Labels) -> Labels:
        return labels or ((NAME_LABEL, Static(StaticType.STRING, self._aggregate.function.value)),)
