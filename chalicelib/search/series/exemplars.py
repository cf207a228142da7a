"""Which spans stand for a series: those of the traces whose ids end lowest, since ids end at random.

That choice needs no chance, does not depend on the order of traces, and shows the same traces in several series.
"""

from bisect import insort
from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.search.evaluation.subjects import Subject
from chalicelib.search.series.results import Exemplar, Labels, Series
from chalicelib.search.syntax import Static, StaticType

_RANDOM_DIGITS = 14  # W3C trace context level 2: the last 56 bits of a trace id are random


class Candidate(msgspec.Struct, frozen=True):
    """A span that may become an exemplar, and the value that it brought into its interval."""

    trace_id: str
    span_id: str
    interval: int
    timestamp_ms: int
    value: Any

    @property
    def rank(self) -> tuple[str, str, str, int, Any]:
        """The lowest are chosen. Spans may share their ids, so time and value take part."""
        return self.trace_id[-_RANDOM_DIGITS:], self.trace_id, self.span_id, self.timestamp_ms, self.value or 0

    def shown(self, value: float) -> Exemplar:
        """As an exemplar that lies at `value`."""
        return Exemplar(self._labels, value, self.timestamp_ms)

    @property
    def _labels(self) -> Labels:
        ids = (("trace:id", self.trace_id), ("span:id", self.span_id))
        return tuple((name, Static(StaticType.STRING, value)) for name, value in ids)


class Candidates:
    """The lowest few of one series."""

    __slots__ = ("_limit", "_lowest")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lowest: list[Candidate] = []

    def add(self, subject: Subject, interval: int, timestamp_ms: int, value: Any) -> None:
        """One span of the series."""
        if not self._limit:
            return
        candidate = Candidate(subject.facts.trace.trace_id, subject.span.span_id, interval, timestamp_ms, value)
        insort(self._lowest, candidate, key=lambda each: each.rank)
        del self._lowest[self._limit :]

    def __iter__(self) -> Any:
        """From the lowest up."""
        return iter(self._lowest)


def within_limit(series: Sequence[Series], limit: int) -> list[Series]:
    """The series with `limit` exemplars in all: the first of each, then the second, and so on; then by time."""
    places = sorted((nth, i) for i, each in enumerate(series) for nth in range(len(each.exemplars)))
    chosen = set(places[:limit])
    return [
        msgspec.structs.replace(
            each,
            exemplars=tuple(
                sorted(
                    (exemplar for nth, exemplar in enumerate(each.exemplars) if (nth, i) in chosen),
                    key=lambda exemplar: (exemplar.timestamp_ms, exemplar.value),
                )
            ),
        )
        for i, each in enumerate(series)
    ]
