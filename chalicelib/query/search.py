"""Search: the traces of a range of starts for which a query holds, newest first, in pages.

A trace is in a range iff its first span starts in it. Hours are looked at from the newest to the oldest. In each the
views name candidates, which are read from their blocks in order of their starts and asked the query itself.
Where a trace turns out to begin earlier than the views knew, it waits until its turn comes. What a page has looked
at is told by the position reached alone, so the next page can begin there with nothing else remembered.

Which traces are candidates is exact (never one too few) as far as views are: a span is there a few seconds after
it was kept.
"""

from contextlib import closing
from heapq import heappop, heappush

import msgspec

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.found import FoundTrace, SearchPage
from chalicelib.model.windows import Window
from chalicelib.query import cursors
from chalicelib.query.ahead import readers
from chalicelib.query.cursors import Cursor, Position
from chalicelib.query.hours import Hour, Look, by_start
from chalicelib.query.pages import PageEnd, what_is_left, why_partial
from chalicelib.query.questions import Question, search_question
from chalicelib.query.scanning import Account
from chalicelib.query.summaries import summary
from chalicelib.query.verifying import Verified, read_traces
from chalicelib.services import Services

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000
DEFAULT_SPANS = 3
MAX_SPANS = 100

_FEWEST_READS = 2  # at once, also when the page is nearly full


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
        look = Look(services, tenant, question.plan, question.compile_regex, pool, account)
        end = _fill(look, question, begin, page)
    following = cursors.encode(_identity(request), Cursor(begin.window, page.position))
    return SearchPage(
        traces=tuple(page.traces),
        scanned=account.told(),
        cursor=None if end is PageEnd.RANGE else following,
        partial=why_partial(is_late=end is PageEnd.DEADLINE, problems=page.problems),
    )


def checked(request: SearchRequest) -> None:
    """Raises QueryError for numbers that mean nothing."""
    if not 1 <= request.limit <= MAX_LIMIT:
        raise QueryError(f"a limit of {request.limit} is not between 1 and {MAX_LIMIT}")
    if not 0 <= request.spans_per_spanset <= MAX_SPANS:
        raise QueryError(f"{request.spans_per_spanset} spans per spanset are not between 0 and {MAX_SPANS}")
    if request.window.end_ns <= request.window.start_ns:
        raise QueryError("the end of the range is not after its start")


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


def _fill(look: Look, question: Question, begin: Cursor, page: _Page) -> PageEnd:
    window = what_is_left(look.services, begin)
    if window is None:
        return PageEnd.RANGE
    try:
        for hour in by_start(look, window):
            end = _look_at(look, question, hour, page) or _between_hours(look, hour, window, page)
            if end is not None:
                return end
    except StoreError:
        if not look.account.is_out_of_time():
            raise
        return PageEnd.DEADLINE
    return PageEnd.RANGE


def _look_at(look: Look, question: Question, hour: Hour, page: _Page) -> PageEnd | None:
    """Look at the candidates of an hour, and put out what is found in its turn; why to stop there, or None."""
    positions = _in_order(hour, page)
    look.account.candidates += len(positions)
    ids = (position.trace_id for position in positions)
    with closing(read_traces(look, ids, at_most=lambda _: max(_FEWEST_READS, page.room))) as reading:
        for position in positions:
            if not page.room:
                return PageEnd.FULL
            if look.account.is_out_of_time():
                return PageEnd.DEADLINE
            _, verified = next(reading)
            found = _found(question, verified, page, look.account)
            if found is not None:
                page.add(found, position)
            if not page.advance(position):
                return PageEnd.FULL
            page.seen.add(position.trace_id)
    return None


def _in_order(hour: Hour, page: _Page) -> list[Position]:
    """The candidates to look at now: those that begin in this hour and come after what has been looked at."""
    positions = (Position(extent.start_ns, trace_id) for trace_id, extent in hour.found.items())
    return sorted(
        (
            position
            for position in positions
            if Position(hour.part.start_ns, "") < position < page.position and position.trace_id not in page.seen
        ),
        reverse=True,
    )


def _found(question: Question, verified: Verified, page: _Page, account: Account) -> FoundTrace | None:
    account.traces += 1
    if verified.problem is not None:
        page.problems.append(verified.problem)
    spansets = question.evaluate(verified.trace) if verified.trace is not None else []
    if verified.trace is None or not spansets:
        account.false_candidates += 1
        return None
    return summary(verified.trace, spansets, page.spans_per_spanset)


def _between_hours(look: Look, hour: Hour, window: Window, page: _Page) -> PageEnd | None:
    if not page.advance(Position(hour.part.start_ns, "")):
        return PageEnd.FULL
    if hour.part.start_ns == window.start_ns:  # the last
        return None
    if not page.room:
        return PageEnd.FULL
    return PageEnd.DEADLINE if look.account.is_out_of_time() else None
