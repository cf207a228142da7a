"""The promise of rollups: whatever happens between arrival and reading, the sums are those of one offline pass.

The seals here are the plainest reading of the design: blocks are read from facts, which show them at once; which
traces a window has is told by segments, which may come late; a seal may die between its pieces, come again, and cut
the window otherwise. At last each window with segments has been sealed once more, to its end.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.model.span import Span
from chalicelib.model.windows import arrival_window
from chalicelib.rollups.contributions import contribute, contribution
from chalicelib.rollups.packing import pack, unpack
from chalicelib.rollups.pieces import cover, holds
from chalicelib.rollups.rollup import EMPTY, Rollup, Sums, total
from tests.actors import MS, NOON_NS
from tests.rollups.strategies import SPANS, stored

WIDTH_S, QUIET_S = 60, 60
NOON_MS = NOON_NS // MS
LAYOUTS = (["-"], ["-0", "-1"], ["-0", "-10", "-11"], ["-00", "-01", "-1"])
TRACE_IDS = [f"{number:032x}" for number in range(1, 5)]


class Arrived(NamedTuple):
    """A block, the second in which it arrived, and after how many more its segment came."""

    trace_id: str
    spans: tuple[Span, ...]
    arrived_s: int
    delay_s: int

    @property
    def arrived_ms(self) -> int:
        return NOON_MS + self.arrived_s * 1000

    @property
    def window(self) -> int:
        return arrival_window(self.arrived_ms, WIDTH_S)


BLOCKS = st.lists(
    st.builds(
        Arrived,
        trace_id=st.sampled_from(TRACE_IDS),
        spans=st.lists(SPANS, min_size=1, max_size=3).map(tuple),
        arrived_s=st.integers(0, 700),
        delay_s=st.sampled_from([1, 5, 200, 900]),
    ),
    min_size=1,
    max_size=8,
)


def is_seal_point(window: int, windows: set[int]) -> bool:
    follows_soon = any(window < other <= window + QUIET_S for other in windows)
    return window in windows and (not follows_soon or window // WIDTH_S % 5 == 4)


def add_state(blocks: Iterable[Arrived], last: int, sums: Sums, sign: int) -> None:
    """What a trace had up to the window `last`."""
    there = [block for block in blocks if block.window <= last]
    if there:
        spans = [span for block in there for span in block.spans]
        contribute(stored(spans, min(block.arrived_ms for block in there), there[0].trace_id), sums, sign)


def sealed(blocks: list[Arrived], window: int, piece: str) -> dict[int, Rollup]:
    """What the seal of a piece of a window puts, by hour."""
    traces = defaultdict(list)
    for block in blocks:
        traces[block.trace_id].append(block)
    sums = Sums()
    for trace_id, those in traces.items():
        points = [point for point in {b.window for b in those} if is_seal_point(point, {b.window for b in those})]
        if holds(piece, trace_id) and window in points:
            add_state(those, window, sums, 1)
            add_state(those, max((point for point in points if point < window), default=-1), sums, -1)
    return sums.rollups()


class Views:
    """Rollup views as they lie in the store: bytes by hour, window and piece."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[int, int, str], bytes] = {}

    def seal(self, blocks: list[Arrived], window: int, layout: list[str], rnd: random.Random, *, dies: bool) -> None:
        """Put the pieces of a window in any order; a seal that dies has put some of them."""
        put = {(hour, piece): each for piece in layout for hour, each in sealed(blocks, window, piece).items()}
        hours = {hour for hour, _ in put} | {hour for hour, at, _ in self.bodies if at == window}
        everything = [(hour, piece) for hour in sorted(hours) for piece in layout]
        rnd.shuffle(everything)
        for hour, piece in everything[: rnd.randrange(len(everything) + 1) if dies else None]:
            self.bodies[hour, window, piece] = pack(put.get((hour, piece), EMPTY))

    def read(self) -> dict[int, Rollup]:
        """The sum of each hour by cover."""
        names: dict[tuple[int, int], set[str]] = defaultdict(set)
        for hour, window, piece in self.bodies:
            names[hour, window].add(piece)
        hours: dict[int, list[Rollup]] = defaultdict(list)
        for (hour, window), pieces in names.items():
            hours[hour] += [unpack(self.bodies[hour, window, piece]) for piece in cover(pieces)]
        return {hour: total(rollups) for hour, rollups in sorted(hours.items())}


def offline(blocks: list[Arrived]) -> dict[int, Rollup]:
    """All facts at once."""
    sums = Sums()
    for trace_id in {block.trace_id for block in blocks}:
        those = [block for block in blocks if block.trace_id == trace_id]
        spans = [span for block in those for span in block.spans]
        sums.add(contribution(stored(spans, min(block.arrived_ms for block in those), trace_id)))
    return sums.rollups()


def counts(rollups: dict[int, Rollup]) -> dict[int, tuple[object, ...]]:
    """What must be right to the last count. The catalog's values are best effort (catalog.py), but not its totals."""
    return {
        hour: (rollup.red, rollup.edges, rollup.dependencies, sum(rollup.catalog.values()))
        for hour, rollup in rollups.items()
        if rollup.red or rollup.edges or rollup.dependencies
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BLOCKS, st.randoms(use_true_random=False))
def test_any_arrivals_seals_crashes_and_replays_add_up_to_one_offline_pass(blocks: list[Arrived], rnd: random.Random):
    views = Views()
    for block in sorted(blocks, key=lambda block: block.arrived_s + block.delay_s):
        due_s = block.window + WIDTH_S + QUIET_S + 45 - NOON_MS // 1000
        now_s = max(due_s, block.arrived_s + block.delay_s)
        seen = [each for each in blocks if each.arrived_s <= now_s]
        for _ in range(rnd.randrange(3)):
            views.seal(seen, block.window, rnd.choice(LAYOUTS), rnd, dies=rnd.random() < 0.5)
    windows = sorted({block.window for block in blocks})
    rnd.shuffle(windows)
    for window in windows:
        views.seal(blocks, window, rnd.choice(LAYOUTS), rnd, dies=False)
    assert counts(views.read()) == counts(offline(blocks))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BLOCKS)
def test_a_seal_that_knew_all_that_had_arrived_when_it_was_due_needs_no_other(blocks: list[Arrived]):
    """Facts show a block at once, so what arrives after a seal was due changes no seal point up to it."""
    views = Views()
    for window in {block.window for block in blocks}:
        due_s = window + WIDTH_S + QUIET_S + 45 - NOON_MS // 1000
        seen = [block for block in blocks if block.arrived_s <= due_s]
        views.seal(seen, window, ["-"], random.Random(1), dies=False)
    assert counts(views.read()) == counts(offline(blocks))
