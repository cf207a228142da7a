"""Answers about calls by service and operation.

Of each hour there must be one Rollup, the sum (rollup.total) of all pieces of the windows that speak of it: parts
that were folded differently become alike by being added.
"""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from chalicelib.model.rollups import OperationSummary, RedPoint, RedSeries, ServiceSummary
from chalicelib.model.span import Kind
from chalicelib.model.windows import HOUR_S, Window
from chalicelib.propagation.probability import COUNT_UNIT
from chalicelib.rollups.keys import ERRORS, WHOLE_HOUR, RedKey
from chalicelib.rollups.rollup import Rollup
from chalicelib.rollups.summaries import MINUTE_S, Sketch, new_sketch, red_cells, seconds_of, summed_up

LABELS = ("service", "operation", "kind")
KIND_NAMES = tuple(kind.name.lower() for kind in Kind)
SERVED = frozenset((int(Kind.SERVER), int(Kind.CONSUMER)))  # what a service was asked to do

_Labels = tuple[str | None, str | None, str | None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls; None: any. `kinds` are names of span kinds ("server"); none: all."""

    service: str | None = None
    operation: str | None = None
    kinds: frozenset[str] = frozenset()


EVERYTHING = Wanted()


def red_series(
    rollups: Mapping[int, Rollup],
    window: Window,
    step_s: int,
    wanted: Wanted = EVERYTHING,
    by: frozenset[str] = frozenset(),
) -> tuple[RedSeries, ...]:
    """RED of the wanted calls in steps of `step_s`, one series for each combination of the labels in `by`.

    `rollups` are by hour. `by` is any of LABELS. Steps begin at multiples of `step_s`, itself a multiple of 60, and of
    3,600 where minutes have been coarsened away. Minutes at either end of the window count whole. Series are ordered
    by labels. Raises ValueError for another step or label.
    """
    _check(rollups, step_s, by)
    sketches: dict[_Labels, dict[int, Sketch]] = defaultdict(lambda: defaultdict(new_sketch))
    for start_s, key, count in red_cells(rollups, window):
        if _is_wanted(key, wanted):
            sketches[_labels(key, by)][start_s // step_s * step_s][key[4]] += count
    return tuple(
        _series(labels, steps, step_s) for labels, steps in sorted(sketches.items(), key=lambda each: _order(each[0]))
    )


def finest_step_s(rollups: Mapping[int, Rollup]) -> int:
    """What a step must be a multiple of: a minute, or an hour where some of the rollups have lost their minutes."""
    is_coarse = any(key[3] == WHOLE_HOUR for rollup in rollups.values() for key in rollup.red)
    return HOUR_S if is_coarse else MINUTE_S


def services(rollups: Mapping[int, Rollup], window: Window) -> tuple[ServiceSummary, ...]:
    """The services with spans in the window, by name."""
    spans: dict[str, int] = defaultdict(int)
    served: dict[str, Sketch] = defaultdict(new_sketch)
    for _, (service, _, kind, _, slot), count in red_cells(rollups, window):
        spans[service] += count if slot != ERRORS else 0
        if kind in SERVED:
            served[service][slot] += count
    seconds = seconds_of(window)
    return tuple(
        ServiceSummary(service=service, spans=count / COUNT_UNIT, red=summed_up(served[service], seconds))
        for service, count in sorted(spans.items())
        if count > 0
    )


def operations(rollups: Mapping[int, Rollup], window: Window, service: str) -> tuple[OperationSummary, ...]:
    """The operations of a service in the window, by name and kind; none if it has no spans there."""
    sketches: dict[tuple[str, int], Sketch] = defaultdict(new_sketch)
    for _, (owner, operation, kind, _, slot), count in red_cells(rollups, window):
        if owner == service:
            sketches[operation, kind][slot] += count
    summaries = (
        OperationSummary(operation=operation, kind=KIND_NAMES[kind], red=summed_up(sketch, seconds_of(window)))
        for (operation, kind), sketch in sorted(sketches.items())
    )
    return tuple(summary for summary in summaries if summary.red.calls)


def _check(rollups: Mapping[int, Rollup], step_s: int, by: frozenset[str]) -> None:
    if step_s <= 0 or step_s % MINUTE_S:
        raise ValueError(f"a step of {step_s} s is not a multiple of {MINUTE_S}")
    if unknown := sorted(by.difference(LABELS)):
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(LABELS)}")
    if step_s % finest_step_s(rollups):
        raise ValueError(f"a step of {step_s} s is finer than the hours that are left of these rollups")


def _is_wanted(key: RedKey, wanted: Wanted) -> bool:
    return (
        (wanted.service is None or wanted.service == key[0])
        and (wanted.operation is None or wanted.operation == key[1])
        and (not wanted.kinds or KIND_NAMES[key[2]] in wanted.kinds)
    )


def _labels(key: RedKey, by: frozenset[str]) -> _Labels:
    return (
        key[0] if "service" in by else None,
        key[1] if "operation" in by else None,
        KIND_NAMES[key[2]] if "kind" in by else None,
    )


def _order(labels: _Labels) -> tuple[str, ...]:
    return tuple(label or "" for label in labels)


def _series(labels: _Labels, steps: Mapping[int, Sketch], step_s: int) -> RedSeries:
    points = (RedPoint(start_s=start_s, red=summed_up(sketch, step_s)) for start_s, sketch in sorted(steps.items()))
    service, operation, kind = labels
    kept = tuple(point for point in points if point.red.calls)
    return RedSeries(service=service, operation=operation, kind=kind, points=kept)
