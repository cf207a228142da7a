import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.view_names import (
    HourParts,
    MarkerBody,
    MarkerName,
    MergedBody,
    MergedName,
    PieceName,
    SegmentName,
    day_start,
    dead_partition,
    digest_partition,
    find_marker,
    first_sort,
    hour_start,
    is_whole,
    last_sort,
    late_sort,
    marker_body,
    marker_sort,
    merged_body,
    merged_partition,
    merged_sort,
    parse_marker_body,
    parse_merged,
    parse_merged_body,
    parse_piece,
    parse_segment,
    piece_sort,
    rollup_partition,
    sealed_partition,
    segment_partition,
    segment_sort,
    tenants_partition,
    window_of,
)

NOON = 1_767_268_800
MOMENTS = st.integers(0, 2**32)
PIECES = st.text("01", max_size=12).map("-".__add__)


@given(MOMENTS, PIECES, st.integers(0, 200))
def test_what_a_sort_key_was_made_of_can_be_read_from_it(window, piece, part):
    segment = SegmentName(window, "123400000000000000", "deadbeef", part)
    assert parse_segment(segment_sort(segment)) == segment
    assert parse_piece(piece_sort(PieceName(window, piece, part))) == (window, piece, part)
    assert parse_merged(merged_sort(MergedName(window, part))) == (window, part)
    assert find_marker(marker_sort(MarkerName(window, piece))) == (window, piece)
    assert window_of(segment_sort(segment)) == window


def test_a_late_note_is_no_marker():
    assert find_marker(late_sort(NOON, "deadbeef")) is None


@given(MOMENTS, MOMENTS, PIECES)
def test_sort_keys_are_in_the_order_of_their_windows(one, other, piece):
    first, last = first_sort(one), last_sort(one)
    key = piece_sort(PieceName(other, piece, 0))
    assert (first <= key <= last) == (one == other)
    assert (key < first) == (other < one)


def test_partitions_are_cut_by_hours_and_days():
    later = NOON + 3599
    assert segment_partition(later) == segment_partition(NOON) == f"seg#{NOON}"
    assert sealed_partition(later) == f"sealed#{NOON}"
    assert (digest_partition(NOON), rollup_partition(NOON)) == (f"dig#{NOON}", f"rol#{NOON}")
    midnight = NOON - 12 * 3600
    assert merged_partition(NOON) == f"roh#{midnight}"
    assert tenants_partition(later) == f"tenants#{midnight}"
    assert dead_partition(later) == f"dead#{midnight}"
    assert (hour_start(later), day_start(later)) == (NOON, midnight)


@given(MOMENTS, st.integers(1, 1000), st.binary(max_size=20))
def test_a_merged_hour_says_until_when_it_is_complete(until, parts, packed):
    merged = MergedBody(until, parts, packed)
    assert parse_merged_body(merged_body(merged)) == merged


@given(st.booleans(), st.lists(st.tuples(MOMENTS, st.integers(0, 9), st.integers(0, 9)), max_size=3))
def test_a_marker_says_where_its_seal_has_put_something(is_sealed, hours):
    body = MarkerBody(is_sealed, tuple(HourParts(*each) for each in hours))
    assert parse_marker_body(marker_body(body)) == body


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([], False),
        (["-"], True),
        (["-0"], False),
        (["-0", "-1"], True),
        (["-0", "-10"], False),
        (["-0", "-10", "-11"], True),
        (["-00", "-01", "-10", "-110", "-111"], True),
        (["-", "-0"], True),
        (["-0", "-01"], False),
    ],
)
def test_pieces_are_whole_when_every_trace_is_in_one(pieces, whole):
    assert is_whole(pieces) == whole
