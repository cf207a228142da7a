"""The rollups of an hour put together, so that a reader of days need not add up every minute.

A merged hour sums the windows before a moment, `until`, and says so; readers add the few of later windows. Which
moment follows from the hour and the time alone (schedule.py), so that everybody who merges puts the same. A seal of a
window that was merged already merges the hour again, before its marker says that it is done.

Ends of joins are joined now, so that a merged hour has calls in their place: those of its receivers, with senders of
this hour and of the ones before. So a seal that merges an hour again merges those after it again as well.

Two may merge an hour at once, and the one that read earlier may put later. So whoever has put looks whether what it
read is still what there is: the last one to put has then read everything.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import blake2b

from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.model.windows import HOUR_S, NS_PER_S
from chalicelib.rollups import packing
from chalicelib.rollups.joining import Ends, joined
from chalicelib.rollups.rollup import Rollup, coarsen, total
from chalicelib.services import Services
from chalicelib.storage.rollup_views import covering
from chalicelib.storage.view_names import (
    MergedBody,
    first_sort,
    merged_body,
    merged_partition,
    merged_sort,
    parse_merged_body,
    rollup_partition,
)
from chalicelib.views.piece_views import empty_rollup
from chalicelib.views.schedule import merge_untils

# A merge that is due this soon may already be reading, and clocks differ.
_EARLY_S = 5


def merge_again(services: Services, tenant: str, window: int, hours: Iterable[int], deadline: Deadline) -> None:
    """Merge those of `hours` into which `window` belongs and whose merge was due already, and those joined to them.

    Raises StoreError.
    """
    now_ns = services.now_ns() + _EARLY_S * NS_PER_S
    after_s = range(0, services.settings.join_look_back_s + HOUR_S, HOUR_S)
    for hour in sorted({hour + later_s for hour in hours for later_s in after_s}):
        if any(window < until for until in merge_untils(hour, services.settings, now_ns)):
            merge(services, tenant, hour, deadline, early_s=_EARLY_S)


def merge_if_missing(services: Services, tenant: str, hour: int, deadline: Deadline) -> bool:
    """Merge `hour` as far as is due, unless that was done; whether it was merged now. Raises StoreError."""
    until = _until(services, tenant, hour, deadline)
    if until is None or _merged_until(services, tenant, hour, deadline) == until:
        return False
    return merge(services, tenant, hour, deadline)


def merge(services: Services, tenant: str, hour: int, deadline: Deadline, *, early_s: int = 0) -> bool:
    """Merge `hour` as far as is due (or will be in `early_s`); False if nothing ever came. Raises StoreError."""
    until = _until(services, tenant, hour, deadline, early_s) or _merged_until(services, tenant, hour, deadline)
    if until is None:
        return False
    while True:
        reading = _Reading(partial(_rollups, services, tenant, deadline=deadline, until=until))
        whole = reading.rollup(hour)
        summed = coarsen(joined(whole, hour, reading.ends, services.settings.join_look_back_s))
        view = View(
            partition=merged_partition(hour),
            sort=merged_sort(hour),
            body=merged_body(MergedBody(until, packing.pack(summed))),
            expires_at_s=until + services.settings.retention_s,
        )
        services.views.put(tenant, [view], deadline)
        if reading.is_still_so():
            services.telemetry.count({"hours_merged": 1})
            return True


class _Reading:
    """What was read of some hours, each once, and whether it would be read again."""

    def __init__(self, read: Callable[[int], Iterator[View]]) -> None:
        self._read = read
        self._seen: dict[int, tuple[bytes, Ends]] = {}

    def rollup(self, hour: int) -> Rollup:
        """The sum of the hour's rollups."""
        digest = blake2b()
        whole = total(map(packing.unpack, covering(_told(self._read(hour), digest))))
        self._seen[hour] = digest.digest(), whole.joins
        return whole

    def ends(self, hour: int) -> Ends:
        """The ends of joins in an hour."""
        if hour not in self._seen:
            self.rollup(hour)
        return self._seen[hour][1]

    def is_still_so(self) -> bool:
        return all(_fingerprint(self._read(hour)) == seen for hour, (seen, _) in self._seen.items())


def _until(services: Services, tenant: str, hour: int, deadline: Deadline, early_s: int = 0) -> int | None:
    """Up to where to merge: as far as is due and something came; None if nothing did."""
    now_ns = services.now_ns() + early_s * NS_PER_S
    found, first = None, ""
    for until in merge_untils(hour, services.settings, now_ns):
        if any(view.body != empty_rollup() for view in _rollups(services, tenant, hour, deadline, until, first)):
            found = until
        first = first_sort(until)
    return found


def _merged_until(services: Services, tenant: str, hour: int, deadline: Deadline) -> int | None:
    sort = merged_sort(hour)
    for view in services.views.read(tenant, merged_partition(hour), deadline, first=sort, last=sort):
        return parse_merged_body(view.body).until
    return None


def _rollups(  # noqa: PLR0913, PLR0917  # whose, of which hour, from where to where, until when
    services: Services, tenant: str, hour: int, deadline: Deadline, until: int, first: str = ""
) -> Iterator[View]:
    return services.views.read(
        tenant, rollup_partition(hour), deadline, first=first, last=first_sort(until), consistent=True
    )


def _fingerprint(views: Iterable[View]) -> bytes:
    digest = blake2b()
    for _ in _told(views, digest):
        pass
    return digest.digest()


def _told(views: Iterable[View], digest: blake2b) -> Iterator[View]:
    """`views`, each of which `digest` is told of."""
    for view in views:
        digest.update(f"{view.sort}#{len(view.body)}#".encode())
        digest.update(view.body)
        yield view
