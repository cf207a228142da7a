"""Every view again, from facts alone."""

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
