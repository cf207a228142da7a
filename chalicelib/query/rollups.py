"""What rollups answer over a range: services, operations, the service graph, RED.

Hours that lie in the range as a whole are read merged where they are; others, and what came after the merge, minute by
minute, each window once (rollups/pieces.py). What is not sealed yet is not in here: two or three minutes, as a rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import partial
from typing import NamedTuple

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.reports import GraphReport, OperationsReport, RedReport, ServicesReport, covered
from chalicelib.model.view import View
from chalicelib.model.windows import HOUR_S, NS_PER_S, Window
from chalicelib.query.ahead import READERS, read_ahead, readers
from chalicelib.query.pages import DEADLINE_REASON
from chalicelib.query.scanning import Account
from chalicelib.query.sources import hours_of, within_memory
from chalicelib.rollups import packing, red
from chalicelib.rollups.graph import graph
from chalicelib.rollups.joining import Ends, joined
from chalicelib.rollups.red import Wanted
from chalicelib.rollups.rollup import Rollup, total
from chalicelib.services import Services
from chalicelib.storage.rollup_views import covering
from chalicelib.storage.view_names import (
    first_sort,
    merged_partition,
    merged_sort,
    parse_merged_body,
    rollup_partition,
)

MINUTE_S = 60
MAX_STEPS = 10_000
LABELS = ("service", "operation", "kind")

_HOUR_NS = HOUR_S * NS_PER_S
_DEFAULT_STEPS_S = ((6 * HOUR_S, MINUTE_S), (24 * HOUR_S, 5 * MINUTE_S), (10_000 * HOUR_S, HOUR_S))


class ReadRollups(NamedTuple):
    """The rollups of `window` by hour; the window is shorter than the one asked for if `partial` says why.

    Of the hours in `merged` it is the merged ones, and what came later.
    """

    by_hour: Mapping[int, Rollup]
    window: Window
    partial: str | None
    merged: AbstractSet[int] = frozenset()


def services_report(services: Services, tenant: str, window: Window, deadline: Deadline) -> ServicesReport:
    """The services with spans in the window. Raises QueryError for an empty window, StoreError as the store does."""
    account = Account(deadline)
    found = read_rollups(services, tenant, window, account)
    return ServicesReport(
        services=red.services(found.by_hour, found.window),
        covered=covered(found.window),
        scanned=account.told(),
        partial=found.partial,
    )


def operations_report(
    services: Services, tenant: str, service: str, window: Window, deadline: Deadline
) -> OperationsReport:
    """The operations of a service in the window. Raises as `services_report` does."""
    account = Account(deadline)
    found = read_rollups(services, tenant, window, account)
    return OperationsReport(
        operations=red.operations(found.by_hour, found.window, service),
        covered=covered(found.window),
        scanned=account.told(),
        partial=found.partial,
    )


def graph_report(services: Services, tenant: str, window: Window, deadline: Deadline) -> GraphReport:
    """The service graph of the window. Raises as `services_report` does."""
    account = Account(deadline)
    found = read_rollups(services, tenant, window, account)
    ends = _Ends(services, tenant, found, account)
    drawn = graph(ends.joined(), found.window)
    return GraphReport(
        nodes=drawn.nodes,
        edges=drawn.edges,
        covered=covered(found.window),
        scanned=account.told(),
        partial=found.partial or ends.partial,
    )


class _Ends:
    """Ends of joins by hour: those that were read already, and others, which are read when they are asked for."""

    def __init__(self, services: Services, tenant: str, found: ReadRollups, account: Account) -> None:
        self._read = partial(_read_hour, services, tenant, deadline=account.deadline, is_merged=False)
        self._look_back_s = services.settings.join_look_back_s
        self._found = found
        self._account = account
        self._known = {hour: each.joins for hour, each in found.by_hour.items() if hour not in found.merged}
        self.partial: str | None = None

    def joined(self) -> dict[int, Rollup]:
        """The rollups with the calls between traces; without some, which `partial` then says, if time runs out."""
        return {hour: self._joined(hour, rollup) for hour, rollup in self._found.by_hour.items()}

    def _joined(self, hour: int, rollup: Rollup) -> Rollup:
        try:
            return joined(rollup, hour, self._of, self._look_back_s)
        except StoreError:
            if not self._account.is_out_of_time():
                raise
            self.partial = DEADLINE_REASON
            return rollup

    def _of(self, hour: int) -> Ends:
        if hour not in self._known:
            queries, rollup, _ = self._read(hour)
            for views in queries:
                self._account.add_query(views)
            self._known[hour] = rollup.joins
        return self._known[hour]


class RedRequest(NamedTuple):
    """RED of the wanted calls, one series for each combination of the labels in `by` (of LABELS).

    `step_s` is a multiple of 60; None is a minute, five or an hour, by the length of the window, which is widened
    to whole steps. An hour that held too much has no minutes any more: it can be asked for by the hour alone.
    """

    window: Window
    step_s: int | None
    wanted: Wanted
    by: frozenset[str]


def red_report(services: Services, tenant: str, request: RedRequest, deadline: Deadline) -> RedReport:
    """RED by step. Raises as `services_report` does, and QueryError for other steps or labels, or over MAX_STEPS.

    A step that nobody asked for is an hour where it can be no less.
    """
    window = request.window
    step_s = _default_step_s(window) if request.step_s is None else request.step_s
    _check_steps(window, step_s, request.by)
    step_ns = step_s * NS_PER_S
    whole = Window(window.start_ns // step_ns * step_ns, -(-window.end_ns // step_ns) * step_ns)
    account = Account(deadline)
    found = read_rollups(services, tenant, whole, account, by_minute=step_s % HOUR_S != 0)
    finest_s = red.finest_step_s(found.by_hour)
    if step_s % finest_s and request.step_s is None:
        return red_report(services, tenant, request._replace(step_s=finest_s), deadline)
    if step_s % finest_s:
        raise QueryError(f"some hours of the range are known as a whole only; ask for a step of {finest_s} s")
    told = Window(-(-found.window.start_ns // step_ns) * step_ns, found.window.end_ns)
    return RedReport(
        series=red.red_series(found.by_hour, told, step_s, request.wanted, request.by),
        step_s=step_s,
        covered=covered(told),
        scanned=account.told(),
        partial=found.partial,
    )


def read_rollups(
    services: Services, tenant: str, window: Window, account: Account, *, by_minute: bool = False
) -> ReadRollups:
    """The rollups of the window's hours; with `by_minute` none of them merged.

    Raises QueryError for an empty window, StoreError as the store does, and for views that cannot be read.
    """
    _check_window(window)
    known = within_memory(services, window)
    if known.end_ns <= known.start_ns:
        return ReadRollups({}, window, None)
    found: dict[int, _HourOfRollups] = {}
    hours = hours_of(known)

    def read(hour: int) -> _HourOfRollups:
        is_merged = not by_minute and not _is_cut(hour, known)
        return _read_hour(services, tenant, hour, account.deadline, is_merged=is_merged)

    with readers() as pool, closing(read_ahead(pool, hours, read, lambda done: min(done + 1, READERS - 1))) as reading:
        try:
            _collect(reading, found, account)
        except StoreError:
            if not account.is_out_of_time():
                raise
    rollups = {hour: each.rollup for hour, each in found.items()}
    merged = frozenset(hour for hour, each in found.items() if each.is_merged)
    if len(found) == len(hours):
        return ReadRollups(rollups, window, None, merged)
    first = min(found, default=hours[0] + HOUR_S) * NS_PER_S
    known = Window(min(max(first, window.start_ns), window.end_ns), window.end_ns)
    return ReadRollups(rollups, known, DEADLINE_REASON, merged)


class _HourOfRollups(NamedTuple):
    queries: Sequence[Sequence[View]]
    rollup: Rollup
    is_merged: bool


def _collect(reading: Iterator[tuple[int, _HourOfRollups]], found: dict[int, _HourOfRollups], account: Account) -> None:
    """Take in hours while there is time."""
    for hour, read in reading:
        account.hours += 1
        for views in read.queries:
            account.add_query(views)
        found[hour] = read
        if account.is_out_of_time():
            return


def _read_hour(services: Services, tenant: str, hour: int, deadline: Deadline, *, is_merged: bool) -> _HourOfRollups:
    merged = _merged(services, tenant, hour, deadline) if is_merged else []
    try:
        parts = [parse_merged_body(view.body) for view in merged]
        first = first_sort(parts[0].until) if parts else ""
        views = list(services.views.read(tenant, rollup_partition(hour), deadline, first=first))
        bodies = [*(part.packed for part in parts), *covering(views)]
        return _HourOfRollups([merged, views], total(map(packing.unpack, bodies)), bool(merged))
    except ValueError as broken:
        raise StoreError(f"the rollups of hour {hour} cannot be read: {broken}") from broken


def _merged(services: Services, tenant: str, hour: int, deadline: Deadline) -> list[View]:
    sort = merged_sort(hour)
    return list(services.views.read(tenant, merged_partition(hour), deadline, first=sort, last=sort))


def _is_cut(hour: int, window: Window) -> bool:
    """Whether part of the hour is outside the window."""
    return hour * NS_PER_S < window.start_ns or window.end_ns < hour * NS_PER_S + _HOUR_NS


def _default_step_s(window: Window) -> int:
    range_s = (window.end_ns - window.start_ns) / NS_PER_S
    return next((step_s for most_s, step_s in _DEFAULT_STEPS_S if range_s <= most_s), 24 * HOUR_S)


def _check_window(window: Window) -> None:
    if window.end_ns <= window.start_ns:
        raise QueryError("the end of the range is not after its start")


def _check_steps(window: Window, step_s: int, by: frozenset[str]) -> None:
    _check_window(window)
    if step_s < MINUTE_S or step_s % MINUTE_S:
        raise QueryError(f"a step of {step_s} s is not a multiple of {MINUTE_S}")
    if (window.end_ns - window.start_ns) / NS_PER_S / step_s > MAX_STEPS:
        raise QueryError(f"more than {MAX_STEPS} steps; ask for a larger step or a shorter range")
    unknown = sorted(by.difference(LABELS))
    if unknown:
        raise QueryError(f"series cannot be grouped by {unknown[0]!r}, only by {', '.join(LABELS)}")
