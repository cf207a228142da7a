"""What Spanfold asks of a store. This is the contract; tests/contracts/ holds every store to it.

A store is dumb on purpose. It keeps blocks and gives them back, in any order, duplicates included; merging,
trees, clocks and everything a person would call a trace are made above it. That keeps a new store small.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.model.access import KeyRecord
from chalicelib.model.block import Block
from chalicelib.model.deadline import Deadline

MAX_PAYLOAD_BYTES = 384 * 1024  # what every store takes in one block, even when it does not compress


class BlockStore(Protocol):
    """Facts: what was sent, by tenant and trace."""

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline) -> None:
        """Keep every block; return only once all of them are durable.

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

        Raises StoreThrottled and StoreError as `write` does, also half way through.
        """
        ...


class KeyStore(Protocol):
    """Control: the keys that people made."""

    def put_key(self, record: KeyRecord) -> None:
        """Keep `record`, replacing the one with its key id if there is one. Raises StoreError."""
        ...

    def find_key(self, key_id: str) -> KeyRecord | None:
        """The record with this id, also an expired one (the caller judges), or None. Raises StoreError."""
        ...
