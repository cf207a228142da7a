"""What a metrics query answers."""

from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.search.evaluation.values import order_of
from chalicelib.search.syntax import Static

Labels = tuple[tuple[str, Static], ...]


class Exemplar(msgspec.Struct, frozen=True):
    """One span behind a series: its trace and span id as labels, where it lies on the chart, and when it started."""

    labels: Labels
    value: float
    timestamp_ms: int


class Series(msgspec.Struct, frozen=True):
    """Samples in order of time, each at the start of its interval. Never NaN or infinite; gaps are left out.

    Labels stand in the order of by( ), `p` or `__bucket` last; a series without any has `__name__`.
    """

    labels: Labels
    samples: tuple[tuple[int, float], ...]
    exemplars: tuple[Exemplar, ...] = ()


def labels_order(labels: Labels) -> tuple[Any, ...]:
    """What sorts series."""
    return tuple((name, order_of(value)) for name, value in labels)


def in_order(series: Sequence[Series]) -> list[Series]:
    """The series by their labels."""
    return sorted(series, key=lambda each: labels_order(each.labels))
