"""At which windows a trace is sealed, and what of it was there then. Pure.

Of the windows in which blocks of a trace arrived, those are its seal points after which it was quiet, and the last one
in each group of five (so that a trace that never goes quiet is sealed now and then). What a seal adds is the
difference between the trace at this seal point and at the one before. So the sum over all its seal points is the
whole trace, in whatever order, and however often, its windows are sealed.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from chalicelib.model.block import KeptBlock
from chalicelib.model.windows import arrival_window
from chalicelib.settings import Settings
from chalicelib.storage.sealed_windows import group_start


class Stretch(NamedTuple):
    """The blocks of a trace at a seal point (at least one), and those of them that it had at the one before."""

    now: list[KeptBlock]
    before: list[KeptBlock]


def find_stretch(blocks: Sequence[KeptBlock], window: int, settings: Settings) -> Stretch | None:
    """What there is of a trace at `window`, by digest; None if that is no seal point of it."""
    width_s = settings.seal_window_s
    arrived = [(arrival_window(kept.arrived_ms, width_s), kept) for kept in blocks]
    points = seal_points((at for at, _ in arrived), settings)
    if window not in points:
        return None
    last = max((point for point in points if point < window), default=-1)
    arrived.sort(key=lambda each: each[1].digest)
    return Stretch(
        now=[kept for at, kept in arrived if at <= window],
        before=[kept for at, kept in arrived if at <= last],
    )


def seal_points(windows: Iterable[int], settings: Settings) -> list[int]:
    """The seal points of a trace of which blocks arrived in these windows, ascending."""
    ordered = sorted(set(windows))
    quiet = [one for one, following in pairwise(ordered) if _is_between(one, following, settings)]
    return [*quiet, *ordered[-1:]]


def _is_between(window: int, following: int, settings: Settings) -> bool:
    width_s = settings.seal_window_s
    return following > window + settings.seal_quiet_s or group_start(following, width_s) != group_start(window, width_s)
