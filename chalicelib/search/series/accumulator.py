"""From a metrics query and many traces to its series."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from chalicelib.model.errors import QueryError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import Window
from chalicelib.search.evaluation.pipelines import Group, compile_pipeline, spans_of
from chalicelib.search.evaluation.subjects import TraceFacts
from chalicelib.search.series import intervals as cutting
from chalicelib.search.series import limits
from chalicelib.search.series.comparing import Comparison
from chalicelib.search.series.exemplars import within_limit
from chalicelib.search.series.measures import Measure
from chalicelib.search.series.reckoning import SeriesOrNumber, apply_seconds, combine, number_of
from chalicelib.search.series.results import Series, in_order
from chalicelib.search.series.weights import adjusted_count
from chalicelib.search.syntax import (
    Compare,
    Hint,
    MetricsQuery,
    Pipeline,
    Query,
    SeriesExpression,
    SeriesOperation,
    Static,
)

EXTRAPOLATE = "extrapolate"  # the only hint that changes what is answered; sampling hints do not: we are exact


class _Source(msgspec.Struct, frozen=True):
    """One `{ } | rate()` of the query: where its spans come from, and what collects them."""

    select: Callable[[TraceFacts], list[Group]]
    collector: Measure | Comparison


class Accumulator:
    """Takes traces, in parts or whole, and gives the series of a metrics query over them.

    `window` is widened to whole steps; read traces for `self.window`. Without a step there is one interval, exactly
    the window. At most `max_series` series come out; `notes` says when there would have been more. `exemplars` is
    how many there may be in all. What takes too much memory raises AnswerTooLarge (limits.py), in `add`, `series` and
    `notes`.

    Raises QueryError for a query that is no metrics query, a step that is not above 0, an empty window, more than
    MAX_INTERVALS intervals; and in `add` for what only shows on values (an integer divided by zero).
    """

    def __init__(
        self, query: Query, window: Window, step_ns: int | None, *, exemplars: int = 0, max_series: int
    ) -> None:
        if isinstance(query.root, Pipeline):
            raise QueryError("this is a search, and a metrics query was expected")
        self._root: SeriesExpression = query.root
        self._intervals = cutting.uncut(window) if step_ns is None else cutting.cut(window, step_ns)
        self._exemplars = exemplars
        self._max_series = max_series
        self._is_extrapolated = _says_true(query.hints, EXTRAPOLATE)
        self._sources = [self._source(leaf) for leaf in _leaves(query.root)]
        self._cells = limits.cells()
        self._finished: list[Series] | None = None

    @property
    def window(self) -> Window:
        """Where spans are counted: the aligned window."""
        return self._intervals.window

    def add(self, trace: StoredTrace, part: Window) -> None:
        """Count those spans of `trace` whose time is in `part` and in the window.

        A trace may be added several times with parts that do not overlap: spans are matched in the light of the
        whole trace, and counted once.
        """
        start_ns, end_ns = max(part.start_ns, self.window.start_ns), min(part.end_ns, self.window.end_ns)
        times = [trace.time_ns(span) for span in trace.spans]
        if not any(start_ns <= time_ns < end_ns for time_ns in times):
            return
        self._finished = None
        facts = TraceFacts(trace)
        for source in self._sources:
            for position in spans_of(source.select(facts)):
                if start_ns <= times[position] < end_ns:
                    self._observe(source, facts, position, times[position])

    def series(self) -> list[Series]:
        """The series so far, by their labels. A query that is only a number has none."""
        return within_limit(self._all_series()[: self._max_series], self._exemplars)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of the series should know, in words; usually nothing."""
        has_left_out = any(source.collector.left_some_out for source in self._sources)
        if not has_left_out and len(self._all_series()) <= self._max_series:
            return ()
        return (f"more than {self._max_series} series; only those that come first by their labels were worked out",)

    def _source(self, leaf: MetricsQuery) -> _Source:
        select = compile_pipeline(leaf.pipeline)
        if isinstance(leaf.aggregate, Compare):
            return _Source(select, Comparison(leaf.aggregate, self._intervals, max_series=self._max_series))
        limits = {"exemplars": self._exemplars, "max_series": self._max_series}
        return _Source(select, Measure(leaf.aggregate, self._intervals, **limits))

    def _observe(self, source: _Source, facts: TraceFacts, position: int, time_ns: int) -> None:
        subject = facts.subjects[position]
        weight = adjusted_count(subject.span.trace_state) if self._is_extrapolated else 1.0
        source.collector.observe(subject, time_ns, self._intervals.find(time_ns), weight, self._cells)

    def _all_series(self) -> list[Series]:
        """In order; kept until another trace comes."""
        if self._finished is None:
            result = self._worked_out(self._root, iter(self._sources), limits.samples())
            self._finished = in_order(result) if isinstance(result, list) else []
        return self._finished

    def _worked_out(
        self, expression: SeriesExpression, sources: Iterator[_Source], samples: limits.Allowance
    ) -> SeriesOrNumber:
        """The leaves take their sources in the order in which `_leaves` named them."""
        match expression:
            case Static():
                return number_of(expression)
            case MetricsQuery(seconds=seconds):
                return apply_seconds(next(sources).collector.series(samples), seconds)
            case SeriesOperation(operator=operator, seconds=seconds):
                left = self._worked_out(expression.left, sources, samples)
                result = combine(operator, left, self._worked_out(expression.right, sources, samples))
                return apply_seconds(result, seconds) if isinstance(result, list) else result


def instant(query: Query, window: Window, *, exemplars: int = 0, max_series: int) -> Accumulator:
    """For the single value of each series over the whole window, which is taken as it is, without any alignment."""
    return Accumulator(query, window, None, exemplars=exemplars, max_series=max_series)


def _leaves(expression: SeriesExpression) -> list[MetricsQuery]:
    """From left to right."""
    match expression:
        case MetricsQuery():
            return [expression]
        case SeriesOperation(left=left, right=right):
            return _leaves(left) + _leaves(right)
    return []


def _says_true(hints: Sequence[Hint], name: str) -> bool:
    return any(hint.name == name and hint.value.value is True for hint in hints)
