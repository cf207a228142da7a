"""Blocks as a store would have kept them, made of model spans."""

from collections.abc import Iterable, Sequence

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.span import Span
from tests.actors import NOON_NS

NOON_MS = NOON_NS // 1_000_000
NEVER_S = 2**40


def block_of(spans: Sequence[Span]) -> Block:
    """A block of these spans, which are of one trace."""
    payload = from_spans(spans).SerializeToString()
    return Block(trace_id=spans[0].trace_id, payload=payload, span_count=len(spans))


def kept(
    spans: Sequence[Span],
    arrived_ms: int = NOON_MS,
    *,
    covers: Iterable[KeptBlock] = (),
    first_arrived_ms: int | None = None,
) -> KeptBlock:
    """A kept block of these spans that does not expire."""
    block = block_of(spans)
    return KeptBlock(
        block=block,
        digest=payload_digest(block.payload),
        arrived_ms=arrived_ms,
        expires_at_s=NEVER_S,
        covers=tuple(sorted(each.digest for each in covers)),
        first_arrived_ms=first_arrived_ms,
    )
