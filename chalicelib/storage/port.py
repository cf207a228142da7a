"""What Spanfold asks of a store. This is the contract; tests/contracts/ holds every store to it.

A store is dumb on purpose. It keeps blocks and gives them back, in any order, duplicates included; merging,
trees, clocks and everything a person would call a trace are made above it. That keeps a new store small.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.model.access import KeyRecord
from chalicelib.model.block import Block, KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View

MAX_PAYLOAD_BYTES = 384 * 1024  # what every store takes in one block, even when it does not compress
MAX_COVERED_BLOCKS = 800  # what one consolidated block can stand for; a trace of more is several of them


class BlockStore(Protocol):
    """Facts: what was sent, by tenant and trace."""

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline, *, undecided: bool = False) -> None:
        """Keep every block; return only once all of them are durable.

        `undecided` blocks are kept for the store's short time only: tail sampling has yet to choose, and what it
        chooses is kept by `consolidate`.

        Writing a block again changes nothing but its expiry (senders retry, queues redeliver), and two equal
        blocks in one call are kept once. Blocks of one trace may come in any order, hours apart, and from many
        writers at once. No blocks is no work. A block that is too big for the store is a programming error:
        the collector splits first, so that no payload is over MAX_PAYLOAD_BYTES.

        Raises StoreThrottled when the store wants less and StoreError when it cannot be reached, both before
        `deadline` passes (nothing is begun after it; what is under way then may still take its time-out); some
        blocks may then have been kept, and the caller may write them all again.
        """
        ...

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        """The unexpired blocks of a trace, in no particular order; none if the tenant has no such trace.

        With 32 hex digits only that trace; with 16, every trace whose low 64 bits they are. A block that was
        written before the call began is always among them (consistent read). Blocks come one page at a time,
        so a large trace need not fit in memory at once. Another tenant's blocks are never seen.

        Raises StoreThrottled and StoreError as `write` does, also half way through, and UnreadableBlock for what
        is no block. Blocks that a consolidated block covers are left out: their spans are in it.
        """
        ...

    def read_kept(
        self, tenant: str, trace_id: str, deadline: Deadline, *, covered: bool = False
    ) -> Iterator[KeptBlock]:
        """As `read`, with what the store knows of each block.

        `covered`: with the blocks that a consolidated one covers, for as long as they live.
        """
        ...

    def consolidate(self, tenant: str, block: KeptBlock, deadline: Deadline) -> None:
        """Keep `block` for the long time, in place of the blocks whose digests it `covers`.

        From then on readers see it and not those, which expire by themselves. The same block lands on itself;
        another one of the same trace stands beside it. It covers 1 to MAX_COVERED_BLOCKS blocks, consolidated ones
        among them if they are in it; its `digest` is its payload's, and its expiry the one it says. Raises as
        `write` does.
        """
        ...


class BlockScan(Protocol):
    """Every fact there is: for rebuilding views, and never for answering a question."""

    def scan(self, *, covered: bool = False) -> Iterator[tuple[str, KeptBlock]]:
        """(tenant, block) of every unexpired block that no consolidated one covers, in any order, a page at a time.

        `covered`: with those that one covers, as `read_kept` has it. What cannot be read is raised as StoreError by
        `scan` only at the end, after everything that can be.
        """
        ...


class ViewStore(Protocol):
    """Views: bytes that can be computed again, by tenant, partition and sort key."""

    def put(self, tenant: str, views: Sequence[View], deadline: Deadline) -> None:
        """Keep every view, each in place of the one with its keys; return once all are durable.

        Two views with the same keys in one call are a programming error. Raises as `BlockStore.write` does; some
        views may then have been kept.
        """
        ...

    def read(  # noqa: PLR0913  # where, from which key to which, how surely, until when
        self,
        tenant: str,
        partition: str,
        deadline: Deadline,
        *,
        first: str = "",
        last: str | None = None,
        consistent: bool = False,
    ) -> Iterator[View]:
        """The unexpired views of a partition whose sort key is in [first, last], ascending; None: to the end.

        Eventually consistent unless told otherwise: a view that was put a moment ago may be missing, or still be the
        one before. `consistent` costs twice as much and sees every put that returned before the call began.
        Pages are fetched as they are needed. Raises StoreThrottled and StoreError.
        """
        ...

    def drop(self) -> int:
        """Remove every view of every tenant, for a rebuild; how many there were."""
        ...


class SamplingStore(Protocol):
    """Control: what people decided about sampling, two documents for each tenant: policies for traces that have come
    in, and strategies for the clients that begin them.
    """

    def put_sampling(self, tenant: str, document: bytes) -> None:
        """Keep the document (JSON, see sampling/policies.py) in place of the tenant's last. Raises StoreError."""
        ...

    def find_sampling(self, tenant: str) -> bytes | None:
        """The tenant's document; None: sampling was never set up, so everything is kept. Raises StoreError."""
        ...

    def put_strategies(self, tenant: str, document: bytes) -> None:
        """Keep the strategies (JSON, see codecs/jaeger/strategies.py) in place of the last. Raises StoreError."""
        ...

    def find_strategies(self, tenant: str) -> bytes | None:
        """The tenant's strategies, or None where there never were any. Raises StoreError."""
        ...


class WorkQueue(Protocol):
    """Work for another invocation: at least once, in any order."""

    def send(self, messages: Sequence[bytes], deadline: Deadline) -> None:
        """Hand over every message (JSON, under 200 KB each); return once all are durable. Raises StoreError."""
        ...


class KeyStore(Protocol):
    """Control: the keys that people made."""

    def put_key(self, record: KeyRecord) -> None:
        """Keep `record`, replacing the one with its key id if there is one. Raises StoreError."""
        ...

    def find_key(self, key_id: str) -> KeyRecord | None:
        """The record with this id, also an expired one (the caller judges), or None. Raises StoreError."""
        ...
