"""A trace that does not fit into memory at once: sealed block by block.

What such a trace adds to the rollups is the sum over its blocks, each counted as if it were a trace; what spans of
different blocks say together (a call from one to the other, a repeat) is lost, the numbers of spans and their durations
are not. Which of the two ways of counting is taken follows from the size of the state alone, so that the differences
between states still add up to the last one.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import msgspec

from chalicelib.codecs.stored import stored_trace
from chalicelib.model.block import KeptBlock, held_bytes
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.search.index import Entry, entry_of, union
from chalicelib.services import Services
from chalicelib.views.consolidation import as_sent
from chalicelib.views.piece_sums import PieceSums, hours_of, part_of
from chalicelib.views.seal_points import Stretch, find_stretch

# What may be in memory at once of one trace: some 130,000 ordinary spans, in a function of 512 MB.
MAX_HELD_BYTES = 96 * 1024 * 1024

# A trace of several million spans is a sender's mistake; each of its seals would take longer than a function may.
MAX_READ_BYTES = 1024 * 1024 * 1024

_ENTRIES_AT_ONCE = 64


def add_large(  # noqa: PLR0913, PLR0917  # whose trace, at which window, into what, until when
    services: Services, tenant: str, trace_id: str, window: int, sums: PieceSums, deadline: Deadline
) -> str | None:
    """Add the trace to `sums` if the window is a seal point of it. What somebody should know of it, or None.

    Raises StoreError, and UnreadableBlock for a trace past MAX_READ_BYTES.
    """
    outline = _Outline(services, tenant, trace_id, deadline)
    stretch = find_stretch(as_sent(outline.stubs), window, services.settings)
    if stretch is None:
        return None
    now_fits, before_fits = outline.fits(stretch.now), outline.fits(stretch.before)
    if now_fits:
        found = {kept.digest: kept for kept in outline.read(stretch.now)}
        now, before = ([found[stub.digest] for stub in stubs] for stubs in stretch)
        sums.add_stretch(Stretch(now, before), [found.get(stub.digest, stub) for stub in outline.stubs])
        return None
    _add_block_by_block(outline, stretch, sums, before_fits=before_fits)
    if any(stub.undecided for stub in outline.stubs):
        return f"trace {trace_id} is too large to be judged by sampling policies, and expires"
    return None


class _Outline:
    """The blocks of a trace without their payloads, and what each weighs."""

    def __init__(self, services: Services, tenant: str, trace_id: str, deadline: Deadline) -> None:
        self._blocks = partial(services.blocks.read_kept, tenant, trace_id, deadline, covered=True)
        self._costs: dict[bytes, int] = {}
        self._limit_bytes = min(services.settings.max_trace_bytes, MAX_HELD_BYTES)
        self.stubs: list[KeptBlock] = []
        total_bytes = 0
        for kept in self._blocks():
            self._costs[kept.digest] = held_bytes(kept.block)
            total_bytes += self._costs[kept.digest]
            if total_bytes > MAX_READ_BYTES:
                raise UnreadableBlock(f"trace {trace_id} is larger than can be sealed ({MAX_READ_BYTES} bytes)")
            self.stubs.append(msgspec.structs.replace(kept, block=msgspec.structs.replace(kept.block, payload=b"")))

    def fits(self, stubs: Sequence[KeptBlock]) -> bool:
        """Whether these blocks may be in memory together."""
        return sum(self._costs[stub.digest] for stub in stubs) <= self._limit_bytes

    def read(self, stubs: Sequence[KeptBlock]) -> Iterator[KeptBlock]:
        """These blocks with their payloads, one at a time."""
        wanted = {stub.digest for stub in stubs}
        return (kept for kept in self._blocks() if kept.digest in wanted)


def _add_block_by_block(outline: _Outline, stretch: Stretch, sums: PieceSums, *, before_fits: bool) -> None:
    counted = set() if before_fits else {stub.digest for stub in stretch.before}
    hours: set[int] = set()
    entry: Entry | None = None
    blocks = iter(outline.read(stretch.now))
    while some := list(islice(blocks, _ENTRIES_AT_ONCE)):
        parts = [(kept.digest, part_of(kept)) for kept in some]
        entry = union([*([entry] if entry else []), *(entry_of(part) for _, part in parts)])
        for digest, part in parts:
            hours |= hours_of(part)
            sums.add_counts(None if digest in counted else part)
    if entry is not None:
        sums.add_entry(entry, hours)
    if before_fits:
        sums.add_counts(None, stored_trace(outline.read(stretch.before)))
