"""The unit that stores keep: the spans that one post brought for one trace."""

from hashlib import blake2b

import msgspec

DIGEST_BYTES = 12
_SPAN_BYTES = 256  # what a span takes in memory besides its bytes


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Some spans of one trace.

    `payload` is a serialised OTLP TracesData (opentelemetry-proto, trace.proto), uncompressed; the same spans in
    the same order give the same bytes, so a store may name a block by their digest. `span_count` is at least 1.
    """

    trace_id: str
    payload: bytes
    span_count: int


class KeptBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block as the store has it.

    `digest` (12 bytes) names it among those of its trace. `arrived_ms` (epoch) is when it was written; views are
    cut by it and by nothing else, so that they can be computed again. `undecided`: it expires soon unless tail
    sampling keeps it. `covers`: the digests of the blocks that this one stands for, ascending; empty for all but
    consolidated blocks. Of those, `arrived_ms` is the latest and `first_arrived_ms` the earliest arrival of what
    they cover.
    """

    block: Block
    digest: bytes
    arrived_ms: int
    expires_at_s: int
    undecided: bool = False
    covers: tuple[bytes, ...] = ()
    first_arrived_ms: int | None = None


def payload_digest(payload: bytes) -> bytes:
    """What names a block among those of its trace: BLAKE2b, 12 bytes."""
    return blake2b(payload, digest_size=DIGEST_BYTES).digest()


def held_bytes(block: Block) -> int:
    """What a block takes in memory while its trace is put together."""
    return len(block.payload) + _SPAN_BYTES * block.span_count
