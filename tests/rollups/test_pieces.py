from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rollups.pieces import MAX_DEPTH, WHOLE, children, cover, holds, is_complete, piece_of

NAMES = st.sets(st.text("01", max_size=4).map(lambda bits: WHOLE + bits), max_size=12)
TRACE_IDS = [f"{number:032x}" for number in range(200)]


def test_every_trace_is_in_exactly_one_half():
    for piece in (WHOLE, *children(WHOLE), "-01"):
        for trace_id in TRACE_IDS:
            assert holds(piece, trace_id) == (sum(holds(half, trace_id) for half in children(piece)) == 1)


def test_halves_are_about_halves():
    assert 70 < sum(holds("-0", trace_id) for trace_id in TRACE_IDS) < 130


def test_a_trace_has_a_piece_of_every_depth():
    names = [piece_of("5b8efff798038103d269b633813fc60c", depth) for depth in range(MAX_DEPTH + 1)]
    assert all(finer[:-1] == coarser for coarser, finer in pairwise(names))


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["-"], ["-"]),
        (["-", "-0"], ["-"]),
        (["-", "-0", "-1"], ["-0", "-1"]),
        (["-", "-00", "-01", "-1"], ["-00", "-01", "-1"]),
        (["-", "-0", "-00", "-1"], ["-0", "-1"]),
        (["-", "-00", "-01"], ["-"]),
        (["-0", "-10"], ["-0", "-10"]),
        ([], []),
    ],
)
def test_the_deepest_pieces_that_hold_everything_are_taken(names: list[str], taken: list[str]):
    assert cover(names) == set(taken)


@given(NAMES)
def test_no_trace_is_taken_twice_and_none_that_is_there_is_left_out(names: set[str]):
    taken = cover(names)
    assert taken <= names
    for trace_id in TRACE_IDS:
        assert sum(holds(name, trace_id) for name in taken) == any(holds(name, trace_id) for name in names)


@given(NAMES)
def test_a_window_is_complete_when_every_trace_is_held(names: set[str]):
    leaves = [f"-{number:04b}" for number in range(16)]
    assert is_complete(names) == all(any(leaf.startswith(name) for name in names) for leaf in leaves)


@given(NAMES)
def test_an_older_coarser_layout_changes_nothing(names: set[str]):
    if is_complete(names - {WHOLE}):
        assert cover(names | {WHOLE}) == cover(names - {WHOLE})


@pytest.mark.parametrize("name", ["", "0", "-2", "--0", "-" + "0" * 65])
def test_what_is_no_piece_is_refused(name: str):
    with pytest.raises(ValueError, match="not the name of a piece"):
        cover([name])


def test_the_finest_piece_has_no_halves():
    with pytest.raises(ValueError, match="cannot be halved"):
        children("-" + "0" * MAX_DEPTH)
