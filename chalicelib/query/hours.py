"""The hours of a range from the newest to the oldest, each with the traces that may match a plan.

A sealed trace is told whole by any hour that it has spans in. An unsealed one is told by its segments and by the
digests of whatever was sealed of it; those of hours that were read before, newer ones, are remembered.
"""

from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.model.windows import HOUR_S, NS_PER_S, Window, hour_of
from chalicelib.query.ahead import read_ahead
from chalicelib.query.candidates import Unsealed, candidates
from chalicelib.query.scanning import Account
from chalicelib.query.sources import HourOfDigests, hours_of, read_digests, read_segments
from chalicelib.search.conditions import SpanMatch, TraceCondition
from chalicelib.search.index import CompileRegex
from chalicelib.services import Services

# Hours newer than the range whose digests are read for what they know of unsealed traces that began in the range.
_NEWER_HOURS = 2
_RECENT_HOURS = 2  # where the sealed spans of an unsealed trace are, but for few

_HOURS_AHEAD = 4
_HOUR_IS_LARGE_BYTES = 8 * 1024 * 1024
_TRACES_PER_SLICE = 500


@dataclass(frozen=True)
class Look:
    """Who looks for what, and what it costs."""

    services: Services
    tenant: str
    plan: TraceCondition
    compile_regex: CompileRegex
    pool: ThreadPoolExecutor
    account: Account
    digests: dict[int, HourOfDigests] = field(default_factory=dict)  # by hour, of those read out of turn

    def read(self, hour: int) -> HourOfDigests:
        """The digests of an hour; from any thread."""
        known = self.digests.get(hour)
        return known or read_digests(self.services, self.tenant, hour, self.account.deadline)

    def read_out_of_turn(self, hours: Iterable[int], unsealed: Unsealed) -> None:
        """Let `unsealed` learn from these hours, and keep them."""
        for hour in hours:
            digests = self.digests[hour] = self.read(hour)
            for index in digests.indexes:
                unsealed.learn(index)


class Hour(NamedTuple):
    """The part of the range that lies in one hour, and the extents of its candidates as far as they are known."""

    part: Window
    found: Mapping[str, Window]


def by_start(look: Look, window: Window) -> Iterator[Hour]:
    """The hours of a non-empty `window`, for traces that begin in them: each is among the candidates of that hour.

    Traces of other hours may be among the candidates too. An hour is read when it is asked for, and a few ahead once
    several have been.
    """
    segments = read_segments(look.services, look.tenant, look.account)
    unsealed = Unsealed(segments, look.plan, look.compile_regex, knows_extents=True)
    if any(window.start_ns <= extent.start_ns < window.end_ns for extent in unsealed.extents.values()):
        newer = range(hours_of(window)[0] + HOUR_S, hour_of(look.services.now_ns()) + 1, HOUR_S)
        if len(newer) > _NEWER_HOURS:  # they came so long after they began that they are few: verify them all
            unsealed.answers_all = True
        else:
            look.read_out_of_turn(newer, unsealed)
    return _hours(look, window, unsealed)


def by_span(look: Look, window: Window) -> Iterator[Hour]:
    """The hours of a non-empty `window`, for spans: traces with spans that match in an hour are among its candidates.

    Where the plan takes more than one span to decide, what is unsealed of a trace is put together with what was
    sealed of it in the last two hours, and no longer ago.
    """
    segments = read_segments(look.services, look.tenant, look.account)
    unsealed = Unsealed(segments, look.plan, look.compile_regex)
    if unsealed.trace_ids and not isinstance(look.plan, SpanMatch):
        this_hour = hour_of(look.services.now_ns())
        look.read_out_of_turn(range(this_hour, this_hour - _RECENT_HOURS * HOUR_S, -HOUR_S), unsealed)
    return _hours(look, window, unsealed)


def slices(hour: Hour) -> Iterator[tuple[Window, list[str]]]:
    """An hour cut so that each part has few candidates, newest part first.

    A trace is in each part that it has to do with; in a part they stand newest first, ties by id descending.
    """
    part, found = hour
    count = max(1, min(-(-len(found) // _TRACES_PER_SLICE), part.end_ns - part.start_ns))
    bounds = [part.start_ns + (part.end_ns - part.start_ns) * number // count for number in range(count + 1)]
    ids: list[list[str]] = [[] for _ in range(count)]
    for trace_id in newest_first(found):
        extent = found[trace_id]
        first, last = bisect_right(bounds, extent.start_ns) - 1, bisect_right(bounds, extent.end_ns) - 1
        for number in range(max(first, 0), min(last, count - 1) + 1):
            ids[number].append(trace_id)
    for number in reversed(range(count)):
        yield Window(bounds[number], bounds[number + 1]), ids[number]


def newest_first(found: Mapping[str, Window]) -> list[str]:
    """The traces by their starts, the newest first, ties by id descending."""
    return sorted(found, key=lambda trace_id: (found[trace_id].start_ns, trace_id), reverse=True)


def _hours(look: Look, window: Window, unsealed: Unsealed) -> Generator[Hour, None, None]:
    def ahead(done: int) -> int:
        return 0 if look.account.largest_query_bytes > _HOUR_IS_LARGE_BYTES else min(_HOURS_AHEAD, done)

    with closing(read_ahead(look.pool, hours_of(window), look.read, ahead)) as reading:
        for hour, digests in reading:
            look.account.add_hour(digests.views)
            part = Window(max(hour * NS_PER_S, window.start_ns), min((hour + HOUR_S) * NS_PER_S, window.end_ns))
            yield Hour(part, candidates(look.plan, digests.indexes, unsealed, look.compile_regex))
