import itertools

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.view import View
from chalicelib.storage.sealed_windows import (
    WindowRange,
    group_start,
    sealed_windows,
    search_ranges,
    unsealed_ranges,
)
from chalicelib.storage.view_names import MarkerBody, PieceName, late_sort, marker_body, piece_sort

START = 1_767_268_800  # begins a group
WINDOWS = st.sets(st.integers(0, 40).map(lambda number: START + 60 * number))


def marker(window, piece="-", is_sealed=True):
    body = marker_body(MarkerBody(is_sealed, ()))
    return View(partition="sealed#0", sort=piece_sort(PieceName(window, piece)), body=body, expires_at_s=0)


def test_a_window_is_sealed_once_markers_cover_it():
    late = View(partition="sealed#0", sort=late_sort(START, "deadbeef"), body=b"", expires_at_s=0)
    begun = marker(START + 120, is_sealed=False)
    halves = [marker(START + 60, "-0"), marker(START + 60, "-1"), marker(START + 180, "-0")]
    assert sealed_windows([marker(START), late, begun, *halves]) == {START, START + 60}


@given(WINDOWS, st.integers(0, 40), st.integers(-2, 40))
def test_every_window_of_a_span_is_sealed_or_in_one_run(sealed, first, length):
    span = WindowRange(START + 60 * first, START + 60 * (first + length))
    runs = unsealed_ranges(sealed, span, 60)
    listed = [window for run in runs for window in range(run.first, run.last + 1, 60)]
    assert listed == [window for window in range(span.first, span.last + 1, 60) if window not in sealed]
    assert all(later.first > run.last + 60 for run, later in itertools.pairwise(runs))


@given(WINDOWS, st.integers(0, 40))
def test_a_search_reads_what_is_not_sealed_and_back_to_the_beginning_of_its_group(sealed, length):
    span = WindowRange(START + 120, START + 60 * length)
    ranges = search_ranges(sealed, span, 60)
    listed = {window for each in ranges for window in range(each.first, each.last + 1, 60)}
    unsealed = set(range(span.first, span.last + 1, 60)) - sealed
    assert unsealed <= listed
    assert {group_start(window, 60) for window in listed} == {group_start(window, 60) for window in unsealed}
    assert all(later.first > each.last + 60 for each, later in itertools.pairwise(ranges))


def test_groups_are_five_windows():
    assert [group_start(START + 60 * number, 60) for number in range(6)] == [START] * 5 + [START + 300]
