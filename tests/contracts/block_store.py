"""What every block store must do. A store's tests subclass this and give the fixture `store`, made with `clock`,
that keeps blocks for RETENTION_S, and undecided ones for UNDECIDED_S."""

import random
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
import pytest

from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.errors import StoreError
from chalicelib.storage.port import MAX_COVERED_BLOCKS, MAX_PAYLOAD_BYTES, BlockScan, BlockStore
from tests.clocks import Clock

RETENTION_S = 3600
UNDECIDED_S = 600
TENANT = "default"


def trace_id(number: int) -> str:
    return f"{number:032x}"


def block(trace: str, payload: bytes = b"some spans", span_count: int = 1) -> Block:
    return Block(trace_id=trace, payload=payload, span_count=span_count)


def noise(seed: int, size_bytes: int) -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size_bytes)


def consolidated(trace: str, payload: bytes, blocks: Iterable[Block], clock: Clock) -> KeptBlock:
    """A block of this payload that stands for `blocks`, kept for RETENTION_S from now on."""
    return KeptBlock(
        block=block(trace, payload, span_count=9),
        digest=payload_digest(payload),
        arrived_ms=clock.at_ns // 1_000_000,
        expires_at_s=clock.at_ns // 1_000_000_000 + RETENTION_S,
        covers=tuple(sorted(payload_digest(one.payload) for one in blocks)),
        first_arrived_ms=clock.at_ns // 1_000_000 - 5_000,
    )


class ScannedStore(BlockStore, BlockScan, Protocol):
    """A store that can also give everything."""


def in_any_order(blocks: Iterable[Block]) -> list[Block]:
    return sorted(blocks, key=lambda one: (one.trace_id, one.payload))


class BlockStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def read(self, store: BlockStore, clock: Clock, trace: str, tenant: str = TENANT) -> list[Block]:
        return in_any_order(store.read(tenant, trace, clock.deadline()))

    def write(self, store: BlockStore, clock: Clock, blocks: Sequence[Block], tenant: str = TENANT) -> None:
        store.write(tenant, blocks, clock.deadline())

    def test_an_empty_store_has_no_trace(self, store: BlockStore, clock: Clock) -> None:
        assert self.read(store, clock, trace_id(1)) == []
        assert self.read(store, clock, trace_id(1)[16:]) == []

    def test_a_block_comes_back_as_it_was_written(self, store: BlockStore, clock: Clock) -> None:
        written = block(trace_id(1), b"payload", span_count=7)
        self.write(store, clock, [written])
        assert self.read(store, clock, trace_id(1)) == [written]

    def test_writing_nothing_is_no_work_even_after_the_deadline(self, store: BlockStore, clock: Clock) -> None:
        store.write(TENANT, [], clock.deadline(in_s=-1))

    def test_blocks_that_came_in_several_posts_are_all_there(self, store: BlockStore, clock: Clock) -> None:
        posts = [[block(trace_id(1), noise(n, 40)), block(trace_id(2), noise(n, 40))] for n in range(5)]
        for post in posts:
            self.write(store, clock, post)
        assert self.read(store, clock, trace_id(1)) == in_any_order(post[0] for post in posts)

    def test_a_trace_of_10008_spans_in_many_blocks_comes_back_whole(self, store: BlockStore, clock: Clock) -> None:
        blocks = [block(trace_id(1), noise(n, 2000), span_count=139) for n in range(72)]
        self.write(store, clock, blocks)
        kept = self.read(store, clock, trace_id(1))
        assert kept == in_any_order(blocks)
        assert sum(one.span_count for one in kept) == 10_008

    def test_a_post_that_is_replayed_changes_nothing(self, store: BlockStore, clock: Clock) -> None:
        post = [block(trace_id(1), noise(n, 100)) for n in range(3)]
        for _ in range(3):
            self.write(store, clock, post)
        assert self.read(store, clock, trace_id(1)) == in_any_order(post)

    def test_posts_in_any_order_give_the_same_trace(self, store: BlockStore, clock: Clock) -> None:
        posts = [[block(trace_id(trace), noise(n, 50)) for trace in (1, 2)] for n in range(6)]
        shuffled = [*posts, *posts]
        random.Random(4).shuffle(shuffled)
        for tenant, order in (("first", posts), ("second", shuffled), ("third", posts[::-1])):
            for post in order:
                self.write(store, clock, post, tenant)
        assert self.read(store, clock, trace_id(1), "second") == self.read(store, clock, trace_id(1), "first")
        assert self.read(store, clock, trace_id(1), "third") == self.read(store, clock, trace_id(1), "first")

    def test_equal_blocks_in_one_post_are_kept_once(self, store: BlockStore, clock: Clock) -> None:
        twin = block(trace_id(1))
        self.write(store, clock, [twin, block(trace_id(2)), twin, twin])
        assert self.read(store, clock, trace_id(1)) == [twin]

    def test_equal_payloads_of_two_traces_are_two_blocks(self, store: BlockStore, clock: Clock) -> None:
        self.write(store, clock, [block(trace_id(1)), block(trace_id(2))])
        assert self.read(store, clock, trace_id(1)) == [block(trace_id(1))]
        assert self.read(store, clock, trace_id(2)) == [block(trace_id(2))]

    def test_300_blocks_of_300_traces_go_in_one_write(self, store: BlockStore, clock: Clock) -> None:
        blocks = [block(trace_id(n), noise(n, 30)) for n in range(1, 301)]
        self.write(store, clock, blocks)
        for n in (1, 24, 25, 26, 150, 299, 300):
            assert self.read(store, clock, trace_id(n)) == [blocks[n - 1]]

    @pytest.mark.parametrize(
        ("mine", "theirs"), [("ours", "theirs"), ("shop", "shop-dev"), ("shop-dev", "shop"), ("a", "b" * 64)]
    )
    def test_a_tenant_never_sees_anothers_blocks(self, store: BlockStore, clock: Clock, mine: str, theirs: str) -> None:
        self.write(store, clock, [block(trace_id(1), b"mine")], mine)
        self.write(store, clock, [block(trace_id(1), b"theirs")], theirs)
        assert self.read(store, clock, trace_id(1), mine) == [block(trace_id(1), b"mine")]
        assert self.read(store, clock, trace_id(1)[16:], theirs) == [block(trace_id(1), b"theirs")]

    def test_an_expired_block_is_not_shown(self, store: BlockStore, clock: Clock) -> None:
        self.write(store, clock, [block(trace_id(1))])
        clock.advance_s(RETENTION_S - 1)
        assert self.read(store, clock, trace_id(1)) == [block(trace_id(1))]
        clock.advance_s(1)
        assert self.read(store, clock, trace_id(1)) == []

    def test_writing_a_block_again_keeps_it_longer(self, store: BlockStore, clock: Clock) -> None:
        self.write(store, clock, [block(trace_id(1), b"again"), block(trace_id(1), b"once")])
        clock.advance_s(RETENTION_S - 1)
        self.write(store, clock, [block(trace_id(1), b"again")])
        clock.advance_s(RETENTION_S - 1)
        assert self.read(store, clock, trace_id(1)) == [block(trace_id(1), b"again")]

    def test_32_digits_find_one_trace_and_16_every_trace_that_ends_so(self, store: BlockStore, clock: Clock) -> None:
        low = "00ff00ff00ff00ff"
        short, long, other = (block(high + low) for high in ("0" * 16, "ff" * 8, "00" + "ff" * 7))
        self.write(store, clock, [short, long, other])
        assert self.read(store, clock, long.trace_id) == [long]
        assert self.read(store, clock, short.trace_id) == [short]
        assert self.read(store, clock, low) == in_any_order([short, long, other])
        kept = store.read_kept(TENANT, low, clock.deadline(), covered=True)
        assert in_any_order(each.block for each in kept) == in_any_order([short, long, other])
        assert self.read(store, clock, "ab" * 8 + low) == []

    @pytest.mark.parametrize("edge", ["00", "01", "7f", "80", "c3", "fe", "ff"])
    def test_ids_and_payloads_may_hold_any_byte(self, store: BlockStore, clock: Clock, edge: str) -> None:
        """Keys are compared as unsigned bytes, and no byte ends one."""
        traces = [trace for trace in (edge * 16, edge * 15 + "01", "01" + edge * 15) if trace.strip("0")]
        blocks = [block(trace, bytes.fromhex(edge) * size) for trace in traces for size in (1, 2, 300)]
        self.write(store, clock, blocks)
        for trace in traces:
            expected = in_any_order({one for one in blocks if one.trace_id == trace})
            assert self.read(store, clock, trace) == expected

    def test_a_trace_over_several_pages_comes_back_whole(self, store: BlockStore, clock: Clock) -> None:
        """3.5 MB that do not compress: DynamoDB gives 1 MB at a time."""
        blocks = [block(trace_id(1), noise(n, 250_000)) for n in range(14)]
        for half in (blocks[:7], blocks[7:]):
            self.write(store, clock, half)
        assert self.read(store, clock, trace_id(1)) == in_any_order(blocks)

    def test_the_largest_payload_is_kept_though_it_does_not_compress(self, store: BlockStore, clock: Clock) -> None:
        largest = block(trace_id(1), noise(1, MAX_PAYLOAD_BYTES))
        self.write(store, clock, [largest])
        assert self.read(store, clock, trace_id(1)) == [largest]

    def test_past_the_deadline_nothing_is_begun(self, store: BlockStore, clock: Clock) -> None:
        with pytest.raises(StoreError):
            store.write(TENANT, [block(trace_id(1))], clock.deadline(in_s=0))
        with pytest.raises(StoreError):
            list(store.read(TENANT, trace_id(1), clock.deadline(in_s=-1)))
        assert self.read(store, clock, trace_id(1)) == []

    def kept(self, store: BlockStore, clock: Clock, trace: str) -> list[KeptBlock]:
        return sorted(store.read_kept(TENANT, trace, clock.deadline()), key=lambda one: one.block.payload)

    def scanned(self, store: ScannedStore, *, covered: bool = False) -> list[tuple[str, str, bytes]]:
        found = store.scan(covered=covered)
        return sorted((tenant, one.block.trace_id, one.block.payload) for tenant, one in found)

    def test_what_the_store_knows_of_a_block_comes_with_it(self, store: BlockStore, clock: Clock) -> None:
        clock.advance_s(0.0125)
        self.write(store, clock, [block(trace_id(1), b"early")])
        clock.advance_s(2)
        store.write(TENANT, [block(trace_id(1), b"late")], clock.deadline(), undecided=True)
        arrived_ms, now_s = clock.at_ns // 1_000_000, clock.at_ns // 1_000_000_000
        assert self.kept(store, clock, trace_id(1)) == [
            KeptBlock(
                block=block(trace_id(1), b"early"),
                digest=payload_digest(b"early"),
                arrived_ms=arrived_ms - 2000,
                expires_at_s=now_s - 2 + RETENTION_S,
            ),
            KeptBlock(
                block=block(trace_id(1), b"late"),
                digest=payload_digest(b"late"),
                arrived_ms=arrived_ms,
                expires_at_s=now_s + UNDECIDED_S,
                undecided=True,
            ),
        ]

    def test_an_undecided_block_is_read_as_any_other_until_its_short_time_is_over(
        self, store: BlockStore, clock: Clock
    ) -> None:
        store.write(TENANT, [block(trace_id(1))], clock.deadline(), undecided=True)
        clock.advance_s(UNDECIDED_S - 1)
        assert self.read(store, clock, trace_id(1)) == [block(trace_id(1))]
        clock.advance_s(1)
        assert self.read(store, clock, trace_id(1)) == []

    def test_a_consolidated_block_stands_for_those_that_it_covers(self, store: BlockStore, clock: Clock) -> None:
        undecided = [block(trace_id(1), noise(n, 60)) for n in range(5)]
        other = block(trace_id(2), undecided[0].payload)
        late = block(trace_id(1), b"came later")
        store.write(TENANT, [*undecided, other], clock.deadline(), undecided=True)
        whole = consolidated(trace_id(1), b"all five", undecided, clock)
        store.consolidate(TENANT, whole, clock.deadline())
        self.write(store, clock, [late])
        assert self.read(store, clock, trace_id(1)) == in_any_order([whole.block, late])
        assert self.read(store, clock, trace_id(1)[16:]) == in_any_order([whole.block, late])
        assert whole in self.kept(store, clock, trace_id(1))
        everything = store.read_kept(TENANT, trace_id(1), clock.deadline(), covered=True)
        assert in_any_order(one.block for one in everything) == in_any_order([whole.block, late, *undecided])
        assert self.read(store, clock, trace_id(2)) == [other]

    def test_a_covered_block_that_is_sent_again_stays_covered(self, store: BlockStore, clock: Clock) -> None:
        """A sender repeats what it has no answer to, also after the verdict."""
        store.write(TENANT, [block(trace_id(1))], clock.deadline(), undecided=True)
        whole = consolidated(trace_id(1), b"whole", [block(trace_id(1))], clock)
        store.consolidate(TENANT, whole, clock.deadline())
        store.write(TENANT, [block(trace_id(1))], clock.deadline(), undecided=True)
        store.consolidate(TENANT, whole, clock.deadline())
        assert self.kept(store, clock, trace_id(1)) == [whole]

    def test_consolidated_blocks_stand_beside_each_other_and_may_cover_each_other(
        self, store: BlockStore, clock: Clock
    ) -> None:
        first, second = block(trace_id(1), b"first"), block(trace_id(1), b"second")
        store.write(TENANT, [first, second], clock.deadline(), undecided=True)
        parts = [consolidated(trace_id(1), b"now " + one.payload, [one], clock) for one in (first, second)]
        for part in parts:
            store.consolidate(TENANT, part, clock.deadline())
        assert self.kept(store, clock, trace_id(1)) == parts
        both = consolidated(trace_id(1), b"both", [first, second, *(part.block for part in parts)], clock)
        store.consolidate(TENANT, both, clock.deadline())
        assert self.kept(store, clock, trace_id(1)) == [both]

    def test_a_consolidated_block_outlives_what_it_covers_and_ends_when_it_says(
        self, store: BlockStore, clock: Clock
    ) -> None:
        store.write(TENANT, [block(trace_id(1))], clock.deadline(), undecided=True)
        whole = consolidated(trace_id(1), b"whole", [block(trace_id(1))], clock)
        store.consolidate(TENANT, whole, clock.deadline())
        clock.advance_s(RETENTION_S - 1)
        assert self.read(store, clock, trace_id(1)) == [whole.block]
        store.write(TENANT, [block(trace_id(1))], clock.deadline(), undecided=True)
        clock.advance_s(1)
        assert self.read(store, clock, trace_id(1)) == [block(trace_id(1))]  # nothing covers it any more

    def test_the_largest_consolidated_block_covers_as_many_as_it_may(self, store: BlockStore, clock: Clock) -> None:
        whole = consolidated(trace_id(1), noise(1, MAX_PAYLOAD_BYTES), [], clock)
        covers = tuple(sorted(payload_digest(b"%d" % n) for n in range(MAX_COVERED_BLOCKS)))
        whole = msgspec.structs.replace(whole, covers=covers)
        store.consolidate(TENANT, whole, clock.deadline())
        assert self.kept(store, clock, trace_id(1)) == [whole]

    def test_a_scan_gives_what_any_reader_of_any_tenant_would_find(self, store: ScannedStore, clock: Clock) -> None:
        self.write(store, clock, [block(trace_id(n), b"ours") for n in range(1, 30)])
        self.write(store, clock, [block(trace_id(1), b"theirs")], "other")
        undecided = [block(trace_id(99), noise(n, 60)) for n in range(4)]
        store.write(TENANT, undecided, clock.deadline(), undecided=True)
        whole = consolidated(trace_id(99), b"whole", undecided[:3], clock)
        store.consolidate(TENANT, whole, clock.deadline())
        ours = [(TENANT, trace_id(n), b"ours") for n in range(1, 30)]
        of_99 = [(TENANT, trace_id(99), payload) for payload in (b"whole", undecided[3].payload)]
        covered = [(TENANT, trace_id(99), one.payload) for one in undecided[:3]]
        assert self.scanned(store) == sorted([*ours, *of_99, ("other", trace_id(1), b"theirs")])
        assert (TENANT, whole) in list(store.scan())
        assert self.scanned(store, covered=True) == sorted([*self.scanned(store), *covered])
        clock.advance_s(UNDECIDED_S)
        assert len(self.scanned(store)) == 31
        clock.advance_s(RETENTION_S)
        assert self.scanned(store) == []
