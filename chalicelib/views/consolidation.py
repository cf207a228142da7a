"""What becomes of the traces of a seal: judged by the tenant's policies, the kept ones rewritten for the long time.

A tenant with policies has its blocks written `undecided`: they live for a day. When a trace is sealed it is judged
as a whole. If it is kept, its undecided blocks are put together into consolidated blocks, which live as long as
blocks do without sampling; if not, nothing is written and they expire by themselves. No step needs another one to
have happened: what is written follows from the blocks and the policies, so a seal that dies half way, or comes
again, ends with the same blocks.

A decision to keep is sticky, since it can be read in the store: a trace that has a block for the long time stays
kept, and its later blocks with it. A decision to drop is not: more may come that is worth keeping.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from chalicelib.codecs.otlp.merge import merge, whole
from chalicelib.codecs.otlp.messages import DecodeError, Span, TracesData
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import PolicyError, StoreError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.propagation.probability import parse
from chalicelib.sampling.decide import keeps, verdicts
from chalicelib.sampling.thresholds import raised
from chalicelib.services import Services
from chalicelib.storage.port import MAX_COVERED_BLOCKS, MAX_PAYLOAD_BYTES

# An empty ResourceSpans. No block that a sender's post became ends in one, so a consolidated block never has the bytes,
# and with them the digest, of a block that it covers: a store could take the one for the other, and hide both.
_MARK = b"\x0a\x00"
_RAISE_BYTES = 32  # what a threshold adds to a span at most: its tracestate, and longer lengths around it


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A trace at one of its seal points.

    `trace` is its state there, of `as_sent` blocks. `blocks` are the blocks of that state as read_kept gives them with
    `covered`, and every consolidated block of the trace; in any order.
    """

    trace: StoredTrace
    blocks: tuple[KeptBlock, ...]


def as_sent(blocks: Sequence[KeptBlock]) -> list[KeptBlock]:
    """The blocks (of a read_kept with `covered`) to compute views from, as if nothing had been consolidated.

    A consolidated block is left out for as long as everything it covers is still there; after that it is used and
    what is left of them is not. So views come out the same before and after a consolidation, and count the spans of
    traces that were dropped as long as those can be counted; later, the threshold that the consolidated spans carry
    makes up for them.
    """
    sent = {block.digest for block in blocks if not block.covers}
    standing = [block for block in blocks if block.covers and not sent.issuperset(block.covers)]
    replaced = {digest for block in standing for digest in block.covers}
    return [block for block in blocks if not block.covers and block.digest not in replaced] + standing


def settle(  # noqa: PLR0913, PLR0917  # whose traces, which, for how much of the tenant's time, until when
    services: Services,
    tenant: str,
    candidates: Sequence[Candidate],
    window_s: int,
    share: float,
    deadline: Deadline,
) -> list[bool]:
    """Decide on the traces that are sealed together, and consolidate what is kept; whether each one is kept.

    `candidates` are all traces of a piece of an arrival window of `window_s` seconds, `share` is the part of all
    trace ids that the piece stands for (1, a half, …): rates are allowed in proportion to both. A tenant without
    policies, or with a document that cannot be read, keeps everything, also what is undecided still. Asked again
    it answers the same and writes what is missing. Raises StoreError; some blocks may then be consolidated.
    """
    if not any(block.undecided for candidate in candidates for block in candidate.blocks):
        return [True] * len(candidates)
    thresholds = _thresholds(services, tenant, candidates, window_s, share)
    kept = [
        _settle_one(services, tenant, candidate, threshold, deadline)
        for candidate, threshold in zip(candidates, thresholds, strict=True)
    ]
    services.telemetry.count({"traces_kept": sum(kept), "traces_dropped": len(kept) - sum(kept)})
    return kept


def _thresholds(
    services: Services, tenant: str, candidates: Sequence[Candidate], window_s: int, share: float
) -> list[int | None]:
    document = services.sampling.find_sampling(tenant)
    if document is None:
        return [0] * len(candidates)
    # Only tenants that sample need the language.
    from chalicelib.views.judging import instruments, read_policies  # noqa: PLC0415

    sizes = {candidate.trace.trace_id: _size_bytes(candidate) for candidate in candidates}
    try:
        policies = read_policies(document)
        traces = [candidate.trace for candidate in candidates]
        return verdicts(policies, traces, window_s, share, instruments(sizes))
    except PolicyError as error:
        services.telemetry.warning(
            "sampling policies cannot be used; everything is kept", {"tenant": tenant, "why": error.detail}
        )
        return [0] * len(candidates)


def _size_bytes(candidate: Candidate) -> int:
    return sum(len(block.block.payload) for block in as_sent(candidate.blocks))


def _settle_one(
    services: Services, tenant: str, candidate: Candidate, threshold: int | None, deadline: Deadline
) -> bool:
    """Whether the trace is kept; when it is, everything of it is there for the long time."""
    waiting = _waiting(candidate.blocks)
    if not waiting:
        return True
    passed = _passed(candidate, threshold)
    if passed is None:
        return False
    for block in _consolidated(waiting, passed, services.settings.retention_s):
        services.blocks.consolidate(tenant, block, deadline)
    return True


def _passed(candidate: Candidate, threshold: int | None) -> int | None:
    """The threshold that the trace is kept by, if it is: the least of this verdict and of what it was kept by before.

    Whoever passes that was kept then or is now, so it is how likely the spans that came since were kept.
    """
    kept_by = [_least_threshold(block) for block in candidate.blocks if not block.undecided]
    if threshold is not None and keeps(threshold, candidate.trace):
        kept_by.append(threshold)
    return min(kept_by, default=None)


def _least_threshold(block: KeptBlock) -> int:
    """Of the spans of a block that is there for the long time; 0 if it was never judged."""
    if not block.covers:
        return 0
    return min((parse(span.trace_state).threshold or 0 for span in _spans(_message(block))), default=0)


def _waiting(blocks: Sequence[KeptBlock]) -> list[KeptBlock]:
    """The undecided blocks that no consolidated one covers, by arrival and digest."""
    covered = {digest for block in blocks for digest in block.covers}
    waiting = [block for block in blocks if block.undecided and block.digest not in covered]
    return sorted(waiting, key=lambda block: (block.arrived_ms, block.digest))


def _consolidated(waiting: Sequence[KeptBlock], threshold: int, retention_s: int) -> Iterator[KeptBlock]:
    """One block for all that are `waiting`, or as few as hold them; each holds all that it covers.

    So each is good without the others, should no other come to be written.
    """
    for blocks in _groups(waiting, threshold):
        payload, span_count = _payload(blocks, threshold)
        if len(payload) > MAX_PAYLOAD_BYTES:  # one block, of thousands of spans that say next to nothing
            payload, span_count = _payload(blocks, 0)
        latest_ms = max(block.arrived_ms for block in blocks)
        yield KeptBlock(
            block=Block(trace_id=blocks[0].block.trace_id, payload=payload, span_count=span_count),
            digest=payload_digest(payload),
            arrived_ms=latest_ms,
            expires_at_s=latest_ms // 1000 + retention_s,
            covers=tuple(sorted(block.digest for block in blocks)),
            first_arrived_ms=min(block.arrived_ms for block in blocks),
        )


def _groups(waiting: Sequence[KeptBlock], threshold: int) -> Iterator[list[KeptBlock]]:
    """`waiting` in order, in runs whose payloads surely fit into one; a block that may not is a run of its own."""
    run: list[KeptBlock] = []
    room_bytes = 0
    for block in waiting:
        size_bytes = len(block.block.payload) + (_RAISE_BYTES * block.block.span_count if threshold else 0)
        if run and (size_bytes > room_bytes or len(run) == MAX_COVERED_BLOCKS):
            yield run
            run = []
        if not run:
            room_bytes = MAX_PAYLOAD_BYTES - len(_MARK)
        run.append(block)
        room_bytes -= size_bytes
    if run:
        yield run


def _payload(blocks: Iterable[KeptBlock], threshold: int) -> tuple[bytes, int]:
    """The spans of `blocks`, each once, having passed `threshold`, as one payload; and how many they are."""
    try:
        merged = merge(_raised(block, threshold) for block in blocks)
    except DecodeError as broken:
        raise StoreError(f"a block is not OTLP: {broken}") from broken
    return whole(merged).SerializeToString() + _MARK, len(merged.entries)


def _raised(block: KeptBlock, threshold: int) -> bytes:
    if not threshold:
        return block.block.payload
    message = _message(block)
    for span in _spans(message):
        span.trace_state = raised(span.trace_state, threshold)
    return message.SerializeToString()


def _message(block: KeptBlock) -> TracesData:
    return TracesData.FromString(block.block.payload)


def _spans(message: TracesData) -> Iterator[Span]:
    for resource_spans in message.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            yield from scope_spans.spans
