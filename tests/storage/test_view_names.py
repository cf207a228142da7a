from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.view_names import (
    DigestName,
    MarkerBody,
    MergedBody,
    PieceName,
    Place,
    SegmentName,
    day_start,
    dead_partition,
    digest_partition,
    digest_sort,
    first_sort,
    hour_start,
    is_late_note,
    is_open_span,
    last_sort,
    late_sort,
    marker_body,
    merged_body,
    merged_partition,
    merged_sort,
    open_partition,
    open_span_sort,
    parse_digest,
    parse_marker_body,
    parse_merged_body,
    parse_piece,
    parse_segment,
    piece_sort,
    rollup_partition,
    sealed_partition,
    segment_partition,
    segment_sort,
    tenants_partition,
    verdict_sort,
    window_of,
)

NOON = 1_767_268_800
MOMENTS = st.integers(0, 2**32)
PIECES = st.text("01", max_size=12).map("-".__add__)


@given(MOMENTS, PIECES, st.integers(0, 200))
def test_what_a_sort_key_was_made_of_can_be_read_from_it(window, piece, part):
    segment = SegmentName(window, "123400000000000000", "deadbeef", part)
    assert parse_segment(segment_sort(segment)) == segment
    assert parse_digest(digest_sort(DigestName(window, piece, part))) == (window, piece, part)
    assert parse_piece(piece_sort(PieceName(window, piece))) == (window, piece)
    assert window_of(segment_sort(segment)) == window_of(merged_sort(window)) == window


def test_a_late_note_is_no_marker():
    assert is_late_note(late_sort(NOON, "deadbeef"))
    assert not is_late_note(piece_sort(PieceName(NOON, "-01")))


@given(MOMENTS, MOMENTS, PIECES)
def test_sort_keys_are_in_the_order_of_their_windows(one, other, piece):
    first, last = first_sort(one), last_sort(one)
    key = piece_sort(PieceName(other, piece))
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


@given(MOMENTS, st.binary(max_size=20))
def test_a_merged_hour_says_until_when_it_is_complete(until, packed):
    merged = MergedBody(until, packed)
    assert parse_merged_body(merged_body(merged)) == merged


@given(st.booleans(), st.lists(st.builds(Place, MOMENTS, st.integers(0, 9)), max_size=3))
def test_a_marker_says_where_its_seal_has_put_something(is_sealed, places):
    body = MarkerBody(is_sealed, tuple(places))
    assert parse_marker_body(marker_body(body)) == body


def test_an_invocation_has_a_place_of_its_own_whatever_its_names_are():
    named = {("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("a", "b", 'c"'), ("", "a", "b")}
    places = {open_partition(*names) for names in named}
    assert len(places) == len(named)
    assert {len(place) for place in places} == {37}
    assert is_open_span(open_span_sort("00f067aa0ba902b7"))
    assert not is_open_span(verdict_sort(b"[]"))
