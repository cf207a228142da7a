"""What the stream of the facts table tells, made searchable: one segment for each batch, tenant and arrival window.

A segment is a set, so it matters to nobody whether a batch comes again, whole or in other pieces: the same batch lands
on itself, another one overlaps. Consolidated blocks are left out, since their spans are in segments already.

A segment may come when the seal of its window is due, or all but: its window is sealed (again). A note beside the
markers tells a seal that is under way just now that it missed something (sealing.py).

A sender that tries again minutes later moves its block to another arrival window, for the block is then put anew. What
was sealed of it before would be counted twice. So such a trace is put into a segment of every window whose seal comes
out differently now, and those windows are sealed again as late ones are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from chalicelib.codecs.otlp.messages import DecodeError, TracesData
from chalicelib.model.arrival import Arrival, BadRecord
from chalicelib.model.block import KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.model.ids import low_half
from chalicelib.model.view import View
from chalicelib.model.windows import NS_PER_MS, NS_PER_S, arrival_window
from chalicelib.rollups.pieces import WHOLE
from chalicelib.search.index import Entry, EntryReader, pack_parts, union
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.view_names import (
    SegmentName,
    late_sort,
    sealed_partition,
    segment_partition,
    segment_sort,
)
from chalicelib.views import messages
from chalicelib.views.dead_letters import UNEXPECTED, DeadLetter, bury, reason_of
from chalicelib.views.schedule import SEGMENT_KEPT_S, is_due
from chalicelib.views.tenants import note_active
from chalicelib.views.trace_blocks import read_within

# A seal that is due this soon may already be reading, and clocks differ.
LATE_MARGIN_S = 5


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: every record is either indexed, skipped (consolidated) or dead.

    `late` are the (tenant, window) that are to be sealed because of it.
    """

    indexed: int
    skipped: int
    dead: int
    segments: int
    late: tuple[tuple[str, int], ...] = ()


class Segmented(NamedTuple):
    """The segments of a batch that were put, by (tenant, window), and what could not be in any."""

    segments: dict[tuple[str, int], int]
    letters: list[DeadLetter]


class _Batch:
    """The entries of one (tenant, window), by trace, and the sequence number of the first record."""

    def __init__(self) -> None:
        self.sequence = ""
        self.entries: defaultdict[str, list[Entry]] = defaultdict(list)

    def add(self, sequence: str, entry: Entry) -> None:
        self.sequence = self.sequence or sequence
        self.entries[entry.trace_id].append(entry)


def index(
    services: Services, arrivals: Sequence[Arrival], deadline: Deadline, bad_records: Sequence[BadRecord] = ()
) -> Indexed:
    """Make the blocks that arrived searchable. What cannot be read becomes a dead letter and holds nothing up.

    Raises StoreError; the batch is then to be given again, whole or in parts.
    """
    fresh = [arrival for arrival in arrivals if not arrival.kept.covers]
    put = write_segments(services, fresh, deadline)
    late = _announce_late(services, sorted(put.segments), batch_digest(fresh), deadline)
    bury(services, [*map(_letter, bad_records), *put.letters], deadline)
    indexed = Indexed(
        indexed=len(fresh) - len(put.letters),
        skipped=len(arrivals) - len(fresh),
        dead=len(bad_records) + len(put.letters),
        segments=sum(put.segments.values()),
        late=tuple(late),
    )
    _count(services, indexed, fresh)
    return indexed


def write_segments(services: Services, arrivals: Sequence[Arrival], deadline: Deadline) -> Segmented:
    """Put the segments of one batch, and nothing else. Raises StoreError."""
    batches, letters = _batches(services, arrivals, deadline)
    note_active(services, batches, deadline)
    digest = batch_digest(arrivals)
    expires_at_s = services.now_ns() // NS_PER_S + SEGMENT_KEPT_S
    by_tenant: defaultdict[str, list[View]] = defaultdict(list)
    counts: dict[tuple[str, int], int] = {}
    for (tenant, window), batch in batches.items():
        bodies = pack_parts([union(entries) for entries in batch.entries.values()])
        counts[tenant, window] = len(bodies)
        for part, body in enumerate(bodies):
            sort = segment_sort(SegmentName(window, batch.sequence, digest, part))
            view = View(partition=segment_partition(window), sort=sort, body=body, expires_at_s=expires_at_s)
            by_tenant[tenant].append(view)
    for tenant, views in by_tenant.items():
        services.views.put(tenant, views, deadline)
    return Segmented(counts, letters)


def batch_digest(arrivals: Sequence[Arrival]) -> str:
    """What names a batch: 8 hex digits of all its event ids."""
    return blake2b("\n".join(arrival.event_id for arrival in arrivals).encode(), digest_size=4).hexdigest()


def _batches(
    services: Services, arrivals: Sequence[Arrival], deadline: Deadline
) -> tuple[dict[tuple[str, int], _Batch], list[DeadLetter]]:
    reader = EntryReader()
    batches: defaultdict[tuple[str, int], _Batch] = defaultdict(_Batch)
    letters: list[DeadLetter] = []
    windows_of_trace = cache(partial(_windows_of_trace, services, deadline))  # a batch may be one trace, sent again
    for arrival in arrivals:
        try:
            entry = _entry(reader, arrival)
        except (UnreadableBlock, *UNEXPECTED) as error:
            letters.append(_letter_of(arrival, reason_of(services, error)))
            continue
        for window in _windows(services.settings, arrival, windows_of_trace):
            batches[arrival.tenant, window].add(arrival.sequence, entry)
    return batches, letters


def _entry(reader: EntryReader, arrival: Arrival) -> Entry:
    block = arrival.kept.block
    try:
        message = TracesData.FromString(block.payload)
    except DecodeError as broken:
        raise UnreadableBlock(f"a block of trace {block.trace_id} is not OTLP: {broken}") from broken
    return reader.entry_of_message(message, block.trace_id, arrival.kept.arrived_ms)


def _windows(
    settings: Settings, arrival: Arrival, windows_of_trace: Callable[[str, str], Sequence[int]]
) -> Iterator[int]:
    """The window in which the block arrived, and those whose seals change because it was in another before."""
    window = arrival_window(arrival.kept.arrived_ms, settings.seal_window_s)
    yield window
    if arrival.replaces_ms is None:
        return
    left = arrival_window(arrival.replaces_ms, settings.seal_window_s)
    if left == window:
        return
    others = {left, *windows_of_trace(arrival.tenant, arrival.kept.block.trace_id)}
    yield from sorted(other for other in others - {window} if other >= left - settings.seal_quiet_s)


def _windows_of_trace(services: Services, deadline: Deadline, tenant: str, trace_id: str) -> Sequence[int]:
    """The windows in which blocks of a trace, or of one that is joined to it, arrived; none if they cannot be read.

    Raises StoreError.
    """
    width_s = services.settings.seal_window_s
    try:
        blocks: Iterable[KeptBlock] | None = read_within(services, tenant, low_half(trace_id), deadline)
    except UnreadableBlock:  # of this trace or of another one
        blocks = None
    try:
        if blocks is None:
            blocks = services.blocks.read_kept(tenant, trace_id, deadline, covered=True)
        return sorted({arrival_window(kept.arrived_ms, width_s) for kept in blocks})
    except UnreadableBlock:  # then no seal counts this trace
        return []


def _announce_late(
    services: Services, segmented: Sequence[tuple[str, int]], digest: str, deadline: Deadline
) -> list[tuple[str, int]]:
    """Leave a note and work for each window that is due or soon will be. The segments are durable by now."""
    now_ns = services.now_ns()
    late = [pair for pair in segmented if is_due(pair[1], services.settings, now_ns, early_s=LATE_MARGIN_S)]
    for tenant, window in late:
        note = View(
            partition=sealed_partition(window),
            sort=late_sort(window, digest),
            body=b"",
            expires_at_s=now_ns // NS_PER_S + SEGMENT_KEPT_S,
        )
        services.views.put(tenant, [note], deadline)
    work = [messages.SealWork(tenant=tenant, window=window, piece=WHOLE) for tenant, window in late]
    if work:
        services.queue.send([messages.encode(each) for each in work], deadline)
    return late


def _letter(bad: BadRecord) -> DeadLetter:
    return DeadLetter(name=bad.sequence, reason=bad.reason, about=bad.keys)


def _letter_of(arrival: Arrival, reason: str) -> DeadLetter:
    kept = arrival.kept
    about = {"tenant": arrival.tenant, "trace_id": kept.block.trace_id, "digest": kept.digest.hex()}
    return DeadLetter(name=arrival.sequence, reason=reason, about=about)


def _count(services: Services, indexed: Indexed, arrivals: Sequence[Arrival]) -> None:
    now_ms = services.now_ns() // NS_PER_MS
    services.telemetry.count(
        {
            "records_indexed": indexed.indexed,
            "records_skipped": indexed.skipped,
            "records_dead": indexed.dead,
            "segments_written": indexed.segments,
            "windows_late": len(indexed.late),
            "index_lag_ms": max((now_ms - arrival.kept.arrived_ms for arrival in arrivals), default=0),
        }
    )
