"""Blocks of one trace as the trace that search, rollups and sampling look at.

Any blocks of a trace will do: those that a store gives, or those of one state of it. The same blocks in any order,
repeated or overlapping, give the same trace.
"""

from collections.abc import Iterable, Iterator

from chalicelib.codecs.otlp.merge import Merged, chunks, merge
from chalicelib.codecs.otlp.messages import DecodeError, TracesData
from chalicelib.codecs.otlp.spans import SpanReader
from chalicelib.model.block import KeptBlock
from chalicelib.model.errors import UnreadableBlock
from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace

_SPANS_AT_ONCE = 1000  # as messages, while they are turned into spans: about 2 MB


def stored_trace(kept: Iterable[KeptBlock]) -> StoredTrace | None:
    """The trace that these blocks, all of one trace id, make together; None without blocks.

    Blocks that another of them covers are left out: their spans are in that one. The trace arrived when the
    first block, or the first that a consolidated one stands for, did. Raises UnreadableBlock for what is not OTLP.
    """
    blocks = list(kept)
    if not blocks:
        return None
    trace_id = blocks[0].block.trace_id
    arrived_ms = min(each.arrived_ms if each.first_arrived_ms is None else each.first_arrived_ms for each in blocks)
    try:
        spans = _lone_spans(blocks) or spans_of(merge(_payloads(blocks)))
    except DecodeError as broken:
        raise UnreadableBlock(f"a block of trace {trace_id} is not OTLP: {broken}") from broken
    if not spans:  # nothing but a hand-made store keeps blocks without spans
        return None
    return StoredTrace(trace_id=trace_id, spans=spans, arrived_ms=arrived_ms)


def _lone_spans(blocks: list[KeptBlock]) -> list[Span]:
    """What most traces are, one block of different spans, without merging; none if it is not so."""
    if len(blocks) > 1:
        return []
    spans = SpanReader().read(TracesData.FromString(blocks[0].block.payload))
    spans.sort(key=_moment)
    return spans if len(set(map(_moment, spans))) == len(spans) else []


def _moment(span: Span) -> tuple[int, str]:
    return span.start_ns, span.span_id


def _payloads(blocks: list[KeptBlock]) -> Iterator[bytes]:
    """Takes `blocks` apart, so that a block is let go of once its spans are known."""
    covered = {digest for each in blocks for digest in each.covers}
    while blocks:
        each = blocks.pop()
        if each.digest not in covered:
            yield each.block.payload


def spans_of(merged: Merged) -> list[Span]:
    """The spans of a merged trace by start time and span id, sharing what they have in common."""
    reader = SpanReader()
    spans = [span for chunk in chunks(merged, _SPANS_AT_ONCE) for span in reader.read(chunk)]
    spans.sort(key=_moment)  # a chunk has its spans by resource and scope
    return spans
