"""Rates, errors and any quantile of durations over sliding windows, from the same rollups as RED.

A point at a moment tells of the calls that began within `over_s` before it. Rollups know minutes, so moments and
lengths are whole minutes; where hours have been coarsened, whole hours.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError
from chalicelib.model.tracestate import COUNT_UNIT
from chalicelib.model.windows import NS_PER_S, Window
from chalicelib.query.rollups import MINUTE_S, read_rollups
from chalicelib.query.scanning import Account
from chalicelib.rollups.keys import ERRORS
from chalicelib.rollups.red import KIND_NAMES, finest_step_s
from chalicelib.rollups.sketches import quantile, total
from chalicelib.rollups.summaries import Sketch, new_sketch, red_cells
from chalicelib.services import Services

MAX_POINTS = 2_000
MAX_OVER_S = 24 * 3600

Labels = tuple[str, str | None]


class CallsRequest(NamedTuple):
    """Calls of these services, and of these kinds ("server"), at every `step_s` of the window; by operation or not.

    `share` is the quantile that is asked for.
    """

    services: frozenset[str]
    kinds: frozenset[str]
    window: Window
    step_s: int
    over_s: int
    share: float = 0.5
    by_operation: bool = False


class CallPoint(NamedTuple):
    """The calls of one sliding window that ends at `at_s`, of which there are some."""

    at_s: int
    calls_per_s: float
    error_ratio: float
    quantile_ns: float | None  # None: no call has a known duration


class CallSeries(NamedTuple):
    """The points of a service, or of an operation of it, by time."""

    service: str
    operation: str | None
    points: Sequence[CallPoint]


class CallsReport(NamedTuple):
    """The series by service and operation. `partial` says why they may not be all there is."""

    series: Sequence[CallSeries]
    partial: str | None


def calls_report(services: Services, tenant: str, request: CallsRequest, deadline: Deadline) -> CallsReport:
    """The series. Raises QueryError for a range, step or length that means nothing, StoreError as the store does."""
    asked = _checked(request)
    reach = Window(asked.window.start_ns - asked.over_s * NS_PER_S, asked.window.end_ns)
    found = read_rollups(services, tenant, reach, Account(deadline), by_minute=True)
    finest_s = finest_step_s(found.by_hour)
    asked = asked._replace(step_s=_whole(asked.step_s, finest_s), over_s=_whole(asked.over_s, finest_s))
    cells: dict[Labels, dict[int, Sketch]] = defaultdict(lambda: defaultdict(new_sketch))
    for start_s, (service, operation, kind, _, slot), count in red_cells(found.by_hour, found.window):
        if service in asked.services and (not asked.kinds or KIND_NAMES[kind] in asked.kinds):
            cells[service, operation if asked.by_operation else None][start_s][slot] += count
    ordered = sorted(cells.items(), key=lambda each: (each[0][0], each[0][1] or ""))
    series = [CallSeries(*labels, list(_points(minutes, asked))) for labels, minutes in ordered]
    return CallsReport([one for one in series if one.points], found.partial)


def _checked(asked: CallsRequest) -> CallsRequest:
    if asked.window.end_ns <= asked.window.start_ns:
        raise QueryError("the end of the range is not after its start")
    step_s, over_s = _whole(asked.step_s, MINUTE_S), _whole(asked.over_s, MINUTE_S)
    if (asked.window.end_ns - asked.window.start_ns) / NS_PER_S / step_s > MAX_POINTS:
        raise QueryError(f"more than {MAX_POINTS} steps; ask for a larger step or a shorter range")
    if over_s > MAX_OVER_S:
        raise QueryError(f"a rate over more than {MAX_OVER_S} s")
    return asked._replace(step_s=step_s, over_s=over_s)


def _whole(length_s: int, unit_s: int) -> int:
    return max(1, -(-length_s // unit_s)) * unit_s


def _points(minutes: Mapping[int, Sketch], asked: CallsRequest) -> Iterator[CallPoint]:
    """Slide over the minutes: what comes in is added, what falls out taken away."""
    starts = sorted(minutes)
    inside: Sketch = new_sketch()
    begin = end = 0
    for at_s in _moments(asked):
        while end < len(starts) and starts[end] < at_s:
            _add(inside, minutes[starts[end]], 1)
            end += 1
        while begin < end and starts[begin] < at_s - asked.over_s:
            _add(inside, minutes[starts[begin]], -1)
            begin += 1
        point = _point(at_s, inside, asked)
        if point is not None:
            yield point


def _moments(asked: CallsRequest) -> range:
    last_s = -(-asked.window.end_ns // NS_PER_S // asked.step_s) * asked.step_s
    first_s = -(-asked.window.start_ns // NS_PER_S // asked.step_s) * asked.step_s
    return range(first_s, last_s + 1, asked.step_s)


def _add(sketch: Sketch, other: Mapping[int, int], sign: int) -> None:
    for slot, count in other.items():
        sketch[slot] += sign * count


def _point(at_s: int, inside: Mapping[int, int], asked: CallsRequest) -> CallPoint | None:
    buckets = {slot: count for slot, count in inside.items() if slot != ERRORS and count}
    calls = total(buckets)
    if calls <= 0:
        return None
    errors = min(max(0, inside.get(ERRORS, 0)), calls)
    return CallPoint(at_s, calls / COUNT_UNIT / asked.over_s, errors / calls, quantile(buckets, asked.share))
