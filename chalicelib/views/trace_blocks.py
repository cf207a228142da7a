"""The blocks of many traces, read side by side: a function is billed for the time it waits for the store."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from chalicelib.model.block import KeptBlock, held_bytes
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.services import Services

_LANES = 8
_AT_ONCE = 32  # traces that are read ahead of their use
_SMALL_BYTES = 2 * 1024 * 1024  # so that all those read ahead are 64 MiB at most


class TraceBlocks(NamedTuple):
    """A trace's blocks, also those that a consolidated one covers. `blocks` is None for a trace that is large."""

    trace_id: str
    blocks: list[KeptBlock] | None


class Unreadable(NamedTuple):
    """A trace of which something cannot be read."""

    trace_id: str
    error: UnreadableBlock


def read_traces(
    services: Services, tenant: str, trace_ids: Sequence[str], deadline: Deadline
) -> Iterator[TraceBlocks | Unreadable]:
    """The blocks of every trace, in order. Raises StoreError when the store fails as a whole."""
    read = partial(_read, services, tenant, deadline)
    with ThreadPoolExecutor(_LANES, thread_name_prefix="seal-read") as pool:
        for start in range(0, len(trace_ids), _AT_ONCE):
            yield from pool.map(read, trace_ids[start : start + _AT_ONCE])


def _read(services: Services, tenant: str, deadline: Deadline, trace_id: str) -> TraceBlocks | Unreadable:
    blocks: list[KeptBlock] = []
    size_bytes, most_bytes = 0, min(_SMALL_BYTES, services.settings.max_trace_bytes)
    try:
        for kept in services.blocks.read_kept(tenant, trace_id, deadline, covered=True):
            size_bytes += held_bytes(kept.block)
            if size_bytes > most_bytes:
                return TraceBlocks(trace_id, None)
            blocks.append(kept)
    except UnreadableBlock as error:
        return Unreadable(trace_id, error)
    return TraceBlocks(trace_id, blocks)
