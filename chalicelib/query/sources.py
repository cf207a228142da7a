"""Where a search looks: the digests of an hour, and the segments of what is not sealed yet.

Segments are read before any digest, and the markers that say which segments are needed before those. A window sealed
in between is then seen twice, which does no harm, and never not at all.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.view import View
from chalicelib.model.windows import HOUR_S, MAX_FUTURE_S, MAX_PAST_S, NS_PER_S, Window, hour_of
from chalicelib.query.scanning import Account
from chalicelib.search.index import Index
from chalicelib.services import Services
from chalicelib.storage.sealed_windows import WindowRange, group_start, sealed_windows, search_ranges
from chalicelib.storage.view_names import (
    digest_partition,
    first_sort,
    hour_start,
    is_late_note,
    last_sort,
    sealed_partition,
    segment_partition,
    window_of,
)

LOOK_BACK_S = 3 * HOUR_S  # what is not sealed by then never will be (views/seal.py)

# A marker may be seen before the digests that were put before it, since reads are eventually consistent. The seal
# runs every minute; for as long after it is due the segments are read all the same.
_SETTLING_S = 75

_CLOCK_SKEW_S = 30  # how far ahead of ours the clock of whoever wrote a block may be
_GAP_S = 1200


class HourOfDigests(NamedTuple):
    """One hour's digests, as views and as indexes."""

    views: Sequence[View]
    indexes: Sequence[Index]


def hours_of(window: Window) -> range:
    """The hours that a non-empty window touches, by their starts, newest first."""
    return range(hour_of(window.end_ns - 1), hour_of(window.start_ns) - 1, -HOUR_S)


def within_memory(services: Services, window: Window) -> Window:
    """The part of `window` in which anything can be: not before what is kept, nor beyond what clocks may be wrong.

    It may be empty, in which case its end is its start.
    """
    now_s = services.now_ns() // NS_PER_S
    first_ns = (now_s - services.settings.retention_s - MAX_PAST_S) * NS_PER_S
    last_ns = (now_s + MAX_FUTURE_S + HOUR_S) * NS_PER_S
    start_ns = max(window.start_ns, first_ns)
    return Window(start_ns, max(start_ns, min(window.end_ns, last_ns)))


def read_digests(services: Services, tenant: str, hour: int, deadline: Deadline) -> HourOfDigests:
    """Every digest of an hour of span starts."""
    views = list(services.views.read(tenant, digest_partition(hour), deadline))
    return HourOfDigests(views, [_index(view, whole=True) for view in views])


def read_segments(services: Services, tenant: str, account: Account) -> list[Index]:
    """What came in the windows that no digest may know yet."""
    sealing = _read_sealing(services, tenant, account)
    views: list[View] = []
    for run in _joined(search_ranges(sealing.sealed, sealing.span, sealing.width_s)):
        for first, last in _by_hour(run):
            reading = services.views.read(
                tenant, segment_partition(first), account.deadline, first=first_sort(first), last=last_sort(last)
            )
            found = list(reading)
            account.add_query(found)
            views += found
    return [_index(view, whole=False) for view in _needed(views, sealing)]


class _Sealing(NamedTuple):
    """Which windows of `span` are sealed. Segments of windows after `settled_s` may be still to come."""

    span: WindowRange
    width_s: int
    settled_s: int
    sealed: AbstractSet[int]


def _read_sealing(services: Services, tenant: str, account: Account) -> _Sealing:
    settings, now_s = services.settings, services.now_ns() // NS_PER_S
    width_s = settings.seal_window_s
    span = WindowRange((now_s - LOOK_BACK_S) // width_s * width_s, (now_s + _CLOCK_SKEW_S) // width_s * width_s)
    marks: list[View] = []
    for hour in range(hour_start(span.first), span.last + 1, HOUR_S):
        views = list(services.views.read(tenant, sealed_partition(hour), account.deadline))
        account.add_query(views)
        marks += views
    late = {window_of(view.sort) for view in marks if is_late_note(view.sort)}
    settled_s = now_s - width_s - settings.seal_quiet_s - settings.seal_grace_s - _SETTLING_S
    sealed = {window for window in sealed_windows(marks) - late if window <= settled_s}
    return _Sealing(span, width_s, settled_s, sealed)


def _joined(runs: Sequence[WindowRange]) -> list[WindowRange]:
    """Fewer runs: to read a little more is quicker than to ask again, and most gaps come from minutes of silence."""
    joined: list[WindowRange] = []
    for run in runs:
        if joined and run.first - joined[-1].last <= _GAP_S:
            joined[-1] = WindowRange(joined[-1].first, run.last)
        else:
            joined.append(run)
    return joined


def _needed(segments: Sequence[View], sealing: _Sealing) -> list[View]:
    """Those of windows that are not sealed, and of earlier ones in their groups.

    A window is not marked either if nothing came in it. So long as something still might, it counts all the same.
    """
    came = {window_of(view.sort) for view in segments} - sealing.sealed
    came.update(range(sealing.span.last, sealing.settled_s, -sealing.width_s))
    last_of_group: dict[int, int] = {}
    for window in sorted(came):
        last_of_group[group_start(window, sealing.width_s)] = window
    return [
        view
        for view in segments
        if window_of(view.sort) <= last_of_group.get(group_start(window_of(view.sort), sealing.width_s), -1)
    ]


def _by_hour(run: WindowRange) -> list[WindowRange]:
    """The run cut where partitions are."""
    hours = range(hour_start(run.first), run.last + 1, HOUR_S)
    return [WindowRange(max(run.first, hour), min(run.last, hour + HOUR_S - 1)) for hour in hours]


def _index(view: View, *, whole: bool) -> Index:
    try:
        return Index.unpack(view.body, whole=whole)
    except ValueError as broken:
        raise StoreError(f"view {view.partition} {view.sort} cannot be read: {broken}") from broken
