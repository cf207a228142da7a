"""What sampling keeps and what it lets go, on a store in memory."""

import dataclasses
import json
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.merge import merge, whole
from chalicelib.codecs.otlp.spans import from_spans, to_spans
from chalicelib.codecs.stored import stored_trace
from chalicelib.model.block import Block, KeptBlock
from chalicelib.model.errors import StoreError
from chalicelib.model.span import Span
from chalicelib.propagation.probability import parse
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryBlockStore
from chalicelib.storage.port import MAX_COVERED_BLOCKS, MAX_PAYLOAD_BYTES, BlockStore
from chalicelib.views.consolidation import Candidate, as_sent, settle
from tests.actors import failure, span, with_fields
from tests.clocks import Clock
from tests.engines import dynamo_blocks
from tests.in_memory import services_in_memory

TENANT = "acme"
WINDOW_S = 60
DAY_S = 24 * 3600
FAILED = {"name": "failed", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}
HALF = {"name": "half", "type": "probabilistic", "probabilistic": {"sampling_percentage": 50}}
ALWAYS = {"name": "always", "type": "always_sample"}
LUCKY = f"{1:032x}"[:18] + "ff" * 7
UNLUCKY = f"{1:032x}"[:18] + "00" * 7


class World:
    """A tenant's traces between their posts and their seals."""

    def __init__(self, *policies: dict, document: bytes | None = None) -> None:
        self.clock = Clock()
        self.services = services_in_memory(now_ns=self.clock.now_ns)
        if policies:
            document = json.dumps({"policies": policies}).encode()
        if document is not None:
            self.services.sampling.put_sampling(TENANT, document)

    def use(self, blocks: BlockStore) -> None:
        self.services = dataclasses.replace(self.services, blocks=blocks)

    def post(self, *spans: Span, undecided: bool = True) -> None:
        by_trace: dict[str, list[Span]] = {}
        for one in spans:
            by_trace.setdefault(one.trace_id, []).append(one)
        blocks = [block(trace_id, own) for trace_id, own in by_trace.items()]
        self.services.blocks.write(TENANT, blocks, self.clock.deadline(), undecided=undecided)

    def candidate(self, trace_id: str) -> Candidate:
        blocks = tuple(self.services.blocks.read_kept(TENANT, trace_id, self.clock.deadline(), covered=True))
        trace = stored_trace(as_sent(blocks))
        assert trace is not None
        return Candidate(trace=trace, blocks=blocks)

    def seal(self, *trace_ids: str, services: Services | None = None) -> list[bool]:
        candidates = [self.candidate(trace_id) for trace_id in trace_ids]
        return settle(services or self.services, TENANT, candidates, WINDOW_S, 1.0, self.clock.deadline())

    def kept(self, trace_id: str) -> list[KeptBlock]:
        return list(self.services.blocks.read_kept(TENANT, trace_id, self.clock.deadline()))

    def spans(self, trace_id: str) -> list[Span]:
        merged = merge(each.block.payload for each in self.kept(trace_id))
        return sorted(to_spans(whole(merged)), key=lambda one: (one.start_ns, one.span_id))

    def expire_undecided(self) -> None:
        self.clock.advance_s(DAY_S + 1)


def block(trace_id: str, spans: Iterable[Span]) -> Block:
    own = list(spans)
    return Block(trace_id=trace_id, payload=from_spans(own).SerializeToString(), span_count=len(own))


def spans_of(trace_id: str, *names: str, **fields: object) -> list[Span]:
    return [span(name, trace_id=trace_id, at=(number, number + 1), **fields) for number, name in enumerate(names)]


def test_a_kept_trace_is_read_back_as_it_was_sent_long_after_undecided_blocks_have_gone():
    world = World(FAILED)
    sent = spans_of(LUCKY, "a", "b", **failure())
    world.post(*sent)
    assert world.seal(LUCKY) == [True]
    assert world.spans(LUCKY) == sent
    world.expire_undecided()
    assert world.spans(LUCKY) == sent


def test_a_dropped_trace_is_there_until_its_blocks_expire_and_leaves_nothing():
    world = World(FAILED)
    world.post(*spans_of(LUCKY, "a", "b"))
    assert world.seal(LUCKY) == [False]
    assert [each.covers for each in world.kept(LUCKY)] == [()]
    world.expire_undecided()
    assert world.kept(LUCKY) == []


def test_blocks_of_a_trace_become_one_that_knows_them_and_their_arrivals_and_lives_as_long_as_it_would_have():
    world = World(FAILED)
    first_ms = world.clock.now_ns() // 1_000_000
    sent = spans_of(LUCKY, "a", "b", "c", **failure())
    world.post(*sent[:2])
    world.clock.advance_s(30)
    world.post(*sent[1:])
    before = {each.digest for each in world.kept(LUCKY)}
    world.clock.advance_s(100)
    world.seal(LUCKY)
    (one,) = world.kept(LUCKY)
    assert (set(one.covers), len(one.covers), list(one.covers)) == (before, 2, sorted(one.covers))
    assert (one.first_arrived_ms, one.arrived_ms) == (first_ms, first_ms + 30_000)
    assert one.expires_at_s == one.arrived_ms // 1000 + Settings().retention_s
    assert (one.block.span_count, one.undecided) == (3, False)
    assert world.spans(LUCKY) == sent


def test_kept_by_chance_every_span_says_how_likely():
    world = World(HALF)
    own = spans_of(LUCKY, "a", "b", "c")
    states = ("vendor=1", "ot=th:c;rv:fffffffffffff0", "")
    world.post(*(with_fields(one, trace_state=state) for one, state in zip(own, states, strict=True)))
    world.post(*spans_of(UNLUCKY, "a"))
    assert world.seal(LUCKY, UNLUCKY) == [True, False]
    assert [one.trace_state for one in world.spans(LUCKY)] == [
        "ot=th:8,vendor=1",
        "ot=th:c;rv:fffffffffffff0",
        "ot=th:8",
    ]
    assert [with_fields(one, trace_state="") for one in world.spans(LUCKY)] == own


def test_a_trace_of_one_block_that_is_kept_as_it_is_is_not_taken_for_the_block_it_covers():
    """Payloads that go through a seal come out in canonical order; one that was in it already must not cover itself."""
    world = World(ALWAYS)
    (plain,) = spans_of(LUCKY, "a")
    canonical = whole(merge([block(LUCKY, [plain]).payload])).SerializeToString()
    one = Block(trace_id=LUCKY, payload=canonical, span_count=1)
    world.services.blocks.write(TENANT, [one], world.clock.deadline(), undecided=True)
    world.seal(LUCKY)
    world.seal(LUCKY)
    assert world.spans(LUCKY) == [plain]
    assert len(world.kept(LUCKY)) == 1
    world.expire_undecided()
    assert world.spans(LUCKY) == [plain]


def test_late_spans_of_a_kept_trace_are_kept_beside_it_by_the_threshold_it_was_kept_by():
    world = World(HALF)
    world.post(*spans_of(LUCKY, "a"))
    world.seal(LUCKY)
    world.clock.advance_s(3600)
    late = span("late", trace_id=LUCKY, at=(50, 60))
    world.post(late)
    world.services.sampling.put_sampling(TENANT, json.dumps({"policies": [FAILED]}).encode())
    assert world.seal(LUCKY) == [True]
    assert [one.trace_state for one in world.spans(LUCKY)] == ["ot=th:8", "ot=th:8"]
    assert [len(each.covers) for each in world.kept(LUCKY)] == [1, 1]
    world.expire_undecided()
    assert [one.name for one in world.spans(LUCKY)] == ["a", "late"]


def test_a_trace_that_was_dropped_is_kept_whole_once_more_comes_that_is_wanted():
    world = World(FAILED)
    world.post(*spans_of(LUCKY, "a"))
    assert world.seal(LUCKY) == [False]
    world.clock.advance_s(300)
    world.post(span("late", trace_id=LUCKY, at=(50, 60), **failure()))
    assert world.seal(LUCKY) == [True]
    world.expire_undecided()
    assert [one.name for one in world.spans(LUCKY)] == ["a", "late"]


def test_a_trace_that_is_there_for_the_long_time_in_part_is_kept_whole_and_counts_once():
    """What came before there were policies, or while nobody could tell."""
    world = World(HALF)
    world.post(*spans_of(UNLUCKY, "a"), undecided=False)
    world.post(span("b", trace_id=UNLUCKY, at=(5, 6)))
    assert world.seal(UNLUCKY) == [True]
    world.expire_undecided()
    assert [(one.name, one.trace_state) for one in world.spans(UNLUCKY)] == [("a", ""), ("b", "")]


def test_blocks_for_the_long_time_are_left_alone():
    world = World(FAILED)
    world.post(*spans_of(LUCKY, "a"), undecided=False)
    before = world.kept(LUCKY)
    assert world.seal(LUCKY) == [True]
    assert world.kept(LUCKY) == before


@pytest.mark.parametrize(
    "document",
    [
        None,
        b"no json",
        b'{"enabled": false}',
        json.dumps({"policies": [{"name": "t", "type": "traceql", "traceql": {"query": "{"}}]}).encode(),
    ],
)
def test_without_policies_that_can_be_read_everything_undecided_is_kept(document):
    world = World(document=document)
    world.post(*spans_of(LUCKY, "a"), *spans_of(UNLUCKY, "b"))
    assert world.seal(LUCKY, UNLUCKY) == [True, True]
    world.expire_undecided()
    assert (len(world.spans(LUCKY)), len(world.spans(UNLUCKY))) == (1, 1)


def test_a_document_that_cannot_be_read_is_warned_about_with_the_place():
    world = World({"name": "t", "type": "traceql", "traceql": {"query": "{ name = }"}})
    world.post(*spans_of(LUCKY, "a"))
    world.seal(LUCKY)
    ((_, fields),) = world.services.telemetry.warnings
    assert fields["tenant"] == TENANT
    assert fields["why"].startswith("$.policies[0].traceql.query: line 1, column 10")


def test_traceql_and_regular_expressions_decide():
    anywhere = {"key": "service.name", "values": ["eck"], "enabled_regex_matching": True}
    world = World(
        {"name": "q", "type": "traceql", "traceql": {"query": '{ name = "a" } >> { name = "b" }'}},
        {
            "name": "r",
            "type": "and",
            "and": {
                "and_sub_policy": [{"name": "s", "type": "string_attribute", "string_attribute": anywhere}, FAILED]
            },
        },
    )
    parent = span("a", trace_id=LUCKY)
    world.post(parent, span("b", trace_id=LUCKY, parent=parent), *spans_of(UNLUCKY, "a", "b"))
    assert world.seal(LUCKY, UNLUCKY) == [True, False]
    world.post(span("c", trace_id=UNLUCKY, **failure()))
    assert world.seal(UNLUCKY) == [True]


def test_a_query_that_fails_on_the_values_of_a_trace_finds_nothing_there():
    world = World({"name": "q", "type": "traceql", "traceql": {"query": "{ 1 / .n > 0 }"}})
    world.post(*spans_of(LUCKY, "a", attributes={"n": 0}), *spans_of(UNLUCKY, "a", attributes={"n": 1}))
    assert world.seal(LUCKY, UNLUCKY) == [False, True]


def test_a_large_trace_becomes_as_few_blocks_as_hold_it_and_each_covers_its_own():
    world = World(HALF)
    sent = [span(f"s{number}", trace_id=LUCKY, attributes={"text": "x" * 2000}) for number in range(1000)]
    for start in range(0, 1000, 50):
        world.post(*sent[start : start + 50])
        world.clock.advance_s(1)
    world.seal(LUCKY)
    found = world.kept(LUCKY)
    assert len(found) == 7
    assert all(len(each.block.payload) <= MAX_PAYLOAD_BYTES for each in found)
    assert sum(len(each.covers) for each in found) == 20
    assert {one.name for one in world.spans(LUCKY)} == {one.name for one in sent}
    assert {one.trace_state for one in world.spans(LUCKY)} == {"ot=th:8"}


def test_a_block_stands_for_no_more_blocks_than_a_store_takes():
    world = World(ALWAYS)
    for number in range(MAX_COVERED_BLOCKS + 1):
        world.post(span(f"s{number}", trace_id=LUCKY))
    world.seal(LUCKY)
    assert sorted(len(each.covers) for each in world.kept(LUCKY)) == [1, MAX_COVERED_BLOCKS]


def test_a_block_that_would_be_too_big_with_thresholds_is_kept_as_it_was_sent():
    world = World(HALF)
    tiny = [Span(trace_id=LUCKY, span_id=f"{number:016x}") for number in range(1, 11_000)]
    world.post(*tiny)
    assert world.seal(LUCKY) == [True]
    (one,) = world.kept(LUCKY)
    assert len(one.block.payload) <= MAX_PAYLOAD_BYTES
    assert one.block.span_count == len(tiny)
    assert {each.trace_state for each in world.spans(LUCKY)} == {""}


def test_a_rate_counts_every_trace_of_the_window_also_when_the_seal_comes_again():
    world = World({"name": "rate", "type": "rate_limiting", "rate_limiting": {"spans_per_second": 1}})
    chance = random.Random(1)
    ids = [f"{chance.getrandbits(128):032x}" for _ in range(100)]
    for trace_id in ids:
        world.post(*spans_of(trace_id, "a", "b"))
    kept = world.seal(*ids)
    assert sum(kept) == WINDOW_S // 2
    thresholds = {
        parse(world.spans(one)[0].trace_state).threshold for one, is_kept in zip(ids, kept, strict=True) if is_kept
    }
    assert len(thresholds) == 1
    chance.shuffle(ids)
    assert sum(world.seal(*ids)) == WINDOW_S // 2


class Dying(MemoryBlockStore):
    """Consolidates `writes_left` blocks, then fails."""

    writes_left = 0

    def consolidate(self, tenant, block, deadline):
        if not self.writes_left:
            raise StoreError("gone")
        self.writes_left -= 1
        super().consolidate(tenant, block, deadline)


def bytes_kept(world: World, ids: Iterable[str]) -> list[KeptBlock]:
    return sorted(
        (one for trace_id in ids for one in world.kept(trace_id)), key=lambda one: (one.block.trace_id, one.digest)
    )


POLICIES = (
    [HALF, FAILED],
    [{"name": "rate", "type": "rate_limiting", "rate_limiting": {"spans_per_second": 1}}, FAILED],
    [{"name": "q", "type": "traceql", "traceql": {"query": "{ .n > 4 }"}}],
)


def posts(chance: random.Random) -> list[list[Span]]:
    """Of 30 traces, in pieces that overlap and are shuffled."""
    found = []
    for _ in range(30):
        trace_id = f"{chance.getrandbits(128):032x}"
        fields = failure() if chance.random() < 0.2 else {}
        own = [
            span(
                f"s{number}",
                trace_id=trace_id,
                at=(number, number + 1),
                attributes={"n": chance.randrange(6)},
                **fields,
            )
            for number in range(chance.randrange(1, 8))
        ]
        cuts = sorted(chance.randrange(len(own) + 1) for _ in range(2))
        found += [
            piece for piece in (own[: cuts[0]], own[max(0, cuts[0] - 1) : cuts[1]], own[cuts[1] :], own[-1:]) if piece
        ]
    chance.shuffle(found)
    return found


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(POLICIES))
def test_any_order_repetition_or_crash_ends_with_the_same_blocks_and_the_same_verdicts(seed, policies):
    chance = random.Random(seed)
    sent = posts(chance)
    ids = sorted({post[0].trace_id for post in sent})
    calm, stormy = World(*policies), World(*policies)
    for post in sent:
        calm.post(*post)
    verdicts = dict(zip(ids, calm.seal(*ids), strict=True))

    store = Dying(stormy.clock.now_ns, Settings().retention_s)
    stormy.use(store)
    for post in chance.sample(sent + sent, 2 * len(sent)):
        stormy.post(*post)
    finished = False
    while not finished:
        store.writes_left = chance.randrange(1, 6)
        order = chance.sample(ids, len(ids))
        try:
            assert dict(zip(order, stormy.seal(*order), strict=True)) == verdicts
            finished = True
        except StoreError:
            pass
    assert bytes_kept(stormy, ids) == bytes_kept(calm, ids)

    by_trace: dict[str, dict[str, Span]] = {}
    for one in (each for post in sent for each in post):
        by_trace.setdefault(one.trace_id, {})[one.span_id] = one
    stormy.expire_undecided()
    for trace_id in ids:
        read = [with_fields(one, trace_state="") for one in stormy.spans(trace_id)]
        expected = sorted(by_trace[trace_id].values(), key=lambda one: (one.start_ns, one.span_id))
        assert read == (expected if verdicts[trace_id] else [])


class TestBlocksAsSent:
    def world(self) -> World:
        world = World(HALF)
        world.post(*spans_of(LUCKY, "a"))
        world.clock.advance_s(600)
        world.post(span("b", trace_id=LUCKY, at=(20, 30)))
        return world

    def found(self, world: World) -> list[KeptBlock]:
        blocks = list(world.services.blocks.read_kept(TENANT, LUCKY, world.clock.deadline(), covered=True))
        return sorted(as_sent(blocks), key=lambda one: one.arrived_ms)

    def test_are_the_same_before_and_after_a_consolidation(self):
        world = self.world()
        before = self.found(world)
        world.seal(LUCKY)
        assert self.found(world) == before
        assert len(before) == 2

    def test_are_the_consolidated_ones_once_something_that_they_cover_has_expired(self):
        world = self.world()
        world.seal(LUCKY)
        world.clock.advance_s(DAY_S - 300)
        (one,) = self.found(world)
        assert len(one.covers) == 2
        assert one.block.span_count == 2


def test_policies_of_one_tenant_are_nothing_to_another():
    world = World(FAILED)
    world.post(*spans_of(LUCKY, "a"))
    candidate = world.candidate(LUCKY)
    assert settle(world.services, "other", [candidate], WINDOW_S, 1.0, world.clock.deadline()) == [True]


def test_nothing_to_decide_asks_nobody():
    world = World(document=b"no json")
    world.post(*spans_of(LUCKY, "a"), undecided=False)
    assert settle(world.services, TENANT, [], WINDOW_S, 1.0, world.clock.deadline()) == []
    world.seal(LUCKY)
    assert world.services.telemetry.warnings == []
    assert world.services.telemetry.counts == {}


def test_what_was_kept_and_dropped_is_counted():
    world = World(HALF)
    world.post(*spans_of(LUCKY, "a"), *spans_of(UNLUCKY, "a"))
    world.seal(LUCKY, UNLUCKY)
    assert world.services.telemetry.counts == {"traces_kept": 1, "traces_dropped": 1}


def test_on_dynamodb_a_kept_trace_outlives_its_blocks_and_a_dropped_one_does_not(dynamodb, clock):
    """Also one whose only block says the same as the consolidated one, and one that is sealed again."""
    world = World(ALWAYS, {"name": "d", "type": "drop", "drop": {"drop_sub_policy": [FAILED]}})
    world.clock = clock
    world.use(dynamo_blocks(dynamodb, clock.now_ns, clock.sleep))
    world.post(*spans_of(LUCKY, "a", "b"), *spans_of(UNLUCKY, "a", **failure()))
    assert world.seal(LUCKY, UNLUCKY) == world.seal(LUCKY, UNLUCKY) == [True, False]
    world.expire_undecided()
    assert [one.name for one in world.spans(LUCKY)] == ["a", "b"]
    assert world.kept(UNLUCKY) == []
