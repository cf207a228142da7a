"""What the traces of a piece of a window come to: entries for the digests, sums for the rollups, by hour."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.codecs.stored import stored_trace
from chalicelib.model.block import KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import arrival_window, hour_of
from chalicelib.rollups.contributions import contribute, contribute_joined
from chalicelib.rollups.rollup import Rollup, Sums
from chalicelib.search.index import Entry, entry_of
from chalicelib.services import Services
from chalicelib.views.consolidation import Candidate, as_sent, settle
from chalicelib.views.seal_points import Stretch, find_stretch

# Traces that tail sampling judges together are in memory together. Rates are then shared out by numbers of traces.
_JUDGED_SPANS = 20_000


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What is being sealed: the traces of `piece` (so many) of a tenant's window."""

    tenant: str
    window: int
    piece: str
    trace_count: int


class PieceSums:
    """Gathers trace by trace; only entries and sums are held on to, and what sampling has yet to judge."""

    def __init__(self, services: Services, sealing: Sealing, deadline: Deadline) -> None:
        self._services = services
        self._sealing = sealing
        self._deadline = deadline
        self._sums = Sums()
        self._entries: defaultdict[int, list[Entry]] = defaultdict(list)
        self._candidates: list[Candidate] = []
        self._candidate_spans = 0
        self.sealed_traces = 0

    def add(self, blocks: Sequence[KeptBlock]) -> None:
        """Add a trace, given all its blocks, if the window is a seal point of it. Raises StoreError."""
        stretch = find_stretch(as_sent(blocks), self._sealing.window, self._services.settings)
        if stretch is not None:
            self.add_stretch(stretch, blocks)

    def add_stretch(self, stretch: Stretch, blocks: Sequence[KeptBlock]) -> None:
        """Add what `stretch` says of a trace that has these blocks."""
        if self._add_now(stretch, blocks):
            self.add_counts(None, stored_trace(stretch.before))

    def _add_now(self, stretch: Stretch, blocks: Sequence[KeptBlock]) -> bool:
        """Whether there is something; it is let go of before what was there before is looked at."""
        trace = stored_trace(stretch.now)
        if trace is None:
            return False
        self.add_counts(trace)
        if any(kept.undecided for kept in blocks):
            self._judge(Candidate(trace=trace, blocks=tuple(self._until_now(blocks))))
        else:
            self.add_entry(entry_of(trace), hours_of(trace))
        return True

    def add_entry(self, entry: Entry, hours: Iterable[int]) -> None:
        """Put a trace into the digests of these hours."""
        self.sealed_traces += 1
        for hour in hours:
            self._entries[hour].append(entry)

    def add_counts(self, now: StoredTrace | None, before: StoredTrace | None = None) -> None:
        """Add what `now` counts to the sums, and take what `before` counted away."""
        if now is not None:
            contribute(now, self._sums)
        if before is not None:
            contribute(before, self._sums, -1)

    def add_joined(self, now: Sequence[StoredTrace], before: Sequence[StoredTrace]) -> None:
        """Add what the traces `now` are together beside what each is alone, and take away what they were `before`."""
        contribute_joined(now, self._sums)
        contribute_joined(before, self._sums, -1)

    def finish(self) -> tuple[dict[int, list[Entry]], dict[int, Rollup]]:
        """Entries and sums by hour. Raises StoreError."""
        self._settle()
        return self._entries, self._sums.rollups()

    def _judge(self, candidate: Candidate) -> None:
        self._candidates.append(candidate)
        self._candidate_spans += len(candidate.trace.spans)
        if self._candidate_spans > _JUDGED_SPANS:
            self._settle()

    def _settle(self) -> None:
        candidates, self._candidates, self._candidate_spans = self._candidates, [], 0
        if not candidates:
            return
        width_s = self._services.settings.seal_window_s
        share = len(candidates) / self._sealing.trace_count / 2 ** (len(self._sealing.piece) - 1)
        kept = settle(self._services, self._sealing.tenant, candidates, width_s, share, self._deadline)
        for candidate, is_kept in zip(candidates, kept, strict=True):
            if is_kept:
                self.add_entry(entry_of(candidate.trace), hours_of(candidate.trace))

    def _until_now(self, blocks: Sequence[KeptBlock]) -> Iterable[KeptBlock]:
        width_s = self._services.settings.seal_window_s
        return (
            kept for kept in blocks if kept.covers or arrival_window(kept.arrived_ms, width_s) <= self._sealing.window
        )


def hours_of(trace: StoredTrace) -> set[int]:
    """The hours in which a span of `trace` starts."""
    return {hour_of(trace.time_ns(span)) for span in trace.spans}


def part_of(kept: KeptBlock) -> StoredTrace:
    """One block as if it were a trace. Raises StoreError for one without spans."""
    trace = stored_trace([kept])
    if trace is None:
        raise StoreError(f"a block of trace {kept.block.trace_id} has no span")
    return trace
