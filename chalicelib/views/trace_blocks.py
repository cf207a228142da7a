"""The blocks of many traces, read side by side: a function is billed for the time it waits for the store.

Traces whose ids agree in their low 64 bits lie in one partition of the store and are one trace to Zipkin
(joined_traces.py). So the first of them is read with all the others: as a rule there are none, and that costs nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from chalicelib.model.block import KeptBlock, held_bytes
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.model.ids import low_half
from chalicelib.services import Services

_LANES = 8
_AT_ONCE = 32  # traces that are read ahead of their use
_SMALL_BYTES = 2 * 1024 * 1024  # so that all those read ahead are 64 MiB at most


class TraceBlocks(NamedTuple):
    """A trace's blocks, also those that a consolidated one covers. `blocks` is None for a trace that is large.

    `others` are those of other traces with the same low 64 bits; none but with the first of them that is asked for, and
    none if all of them are large together.
    """

    trace_id: str
    blocks: list[KeptBlock] | None
    others: Sequence[KeptBlock] = ()


class Unreadable(NamedTuple):
    """A trace of which something cannot be read."""

    trace_id: str
    error: UnreadableBlock


def read_traces(
    services: Services, tenant: str, trace_ids: Sequence[str], deadline: Deadline
) -> Iterator[TraceBlocks | Unreadable]:
    """The blocks of every trace, in order. Raises StoreError when the store fails as a whole."""
    first_of = {low_half(trace_id): trace_id for trace_id in reversed(trace_ids)}
    read = partial(_read, services, tenant, deadline, frozenset(first_of.values()))
    with ThreadPoolExecutor(_LANES, thread_name_prefix="seal-read") as pool:
        for start in range(0, len(trace_ids), _AT_ONCE):
            yield from pool.map(read, trace_ids[start : start + _AT_ONCE])


def _read(
    services: Services, tenant: str, deadline: Deadline, firsts: Collection[str], trace_id: str
) -> TraceBlocks | Unreadable:
    try:
        found = read_within(services, tenant, low_half(trace_id), deadline) if trace_id in firsts else None
    except UnreadableBlock:  # of this trace or of another one
        found = None
    try:
        found = found if found is not None else read_within(services, tenant, trace_id, deadline)
    except UnreadableBlock as error:
        return Unreadable(trace_id, error)
    if found is None:
        return TraceBlocks(trace_id, None)
    own = [kept for kept in found if kept.block.trace_id == trace_id]
    return TraceBlocks(trace_id, own, [kept for kept in found if kept.block.trace_id != trace_id])


def read_within(services: Services, tenant: str, asked: str, deadline: Deadline) -> list[KeptBlock] | None:
    """The blocks of a trace, or of all with these low 64 bits; None if they are too large to be read ahead.

    Raises UnreadableBlock and StoreError as the store does.
    """
    blocks: list[KeptBlock] = []
    size_bytes, most_bytes = 0, min(_SMALL_BYTES, services.settings.max_trace_bytes)
    for kept in services.blocks.read_kept(tenant, asked, deadline, covered=True):
        size_bytes += held_bytes(kept.block)
        if size_bytes > most_bytes:
            return None
        blocks.append(kept)
    return blocks
