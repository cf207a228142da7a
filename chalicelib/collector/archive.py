"""Keeping a trace longer: its blocks once more, consolidated, with a later expiry.

What is consolidated already is put again as it is; all else of the trace becomes consolidated blocks. Both are
idempotent puts whose expiry follows from the arrival, so archiving twice changes nothing, and spans that come
later are kept for as long as any are until somebody archives the trace again.
"""

from collections.abc import Iterator, Sequence

import msgspec

from chalicelib.codecs.otlp.merge import merge, whole
from chalicelib.codecs.otlp.messages import DecodeError
from chalicelib.model.block import Block, KeptBlock, held_bytes, payload_digest
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import AnswerTooLarge, NoSuchTrace, UnreadableBlock
from chalicelib.services import Services
from chalicelib.storage.port import MAX_COVERED_BLOCKS, MAX_PAYLOAD_BYTES

# An empty ResourceSpans, as in views/consolidation.py: no block that a post became has the bytes of one of these.
_MARK = b"\x0a\x00"


def archive(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> int:
    """Keep the trace (32 hex digits) for `archive_days` from its arrival; how many blocks were written.

    Raises NoSuchTrace, AnswerTooLarge for a trace past `max_trace_bytes`, and StoreError.
    """
    kept = list(_within_limit(services, tenant, trace_id, deadline))
    if not kept:
        raise NoSuchTrace(trace_id)
    lasts_s = max(services.settings.archive_s, services.settings.retention_s)
    written = 0
    for block in [*(one for one in kept if one.covers), *_consolidated([one for one in kept if not one.covers])]:
        expires_at_s = max(block.expires_at_s, block.arrived_ms // 1000 + lasts_s)
        services.blocks.consolidate(tenant, msgspec.structs.replace(block, expires_at_s=expires_at_s), deadline)
        written += 1
    return written


def _within_limit(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[KeptBlock]:
    limit_bytes, sum_bytes = services.settings.max_trace_bytes, 0
    for kept in services.blocks.read_kept(tenant, trace_id, deadline):
        sum_bytes += held_bytes(kept.block)
        if sum_bytes > limit_bytes:
            raise AnswerTooLarge(f"trace {trace_id} is larger than can be read at once ({limit_bytes} bytes)")
        yield kept


def _consolidated(blocks: Sequence[KeptBlock]) -> Iterator[KeptBlock]:
    for group in _groups(sorted(blocks, key=lambda one: (one.arrived_ms, one.digest))):
        payload, span_count = _payload(group)
        latest_ms = max(one.arrived_ms for one in group)
        yield KeptBlock(
            block=Block(trace_id=group[0].block.trace_id, payload=payload, span_count=span_count),
            digest=payload_digest(payload),
            arrived_ms=latest_ms,
            expires_at_s=0,
            covers=tuple(sorted(one.digest for one in group)),
            first_arrived_ms=min(one.arrived_ms for one in group),
        )


def _groups(blocks: Sequence[KeptBlock]) -> Iterator[list[KeptBlock]]:
    """The blocks in order, in runs whose payloads fit into one; a block that is too large is a run of its own."""
    run: list[KeptBlock] = []
    room_bytes = MAX_PAYLOAD_BYTES - len(_MARK)
    for block in blocks:
        size_bytes = len(block.block.payload)
        if run and (size_bytes > room_bytes or len(run) == MAX_COVERED_BLOCKS):
            yield run
            run, room_bytes = [], MAX_PAYLOAD_BYTES - len(_MARK)
        run.append(block)
        room_bytes -= size_bytes
    if run:
        yield run


def _payload(blocks: Sequence[KeptBlock]) -> tuple[bytes, int]:
    try:
        merged = merge(one.block.payload for one in blocks)
    except DecodeError as broken:
        raise UnreadableBlock(f"a block of trace {blocks[0].block.trace_id} is not OTLP: {broken}") from broken
    return whole(merged).SerializeToString() + _MARK, len(merged.entries)
