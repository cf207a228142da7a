"""Which arrival windows are sealed, by their markers, and whose segments must still be looked at.

A window that is not marked may simply have had no traffic; only its segments tell. So ranges are asked for, and a
range without segments costs one small read.

A trace has a digest at its *seal points* alone: windows in which blocks of it arrived and after which it was quiet,
or after which its *group* of five windows ended. A window may thus be sealed while what came in it is in no digest
yet; it will be with the trace's last window in that group. That is why `search_ranges` reaches back from what is not
sealed to the beginning of its group.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from chalicelib.model.view import View
from chalicelib.rollups.pieces import is_complete
from chalicelib.storage.view_names import is_late_note, parse_marker_body, parse_piece

GROUP_WINDOWS = 5


class WindowRange(NamedTuple):
    """From the window `first` to the window `last`, both included."""

    first: int
    last: int


def group_start(window: int, width_s: int) -> int:
    """The first window of the group that this one belongs to."""
    return window // (width_s * GROUP_WINDOWS) * width_s * GROUP_WINDOWS


def sealed_windows(markers: Iterable[View]) -> set[int]:
    """The windows that the views of `sealed#` partitions cover completely."""
    pieces: defaultdict[int, set[str]] = defaultdict(set)
    for view in markers:
        if not is_late_note(view.sort) and parse_marker_body(view.body).is_sealed:
            name = parse_piece(view.sort)
            pieces[name.window].add(name.piece)
    return {window for window, marked in pieces.items() if is_complete(marked)}


def unsealed_ranges(sealed: AbstractSet[int], span: WindowRange, width_s: int) -> list[WindowRange]:
    """The runs of windows in `span` that are not `sealed`, ascending. An empty span (last < first) has none."""
    found: list[WindowRange] = []
    for window in range(span.first, span.last + 1, width_s):
        if window in sealed:
            continue
        if found and found[-1].last + width_s == window:
            found[-1] = WindowRange(found[-1].first, window)
        else:
            found.append(WindowRange(window, window))
    return found


def search_ranges(sealed: AbstractSet[int], span: WindowRange, width_s: int) -> list[WindowRange]:
    """The windows whose segments a search reads beside the digests: ascending, apart from each other.

    Those are the unsealed ones of `span`, and before each the windows since the beginning of its group, which may lie
    before `span`.
    """
    found: list[WindowRange] = []
    for run in unsealed_ranges(sealed, span, width_s):
        first = group_start(run.first, width_s)
        if found and first <= found[-1].last + width_s:
            found[-1] = WindowRange(found[-1].first, run.last)
        else:
            found.append(WindowRange(first, run.last))
    return found
