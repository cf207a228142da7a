"""What every block store must do. A store's tests subclass this and give the fixture `store`, made with `clock`,
that keeps blocks for RETENTION_S."""

import random
from collections.abc import Iterable, Sequence

import pytest

from chalicelib.model.block import Block
from chalicelib.model.errors import StoreError
from chalicelib.storage.port import MAX_PAYLOAD_BYTES, BlockStore
from tests.clocks import Clock

RETENTION_S = 3600
TENANT = "default"


def trace_id(number: int) -> str:
    return f"{number:032x}"


def block(trace: str, payload: bytes = b"some spans", span_count: int = 1) -> Block:
    return Block(trace_id=trace, payload=payload, span_count=span_count)


def noise(seed: int, size_bytes: int) -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size_bytes)


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
