"""The seal, every minute: whatever has gone quiet becomes digests and rollups, and hours that are over are merged.

A tick looks back three hours for windows that are due and not marked, and once an hour as far as segments are kept, so
that what nobody came to (an outage, messages that failed too often) is found again. It does what it has the time for
and leaves the rest to the work queue. What fails is told and left to the next tick.
"""

from collections.abc import Callable, Iterable
from functools import partial
from weakref import WeakKeyDictionary

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.windows import HOUR_S, NS_PER_S
from chalicelib.rollups.pieces import WHOLE
from chalicelib.services import Services
from chalicelib.storage.port import ViewStore
from chalicelib.storage.sealed_windows import WindowRange, sealed_windows, unsealed_ranges
from chalicelib.storage.view_names import (
    PieceName,
    first_sort,
    hour_start,
    last_sort,
    sealed_partition,
    segment_partition,
    window_of,
)
from chalicelib.views import messages, sealing
from chalicelib.views.dead_letters import UNEXPECTED
from chalicelib.views.merge import merge_if_missing
from chalicelib.views.schedule import SEGMENT_KEPT_S, hours_to_merge, newest_due
from chalicelib.views.tenants import active

LOOK_BACK_S = 3 * HOUR_S
DEEP_MINUTE = 37  # of each hour: away from the merges, which are due at other minutes
RESERVE_S = 10.0  # nothing new is begun with less time left than this; more than sealing.RESERVE_S

_MERGE_WITHIN_S = 10 * 60  # how long after a merge was due a tick still looks whether it was done

# Of each tenant the windows, as far as ticks look back, without segments when they were due, by the store: a warm
# container need not ask again. Segments that come later bring work of their own, and a deep tick asks.
_empty: WeakKeyDictionary[ViewStore, dict[str, set[int]]] = WeakKeyDictionary()


def tick(services: Services, deadline: Deadline) -> None:
    """Seal and merge what is due of every active tenant, or hand it over. Raises StoreError if it cannot even begin."""
    now_s = services.now_ns() // NS_PER_S
    is_deep = now_s % HOUR_S // 60 == DEEP_MINUTE
    tenants = active(services, now_s - _look_back_s(is_deep=is_deep) - HOUR_S, now_s, deadline)
    left = []
    for tenant in tenants:
        if deadline.remaining_s() < RESERVE_S:
            left.append(messages.TenantWork(tenant=tenant, is_deep=is_deep))
        else:
            _try(services, tenant, partial(tick_tenant, services, tenant, deadline, is_deep=is_deep))
    hand_over(services, left, deadline)


def tick_tenant(services: Services, tenant: str, deadline: Deadline, *, is_deep: bool) -> None:
    """Seal and merge what is due of one tenant, or hand it over. Raises StoreError."""
    left = []
    for window in due_windows(services, tenant, deadline, is_deep=is_deep):
        if deadline.remaining_s() < RESERVE_S:
            left.append(messages.SealWork(tenant=tenant, window=window, piece=WHOLE))
        else:
            _try(services, tenant, partial(seal_window, services, tenant, window, WHOLE, deadline))
    hand_over(services, left, deadline)
    within_s = SEGMENT_KEPT_S if is_deep else _MERGE_WITHIN_S
    for hour in hours_to_merge(services.settings, services.now_ns(), within_s):
        if deadline.remaining_s() >= RESERVE_S:
            _try(services, tenant, partial(merge_if_missing, services, tenant, hour, deadline))


def seal_window(services: Services, tenant: str, window: int, piece: str, deadline: Deadline) -> None:
    """Seal a window, or a piece of it, if it is due; what is too much for one invocation goes to the work queue.

    Raises StoreError; everything may then be done again.
    """
    if deadline.remaining_s() < RESERVE_S:
        hand_over(services, [messages.SealWork(tenant=tenant, window=window, piece=piece)], deadline)
        return
    finer = sealing.seal(services, PieceName(window, piece), tenant, deadline)
    hand_over(services, [messages.SealWork(tenant=tenant, window=window, piece=each) for each in finer], deadline)


def hand_over(services: Services, work: Iterable[messages.Work], deadline: Deadline) -> None:
    """Leave work to other invocations. Raises StoreError."""
    found = [messages.encode(each) for each in work]
    if found:
        services.queue.send(found, deadline)
        services.telemetry.count({"work_handed_over": len(found)})


def due_windows(services: Services, tenant: str, deadline: Deadline, *, is_deep: bool) -> list[int]:
    """The windows that are due, not sealed, and may have segments, ascending. Raises StoreError."""
    width_s = services.settings.seal_window_s
    newest = newest_due(services.settings, services.now_ns())
    span = WindowRange((newest - _look_back_s(is_deep=is_deep)) // width_s * width_s, newest)
    empty_of = _empty.setdefault(services.views, {})
    empty = set() if is_deep else {window for window in empty_of.get(tenant, ()) if window >= span.first}
    known = sealed_windows(
        view
        for hour in range(hour_start(span.first), newest + 1, HOUR_S)
        for view in services.views.read(tenant, sealed_partition(hour), deadline)
    )
    runs = unsealed_ranges(known | empty, span, width_s)
    found = sorted(window for run in runs for window in _with_segments(services, tenant, run, deadline))
    asked = {window for run in runs for window in range(run.first, run.last + 1, width_s)}
    empty_of[tenant] = empty | asked.difference(found)
    return found


def forget(services: Services) -> None:
    """Take no window for empty any more: the views were dropped."""
    _empty.pop(services.views, None)


def _with_segments(services: Services, tenant: str, run: WindowRange, deadline: Deadline) -> set[int]:
    first, last = first_sort(run.first), last_sort(run.last)
    return {
        window_of(view.sort)
        for hour in range(hour_start(run.first), run.last + 1, HOUR_S)
        for view in services.views.read(
            tenant, segment_partition(hour), deadline, first=first, last=last, consistent=True
        )
    }


def _look_back_s(*, is_deep: bool) -> int:
    return SEGMENT_KEPT_S if is_deep else LOOK_BACK_S


def _try(services: Services, tenant: str, work: Callable[[], object]) -> None:
    """Do `work`; if it fails, say so, so that what is due beside it is done all the same."""
    try:
        work()
    except (StoreError, *UNEXPECTED) as error:
        services.telemetry.failure("a seal failed, and will be tried again", error)
        services.telemetry.count({"seals_failed": 1})
        services.telemetry.note("the seal that failed", {"tenant": tenant})
