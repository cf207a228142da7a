"""Which tenants had traffic on which day: whose windows a tick has to look at."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from chalicelib.model.deadline import Deadline
from chalicelib.model.view import SYSTEM_TENANT, View
from chalicelib.model.windows import NS_PER_S
from chalicelib.services import Services
from chalicelib.storage.port import ViewStore
from chalicelib.storage.view_names import DAY_S, day_start, tenants_partition
from chalicelib.views.schedule import SEGMENT_KEPT_S

# Put once for each container, day and tenant: (day, tenant) by the store it was put into.
_noted: WeakKeyDictionary[ViewStore, set[tuple[int, str]]] = WeakKeyDictionary()


def note_active(services: Services, windows: Iterable[tuple[str, int]], deadline: Deadline) -> None:
    """See that the tenants of these (tenant, window) are known to be active on the windows' days. Raises StoreError."""
    known = _noted.setdefault(services.views, set())
    fresh = sorted({(day_start(window), tenant) for tenant, window in windows} - known)
    expires_at_s = services.now_ns() // NS_PER_S + SEGMENT_KEPT_S + DAY_S
    views = [
        View(partition=tenants_partition(day), sort=tenant, body=b"", expires_at_s=expires_at_s)
        for day, tenant in fresh
    ]
    services.views.put(SYSTEM_TENANT, views, deadline)
    known.update(fresh)


def active(services: Services, first_s: int, last_s: int, deadline: Deadline) -> list[str]:
    """The tenants that were active on a day from that of `first_s` to that of `last_s`. Raises StoreError."""
    found: set[str] = set()
    for day in range(day_start(first_s), last_s + 1, DAY_S):
        found.update(view.sort for view in services.views.read(SYSTEM_TENANT, tenants_partition(day), deadline))
    return sorted(found)


def forget(services: Services) -> None:
    """Take nothing for noted any more: the views were dropped."""
    _noted.pop(services.views, None)
