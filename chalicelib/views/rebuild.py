"""Every view made again from nothing but facts: what settled windows had is there again, byte for byte.

Views are dropped first, so searches find little until it is done, and dead letters, which are views too, are gone.
Writing may go on meanwhile. What is not due yet is left to the next tick. Facts that have expired count no more:
rollups of what tail sampling let go are as large as the kept traces say (their spans carry the threshold).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from chalicelib.model.arrival import Arrival
from chalicelib.model.block import KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.rollups.pieces import WHOLE
from chalicelib.services import Services
from chalicelib.storage.port import BlockScan
from chalicelib.storage.view_names import PieceName, hour_start, is_late_note, parse_marker_body, sealed_partition
from chalicelib.views import seal, sealing, tenants
from chalicelib.views.dead_letters import bury
from chalicelib.views.index import write_segments
from chalicelib.views.merge import merge
from chalicelib.views.schedule import is_due

BATCH_BLOCKS = 1000
_TOLD_WINDOWS = 500  # between two lines about windows

Say = Callable[[str], None]


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild did. `unreadable` tells of facts that could not be read, if there were any."""

    views_dropped: int = 0
    blocks: int = 0
    spans: int = 0
    dead: int = 0
    segments: int = 0
    windows: int = 0
    merges: int = 0
    unreadable: str | None = None


class _Counts:
    """What is being counted, and the windows of each tenant that blocks arrived in."""

    def __init__(self) -> None:
        self.blocks = self.spans = self.dead = self.segments = self.sealed = self.merges = 0
        self.windows: defaultdict[str, set[int]] = defaultdict(set)


def rebuild(services: Services, scan: BlockScan, deadline: Deadline, say: Say) -> Rebuilt:
    """Drop every view and make all of them again. `say` is given a line now and then.

    Raises StoreError; views are then incomplete, and it is to be begun again.
    """
    counts = _Counts()
    dropped = services.views.drop()
    tenants.forget(services)
    seal.forget(services)
    say(f"{dropped} views dropped")
    unreadable = _index_all(services, scan, counts, deadline, say)
    _seal_all(services, counts, deadline, say)
    _merge_all(services, counts, deadline)
    say(f"{counts.merges} hours merged")
    return Rebuilt(
        views_dropped=dropped,
        blocks=counts.blocks,
        spans=counts.spans,
        dead=counts.dead,
        segments=counts.segments,
        windows=counts.sealed,
        merges=counts.merges,
        unreadable=unreadable,
    )


def _index_all(services: Services, scan: BlockScan, counts: _Counts, deadline: Deadline, say: Say) -> str | None:
    """Put the segments of every fact; what the scan says of facts that it cannot read."""
    unreadable: list[str] = []
    facts = _readable(scan, unreadable)
    while batch := list(islice(facts, BATCH_BLOCKS)):
        _index_batch(services, batch, counts, deadline)
        say(f"{counts.blocks} blocks indexed, {counts.spans} spans")
    return "; ".join(unreadable) or None


def _readable(scan: BlockScan, unreadable: list[str]) -> Iterator[tuple[str, KeptBlock]]:
    """Every fact that can be read; the scan's last word on the others goes to `unreadable`."""
    try:
        # Covered ones too: what was dropped at first and kept later had come in windows of its own.
        yield from scan.scan(covered=True)
    except UnreadableBlock as error:
        unreadable += [error.detail, *getattr(error, "__notes__", ())]


def _index_batch(
    services: Services, batch: Iterable[tuple[str, KeptBlock]], counts: _Counts, deadline: Deadline
) -> None:
    arrivals = [_arrival(tenant, kept) for tenant, kept in batch]
    put = write_segments(services, arrivals, deadline)
    bury(services, put.letters, deadline)
    counts.blocks += len(arrivals)
    counts.spans += sum(arrival.kept.block.span_count for arrival in arrivals)
    counts.dead += len(put.letters)
    counts.segments += sum(put.segments.values())
    for tenant, window in put.segments:
        counts.windows[tenant].add(window)


def _arrival(tenant: str, kept: KeptBlock) -> Arrival:
    """A fact as if the stream had told of it, numbered by its digest."""
    name = kept.digest.hex()
    return Arrival(tenant=tenant, kept=kept, sequence=str(int(name, 16)), event_id=name)


def _seal_all(services: Services, counts: _Counts, deadline: Deadline, say: Say) -> None:
    for tenant, windows in sorted(counts.windows.items()):
        for window in sorted(windows):
            if not is_due(window, services.settings, services.now_ns()):
                continue
            pieces = [WHOLE]
            while pieces:
                name = PieceName(window, pieces.pop())
                pieces += sealing.seal(services, name, tenant, deadline, rebuilding=True)
            counts.sealed += 1
            if counts.sealed % _TOLD_WINDOWS == 0:
                say(f"{counts.sealed} windows sealed")
    say(f"{counts.sealed} windows sealed")


def _merge_all(services: Services, counts: _Counts, deadline: Deadline) -> None:
    for tenant, windows in sorted(counts.windows.items()):
        for hour in sorted(_hours(services, tenant, windows, deadline)):
            counts.merges += merge(services, tenant, hour, deadline)


def _hours(services: Services, tenant: str, windows: Iterable[int], deadline: Deadline) -> set[int]:
    """The hours that the seals of these windows have put something into."""
    return {
        place.hour
        for window_hour in {hour_start(window) for window in windows}
        for view in services.views.read(tenant, sealed_partition(window_hour), deadline, consistent=True)
        if not is_late_note(view.sort)
        for place in parse_marker_body(view.body).places
    }
