"""Answers about calls by service and operation."""

from collections.abc import Mapping

import msgspec

from chalicelib.model.rollups import OperationSummary, RedSeries, ServiceSummary
from chalicelib.model.windows import Window
from chalicelib.rollups.rollup import Rollup


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls; None: any. `kinds` are names of span kinds ("server"); none: all."""

    service: str | None = None
    operation: str | None = None
    kinds: frozenset[str] = frozenset()


def red_series(
    rollups: Mapping[int, Rollup], window: Window, step_s: int, wanted: Wanted, by: frozenset[str] = frozenset()
) -> tuple[RedSeries, ...]:
    """RED of the wanted calls in steps of `step_s`, one series for each combination of the labels in `by`.

    `rollups` are by hour. `by` is any of service, operation, kind. Steps are aligned to multiples of `step_s`, which
    is a multiple of 60; of 3,600 where rollups are coarsened, whose calls lie at the start of their hour. Series are
    ordered by labels. Raises ValueError for another step or label.
    """
    raise NotImplementedError


def services(rollups: Mapping[int, Rollup], window: Window) -> tuple[ServiceSummary, ...]:
    """The services with spans in the window, by name."""
    raise NotImplementedError


def operations(rollups: Mapping[int, Rollup], window: Window, service: str) -> tuple[OperationSummary, ...]:
    """The operations of a service in the window, by name and kind; none for a service that has no spans in it."""
    raise NotImplementedError
