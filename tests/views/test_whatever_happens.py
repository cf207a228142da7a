"""Posts, repeats, batches in any order and cut, clocks, crashes at any moment: in the end, the same sums.

Hypothesis plays the world; at the end of each play everything that is under way arrives, and then

- the rollups add up to what one pass over the facts adds up to, and Zipkin's links to those of all spans at once,
- every trace is in a digest,
- the views are those that a rebuild makes.
"""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chalicelib.model.errors import StoreError
from chalicelib.model.windows import HOUR_S
from chalicelib.settings import Settings
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.views.mortal import Killed
from tests.views.pipeline import Pipeline, found_in, layouts, linked, links_in, of_windows, offline, settled, summed
from tests.views.traffic import S, spans_of

TENANTS = st.sampled_from(["acme", "default"])
TRACES = st.sampled_from(["one", "half of one", "two", "three", "half of three"])
NAMES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True).map(sorted)
AGES_S = st.sampled_from([0, 5, 200, 3700, 9000, -7000])
CRASHES = st.none() | st.integers(0, 40)


class World(RuleBasedStateMachine):
    """One deployment, and everything that may happen to it."""

    latency_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.under_way: list[Any] = []
        self.delivered: list[Any] = []
        self.posted: list[tuple[str, Any]] = []

    @initialize(piece=st.sampled_from([2, 3, 2048]), minutes=st.integers(0, 70))
    def begin(self, piece, minutes):
        self.pipeline = Pipeline(settings=Settings(seal_piece_traces=piece), clock=Clock(NOON_NS + minutes * 60 * S))
        self.pipeline.fuse.on_call = self._take_time

    @rule(tenant=TENANTS, trace=TRACES, names=NAMES, age_s=AGES_S)
    def post(self, tenant, trace, names, age_s):
        spans = spans_of(trace, names, self.pipeline.clock.at_ns - age_s * S)
        self.posted.append((tenant, spans))
        self.under_way.append(self.pipeline.post(spans, tenant))

    @rule(data=st.data())
    def post_again(self, data):
        """A sender that had no answer tries again, minutes later perhaps."""
        if self.posted:
            tenant, spans = data.draw(st.sampled_from(self.posted))
            self.under_way.append(self.pipeline.post(spans, tenant))

    @rule(data=st.data(), crash=CRASHES)
    def deliver(self, data, crash):
        """Some of what the stream has, in any order, perhaps with some that it gave before."""
        known = self.under_way + self.delivered
        if not known:
            return
        batch = data.draw(st.lists(st.sampled_from(known), max_size=8, unique_by=id))
        if self._survives(lambda: self.pipeline.deliver(batch), crash):
            self.under_way = [arrival for arrival in self.under_way if not any(arrival is one for one in batch)]
            self.delivered += batch

    @rule(seconds=st.sampled_from([1, 20, 61, 130, 700]))
    def wait(self, seconds):
        self.pipeline.clock.advance_s(seconds)

    @precondition(lambda self: self.pipeline.clock.at_ns < NOON_NS + 12 * HOUR_S * S)
    @rule()
    def wait_for_merges(self):
        """Until hours are merged, but not until windows are too old to be sealed again."""
        self.pipeline.clock.at_ns = (self.pipeline.clock.at_ns // (HOUR_S * S) + 2) * HOUR_S * S + 37 * 60 * S
        self._survives(self.pipeline.tick, None)

    @rule(crash=CRASHES, in_s=st.sampled_from([11, 50]))
    def tick(self, crash, in_s):
        self._survives(lambda: self.pipeline.tick(in_s), crash)

    @rule(crash=CRASHES)
    def work(self, crash):
        self._survives(self.pipeline.work, crash)

    @rule(data=st.data(), call=st.integers(1, 40), first=st.sampled_from(["tick", "work"]))
    def run_beside(self, data, call, first):
        """One function waits for its `call`-th answer while others run from beginning to end."""
        batch = data.draw(st.lists(st.sampled_from(self.under_way), max_size=4, unique_by=id)) if self.under_way else []
        left = iter(range(call, -1, -1))

        def others() -> None:
            if next(left, None) == 0:
                self._survives(lambda: self.pipeline.deliver(batch), None)
                self._survives(self.pipeline.tick, None)
                self._survives(self.pipeline.work, None)

        self.pipeline.fuse.on_call = others
        self._survives(getattr(self.pipeline, first), None)
        self.pipeline.fuse.on_call = self._take_time
        self.delivered += batch

    def _take_time(self) -> None:
        self.pipeline.clock.advance_s(self.latency_s)

    def _survives(self, act, crash) -> bool:
        self.pipeline.fuse.left = crash
        try:
            act()
        except (Killed, StoreError):  # no time was left, where calls take theirs
            return False
        finally:
            self.pipeline.fuse.left = None
        return True

    def teardown(self) -> None:
        if not hasattr(self, "pipeline"):
            return
        self.latency_s = 0.0
        self.pipeline.deliver(self.under_way)
        self.pipeline.settle()
        for _ in range(2):  # hours in which spans are that a sender's clock put into the future
            self.wait_for_merges()
        self.check()

    def check(self) -> None:
        facts, views = self.pipeline.facts, self.pipeline.views
        assert summed(views) == offline(facts)
        assert links_in(summed(views)) == linked(facts)
        assert found_in(views, ("dig#",)) == {(tenant, kept.block.trace_id) for tenant, kept in facts.scan()}
        self.check_rebuilt()

    def check_rebuilt(self) -> None:
        assert self.pipeline.telemetry.counts["seals_failed"] == 0
        ours, rebuilt = settled(self.pipeline.views), settled(self.pipeline.rebuilt())
        cut_alike = {window for window, pieces in layouts(ours).items() if layouts(rebuilt).get(window) == pieces}
        assert of_windows(ours, cut_alike) == of_windows(rebuilt, cut_alike)


class SlowWorld(World):
    """As above, but every call takes its time, so that seals are cut and handed on: other layouts, the same sums."""

    latency_s = 1.5

    def check_rebuilt(self) -> None:
        rebuilt = self.pipeline.rebuilt()
        assert summed(rebuilt) == summed(self.pipeline.views)
        assert found_in(rebuilt, ("dig#",)) == found_in(self.pipeline.views, ("dig#",))


PLAY = settings(max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestWorld = World.TestCase
TestWorld.settings = PLAY
TestSlowWorld = SlowWorld.TestCase
TestSlowWorld.settings = PLAY
