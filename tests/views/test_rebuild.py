"""Every view again, from facts alone."""

import json
import random

import pytest

from chalicelib.model.errors import StoreError, UnreadableBlock
from chalicelib.settings import Settings
from chalicelib.views.rebuild import BATCH_BLOCKS, rebuild
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline, found_in, offline, settled, summed
from tests.views.traffic import S, spans_of

FAILURES = {"policies": [{"name": "failures", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}]}
FINE, FAILED = ["a", "b"], ["d"]


def live(seed, traces=150, **settings):
    """An hour and a half of traffic whose stream is shuffled, repeated and cut, and sealed as minutes pass."""
    chance = random.Random(seed)
    pipeline = Pipeline(settings=Settings(**settings), clock=Clock(NOON_NS))
    waiting = []
    for number in range(traces):
        name = f"trace {chance.randrange(traces)}"
        names = sorted(chance.sample("abcdefg", chance.randint(1, 4)))
        spans = spans_of(name, names, pipeline.clock.at_ns - chance.choice([0, 1, 90, 4000]) * S)
        waiting.append(pipeline.post(spans, chance.choice([TENANT, "acme"])))
        pipeline.clock.advance_s(chance.randrange(60))
        if number % 7 == 0:
            chance.shuffle(waiting)
            cut = chance.randrange(len(waiting) + 1)
            pipeline.deliver(waiting[:cut])
            pipeline.deliver(waiting[:cut:2])
            waiting = waiting[cut:]
            pipeline.tick()
    pipeline.deliver(waiting)
    pipeline.settle()
    pipeline.clock.at_ns = (pipeline.clock.at_ns // (3600 * S) + 3) * 3600 * S + 37 * 60 * S
    pipeline.tick()
    pipeline.work()
    return pipeline


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("piece", [2, 2048])
def test_the_views_of_settled_windows_are_there_again_byte_for_byte(seed, piece):
    pipeline = live(seed, seal_piece_traces=piece)
    found = settled(pipeline.views)
    assert {key[1].partition("#")[0] for key in found} == {"dig", "rol", "roh", "sealed"}
    assert settled(pipeline.rebuilt()) == found
    assert summed(pipeline.views) == offline(pipeline.facts)


def test_it_drops_what_there_was_and_says_what_it_does():
    pipeline = live(1, traces=40)
    before = settled(pipeline.views)
    pipeline.views._views["acme", "dig#1"] = dict(pipeline.views._views[TENANT, f"dig#{NOON_NS // S}"])
    said = []
    rebuilt = rebuild(pipeline.services, pipeline.facts, pipeline.clock.deadline(), said.append)
    assert settled(pipeline.views) == before
    facts = [kept for _, kept in pipeline.facts.scan()]
    assert rebuilt.blocks == len(facts) < BATCH_BLOCKS
    assert rebuilt.spans == sum(kept.block.span_count for kept in facts)
    assert rebuilt.views_dropped > rebuilt.segments == rebuilt.windows > rebuilt.merges > 0
    assert (rebuilt.dead, rebuilt.unreadable) == (0, None)
    assert said[0] == f"{rebuilt.views_dropped} views dropped"
    assert said[-1] == f"{rebuilt.merges} hours merged"


def test_windows_that_are_not_due_are_left_to_the_next_tick():
    pipeline = Pipeline(clock=Clock(NOON_NS))
    pipeline.post(spans_of("one", ["a"], NOON_NS))
    rebuilt = rebuild(pipeline.services, pipeline.facts, pipeline.clock.deadline(), lambda line: None)
    assert (rebuilt.segments, rebuilt.windows) == (1, 0)
    pipeline.settle()
    assert len(found_in(pipeline.views, ("dig#",))) == 1


def test_facts_that_cannot_be_read_are_told_of_and_the_others_are_there():
    pipeline = live(1, traces=20)
    before = settled(pipeline.views)

    class Broken:
        def scan(self, *, covered=False):
            yield from pipeline.facts.scan(covered=covered)
            raise UnreadableBlock("one block of format 9")

    rebuilt = rebuild(pipeline.services, Broken(), pipeline.clock.deadline(), lambda line: None)
    assert rebuilt.unreadable == "one block of format 9"
    assert settled(pipeline.views) == before


def test_a_store_that_fails_is_told():
    pipeline = live(1, traces=5)

    class Away:
        def scan(self, *, covered=False):
            raise StoreError("away")

    with pytest.raises(StoreError):
        rebuild(pipeline.services, Away(), pipeline.clock.deadline(), lambda line: None)


def arrive(pipeline: Pipeline, names: list[str], *, undecided: bool = False) -> None:
    """Spans of one trace, indexed and sealed."""
    pipeline.deliver([pipeline.post(spans_of("one", names, pipeline.clock.at_ns), undecided=undecided)])
    pipeline.settle()


def test_a_trace_that_was_dropped_at_first_and_kept_later_is_counted_as_it_was():
    """The consolidated block arrived with the failure; what was counted without it arrived minutes earlier."""
    pipeline = Pipeline()
    pipeline.sampling.put_sampling(TENANT, json.dumps(FAILURES).encode())
    arrive(pipeline, FINE, undecided=True)
    arrive(pipeline, FAILED, undecided=True)
    rebuilt = pipeline.rebuilt()
    assert summed(rebuilt) == summed(pipeline.views)
    assert found_in(rebuilt, ("dig#",)) == found_in(pipeline.views, ("dig#",))


def test_a_tick_that_runs_amid_a_rebuild_makes_nothing_be_missed():
    """At its deep minute it seals windows of the day before, of which the rebuild has put half the segments so far."""
    pipeline = Pipeline()
    first = pipeline.post(spans_of("one", FINE, pipeline.clock.at_ns))
    second = pipeline.post(spans_of("two", FINE, pipeline.clock.at_ns))
    pipeline.deliver([first, second])
    pipeline.settle()
    expected = settled(pipeline.views)
    pipeline.clock.advance_s(25 * 3600)

    def meanwhile(line: str) -> None:
        if "dropped" in line:
            pipeline.deliver([first])
            pipeline.work()

    rebuild(pipeline.services, pipeline.facts, pipeline.clock.deadline(), meanwhile)
    now = settled(pipeline.views)
    assert {key: now.get(key) for key in expected} == expected
