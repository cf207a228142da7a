"""Search: the traces of a range of starts for which a query holds, newest first, in pages.

A trace is in a range iff its first span starts in it. Hours are looked at from the newest to the oldest. In each the
views name candidates, which are read from their blocks in order of their starts and asked the query itself.
Where a trace turns out to begin earlier than the views knew, it waits until its turn comes. What a page has looked
at is told by the position reached alone, so the next page can begin there with nothing else remembered.

Which traces are candidates is exact (never one too few) as far as views are: a span is there a few seconds after
it was kept.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from enum import Enum
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.found import FoundTrace, SearchPage
from chalicelib.model.windows import HOUR_S, NS_PER_S, Window, hour_of
from chalicelib.query import cursors
from chalicelib.query.ahead import read_ahead, readers
from chalicelib.query.candidates import Unsealed, candidates
from chalicelib.query.cursors import Cursor, Position
from chalicelib.query.questions import Question, search_question
from chalicelib.query.scanning import DEADLINE_REASON, Account
from chalicelib.query.sources import hours_of, read_digests, read_segments, within_memory
from chalicelib.query.summaries import summary
from chalicelib.query.verifying import Verified, read_traces
from chalicelib.services import Services

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000
DEFAULT_SPANS = 3
MAX_SPANS = 100

# Hours newer than the range whose digests are read for what they know of unsealed traces that began in the range.
_CONTEXT_HOURS = 2

_FEWEST_READS = 2
_HOURS_AHEAD = 4
_HOUR_IS_LARGE_BYTES = 8 * 1024 * 1024


class _End(Enum):
    """Why a page ends where it does."""

    RANGE = "nothing is left"
    FULL = "no more fits on it"
    DEADLINE = "there is no time for more"


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A search. With `cursor` it goes on with the range that the cursor carries, and `window` is not looked at.

    `limit` is 1 to MAX_LIMIT traces, `spans_per_spanset` 0 to MAX_SPANS spans to show of each spanset. The summaries
    of a page, as JSON, weigh at most `budget_bytes`.
    """

    query: str = ""
    window: Window
    limit: int = DEFAULT_LIMIT
    spans_per_spanset: int = DEFAULT_SPANS
    cursor: str | None = None
    budget_bytes: int


def search(services: Services, tenant: str, request: SearchRequest, deadline: Deadline) -> SearchPage:
    """One page. It ends at the limit, at the budget, at the end of the range, or partially at the deadline.

    Raises QueryError for a query that cannot be asked, a limit or a range that means nothing, and a cursor that is not
    of this query; StoreError as the stores do.
    """
    checked(request)
    question = search_question(request.query)
    begin = cursors.resume(_identity(request), request.cursor, request.window)
    account = Account(deadline)
    page = _Page(request, begin)
    with readers() as pool:
        end = _fill(_Asked(services, tenant, question, pool), begin, page, account)
    reasons = [DEADLINE_REASON] * (end is _End.DEADLINE) + page.problems
    return SearchPage(
        traces=tuple(page.traces),
        scanned=account.told(),
        cursor=None if end is _End.RANGE else cursors.encode(_identity(request), Cursor(begin.window, page.position)),
        partial="; ".join(reasons) or None,
    )


def checked(request: SearchRequest) -> None:
    """Raises QueryError for numbers that mean nothing."""
    if not 1 <= request.limit <= MAX_LIMIT:
        raise QueryError(f"a limit of {request.limit} is not between 1 and {MAX_LIMIT}")
    if not 0 <= request.spans_per_spanset <= MAX_SPANS:
        raise QueryError(f"{request.spans_per_spanset} spans per spanset are not between 0 and {MAX_SPANS}")
    if request.window.end_ns <= request.window.start_ns:
        raise QueryError("the end of the range is not after its start")


class _Asked(NamedTuple):
    services: Services
    tenant: str
    question: Question
    pool: ThreadPoolExecutor


class _Hour(NamedTuple):
    """Where the hour (or the range's part of it) starts, and its candidates in the order in which to look at them."""

    start_ns: int
    positions: list[Position]
    is_last: bool


class _Page:
    """A page that is being filled. `position` is the last place of the order that has been looked at."""

    def __init__(self, request: SearchRequest, begin: Cursor) -> None:
        self.traces: list[FoundTrace] = []
        self.problems: list[str] = []
        self.position = begin.position
        self.seen: set[str] = set()
        self.spans_per_spanset = request.spans_per_spanset
        self._window = begin.window
        self._room_bytes = request.budget_bytes
        self._limit = request.limit
        self._waiting: list[tuple[int, int, FoundTrace]] = []  # a heap, the newest on top

    @property
    def room(self) -> int:
        """How many traces there is still room for."""
        return self._limit - len(self.traces)

    def add(self, found: FoundTrace, position: Position) -> None:
        """Take in a trace that matches. It waits until its own place is reached, which may be after `position`."""
        start_ns = min(position.start_ns, int(found.start_time_unix_nano))
        if self._window.start_ns <= start_ns < self._window.end_ns:
            heappush(self._waiting, (-start_ns, -int(found.trace_id, 16), found))

    def advance(self, position: Position) -> bool:
        """Put out what waits for places up to `position`; whether all of it fitted."""
        while self._waiting and (place := _place(self._waiting[0])) >= position:
            weight = len(msgspec.json.encode(self._waiting[0][2])) + 1
            if not self.room or (weight > self._room_bytes and self.traces):
                return False
            self._room_bytes -= weight
            self.traces.append(heappop(self._waiting)[2])
            self.position = place
        self.position = min(self.position, position)
        return True


def _place(waiting: tuple[int, int, FoundTrace]) -> Position:
    return Position(-waiting[0], waiting[2].trace_id)


def _identity(request: SearchRequest) -> str:
    return f"search {request.query}"


def _fill(asked: _Asked, begin: Cursor, page: _Page, account: Account) -> _End:
    try:
        for hour in _hours(asked, begin, account):
            end = _look_at(asked, hour, page, account) or _between_hours(hour, page, account)
            if end is not None:
                return end
    except StoreError:
        if not account.is_out_of_time():
            raise
        return _End.DEADLINE
    return _End.RANGE


def _between_hours(hour: _Hour, page: _Page, account: Account) -> _End | None:
    if not page.advance(Position(hour.start_ns, "")):
        return _End.FULL
    if hour.is_last:
        return None
    if not page.room:
        return _End.FULL
    return _End.DEADLINE if account.is_out_of_time() else None


def _look_at(asked: _Asked, hour: _Hour, page: _Page, account: Account) -> _End | None:
    """Look at the candidates of an hour, and put out what is found in its turn; why to stop there, or None."""
    fresh = [position for position in hour.positions if position.trace_id not in page.seen]
    account.candidates += len(fresh)
    ids = [position.trace_id for position in fresh]
    reading = read_traces(
        asked.services, asked.tenant, ids, asked.pool, account.deadline, at_most=lambda _: max(_FEWEST_READS, page.room)
    )
    with closing(reading):
        for position in fresh:
            if not page.room:
                return _End.FULL
            if account.is_out_of_time():
                return _End.DEADLINE
            _, verified = next(reading)
            found = _found(asked.question, verified, page, account)
            if found is not None:
                page.add(found, position)
            if not page.advance(position):
                return _End.FULL
            page.seen.add(position.trace_id)
    return None


def _found(question: Question, verified: Verified, page: _Page, account: Account) -> FoundTrace | None:
    account.traces += 1
    if verified.problem is not None:
        page.problems.append(verified.problem)
    spansets = question.evaluate(verified.trace) if verified.trace is not None else []
    if verified.trace is None or not spansets:
        account.false_candidates += 1
        return None
    return summary(verified.trace, spansets, page.spans_per_spanset)


def _hours(asked: _Asked, begin: Cursor, account: Account) -> Iterator[_Hour]:
    """The hours of the range that are not looked at yet, newest first; none are read before they are asked for."""
    services, tenant, question, pool = asked
    last_ns = begin.position.start_ns + bool(begin.position.trace_id)  # at its start there may be more, with lower ids
    window = within_memory(services, Window(begin.window.start_ns, last_ns))
    if window.end_ns <= window.start_ns:
        return
    unsealed = Unsealed(
        read_segments(services, tenant, account), question.plan, question.compile_regex, knows_extents=True
    )
    _learn_from_newer_hours(asked, unsealed, window, account)
    hours = hours_of(window)
    reading = read_ahead(
        pool,
        hours,
        lambda hour: read_digests(services, tenant, hour, account.deadline),
        lambda done: 0 if account.largest_query_bytes > _HOUR_IS_LARGE_BYTES else min(_HOURS_AHEAD, done),
    )
    with closing(reading):
        for hour, digests in reading:
            account.add_hour(digests.views)
            found = candidates(question.plan, digests.indexes, unsealed, question.compile_regex)
            start_ns = max(hour * NS_PER_S, window.start_ns)
            yield _Hour(start_ns, _in_order(found, Position(start_ns, ""), begin.position), hour == hours[-1])


def _in_order(found: Mapping[str, Window], after: Position, before: Position) -> list[Position]:
    positions = (Position(extent.start_ns, trace_id) for trace_id, extent in found.items())
    return sorted((position for position in positions if after < position < before), reverse=True)


def _learn_from_newer_hours(asked: _Asked, unsealed: Unsealed, window: Window, account: Account) -> None:
    """Complete what is known of unsealed traces that begin in `window` by what digests of later hours say of them.

    Where that would be too many hours, all of these traces are verified instead: they came long after they began,
    which few do.
    """
    if not any(window.start_ns <= extent.start_ns < window.end_ns for extent in unsealed.extents.values()):
        return
    newer = range(hours_of(window)[0] + HOUR_S, hour_of(asked.services.now_ns()) + 1, HOUR_S)
    if len(newer) > _CONTEXT_HOURS:
        unsealed.answers_all = True
        return
    for hour in newer:
        digests = read_digests(asked.services, asked.tenant, hour, account.deadline)
        account.add_hour(digests.views)
        for index in digests.indexes:
            unsealed.learn(index)
