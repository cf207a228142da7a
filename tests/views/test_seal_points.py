"""When a trace is sealed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.block import Block, KeptBlock
from chalicelib.settings import Settings
from chalicelib.views.seal_points import find_stretch, seal_points
from tests.actors import TRACE_ID

SETTINGS = Settings(seal_window_s=60, seal_quiet_s=60)
START = 1_767_268_800  # begins a group of five windows

WINDOWS = st.lists(st.integers(0, 20).map(lambda number: START + 60 * number), min_size=1, max_size=8)
QUIETS = st.integers(1, 300)


def block(window, name=b"a"):
    return KeptBlock(
        block=Block(trace_id=TRACE_ID, payload=name, span_count=1),
        digest=name.ljust(12),
        arrived_ms=window * 1000 + 59_999,
        expires_at_s=2**40,
    )


@pytest.mark.parametrize(
    ("arrivals", "points"),
    [
        ([0], [0]),
        ([0, 0], [0]),
        ([0, 1], [1]),
        ([0, 2], [0, 2]),
        ([0, 1, 2, 3, 4, 5, 6], [4, 6]),
        ([4, 5], [4, 5]),
        ([3, 5], [3, 5]),
    ],
)
def test_a_trace_is_sealed_when_it_has_gone_quiet_and_at_the_end_of_each_five_windows(arrivals, points):
    windows = [START + 60 * number for number in arrivals]
    assert seal_points(windows, SETTINGS) == [START + 60 * number for number in points]


@given(WINDOWS, QUIETS)
def test_the_last_window_is_always_a_seal_point_and_so_is_the_last_of_each_group(windows, quiet_s):
    points = seal_points(windows, Settings(seal_quiet_s=quiet_s))
    lasts = {max(window for window in windows if window // 300 == group) for group in {w // 300 for w in windows}}
    assert lasts <= set(points) <= set(windows)


@given(WINDOWS, QUIETS)
def test_what_is_added_at_the_seal_points_is_every_block_once(windows, quiet_s):
    settings = Settings(seal_quiet_s=quiet_s)
    blocks = [block(window, bytes([number])) for number, window in enumerate(windows)]
    random.Random(1).shuffle(blocks)
    added = []
    for window in sorted(set(windows), reverse=True):
        if (stretch := find_stretch(blocks, window, settings)) is not None:
            assert {kept.digest for kept in stretch.before} < {kept.digest for kept in stretch.now}
            added += set(stretch.now) - set(stretch.before)
    assert sorted(kept.digest for kept in added) == sorted(kept.digest for kept in blocks)


def test_the_blocks_of_a_stretch_are_in_the_order_of_their_digests():
    """So that what is computed of them does not depend on the store."""
    blocks = [block(START, name) for name in (b"c", b"a", b"b")]
    assert [kept.block.payload for kept in find_stretch(blocks, START, SETTINGS).now] == [b"a", b"b", b"c"]


def test_a_window_in_which_nothing_of_a_trace_arrived_is_no_seal_point():
    assert find_stretch([block(START)], START + 60, SETTINGS) is None
    assert find_stretch([], START, SETTINGS) is None
