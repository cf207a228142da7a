"""Links of a trace, both ways: those that its spans have, and those that spans of other traces have to it.

Joins are told beside them (joins.py), and called so: nobody sent those.

The second kind is a search of its own, over the spans since this trace began: the newest first, by when they began,
then by their trace's id. (A span that knows of this trace began after it did, but for a difference of clocks.)
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from operator import itemgetter
from typing import NamedTuple

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import NoSuchTrace, QueryError, StoreError
from chalicelib.model.found import IncomingLink, LinksPage, OutgoingLink
from chalicelib.model.ids import parse_trace_id
from chalicelib.model.span import Link, Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import HOUR_S, NS_PER_S, Window
from chalicelib.query import cursors
from chalicelib.query.ahead import readers
from chalicelib.query.blocks import read_stored_trace
from chalicelib.query.cursors import Cursor, Position
from chalicelib.query.hours import Look, by_span, slices
from chalicelib.query.joins import Joins, find_joins
from chalicelib.query.pages import PageEnd, what_is_left, why_partial
from chalicelib.query.scanning import Account
from chalicelib.query.summaries import fields_of, shown_text
from chalicelib.query.verifying import read_traces
from chalicelib.search import regex
from chalicelib.search.conditions import Compare, SpanMatch
from chalicelib.search.index import remembering
from chalicelib.search.syntax import Intrinsic, Operator, Static, StaticType
from chalicelib.services import Services

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_OUTGOING = 1000
_CLOCK_SKEW_S = HOUR_S

_FULL_ID_DIGITS = 32


class LinksRequest(NamedTuple):
    """Links of a trace (32 hex digits), of those to it at most `limit` (1 to MAX_LIMIT)."""

    trace_id: str
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def links(services: Services, tenant: str, request: LinksRequest, deadline: Deadline) -> LinksPage:
    """The first page has the trace's own links too. Links of one span, or of spans that begin together, are not parted.

    Raises QueryError for another id, limit, or cursor; NoSuchTrace; AnswerTooLarge for a trace that cannot be read at
    once; StoreError.
    """
    trace_id = _checked(request)
    account = Account(deadline)
    begin = None if request.cursor is None else cursors.decode(_identity(trace_id), request.cursor)
    trace = read_stored_trace(services, tenant, trace_id, account.deadline)
    if trace is None:
        raise NoSuchTrace(trace_id)
    joins = find_joins(services, tenant, trace.spans, account)
    outgoing = [*_outgoing(trace), *_joined(trace, joins)] if begin is None else None
    if begin is None:
        window = _since(services, trace)
        begin = Cursor(window, Position(window.end_ns, ""))
    page = _Page(request.limit, begin.position, list(_joining(trace, joins)))
    page.problems += joins.problems
    with readers() as pool:
        look = Look(services, tenant, _links_to(trace_id), remembering(regex.compile), pool, account)
        end = _fill(look, trace_id, begin, page)
    goes_on = cursors.encode(_identity(trace_id), Cursor(begin.window, page.position))
    return LinksPage(
        outgoing=tuple(outgoing or ())[:MAX_OUTGOING],
        outgoing_count=None if outgoing is None else len(outgoing),
        incoming=tuple(page.links),
        scanned=account.told(),
        cursor=None if end is PageEnd.RANGE else goes_on,
        partial=why_partial(is_late=end is PageEnd.DEADLINE, problems=page.problems),
    )


class _Page:
    """A page that is being filled, and the last place of the order that has been looked at."""

    def __init__(self, limit: int, position: Position, joining: Sequence[tuple[Position, IncomingLink]]) -> None:
        self.links: list[IncomingLink] = []
        self.problems: list[str] = []
        self.position = position
        self._joining = joining
        self._limit = limit

    @property
    def is_full(self) -> bool:
        """Whether no other place has room."""
        return len(self.links) >= self._limit

    def joining(self, part: Window) -> list[tuple[Position, IncomingLink]]:
        """What is joined to the trace in a part of the range."""
        return [each for each in self._joining if part.start_ns <= each[0].start_ns < part.end_ns]

    def add(self, found: Iterable[tuple[Position, IncomingLink]]) -> bool:
        """Take in links in order, without those looked at before; whether there was room for all."""
        before = self.position
        for position, link in found:
            if position >= before:
                continue
            if self.is_full and position != self.position:
                return False
            self.links.append(link)
            self.position = position
        return True


def _checked(request: LinksRequest) -> str:
    trace_id = parse_trace_id(request.trace_id)
    if len(trace_id) != _FULL_ID_DIGITS:
        raise QueryError(f"links are of one trace: {trace_id!r} must have {_FULL_ID_DIGITS} digits")
    if not 1 <= request.limit <= MAX_LIMIT:
        raise QueryError(f"a limit of {request.limit} is not between 1 and {MAX_LIMIT}")
    return trace_id


def _identity(trace_id: str) -> str:
    return f"links {trace_id}"


def _links_to(trace_id: str) -> SpanMatch:
    return SpanMatch(Compare(Intrinsic.LINK_TRACE_ID, Operator.EQUAL, Static(StaticType.STRING, trace_id)))


def _since(services: Services, trace: StoredTrace) -> Window:
    start_ns = trace.extent().start_ns - _CLOCK_SKEW_S * NS_PER_S
    return Window(start_ns, max(start_ns, services.now_ns()) + _CLOCK_SKEW_S * NS_PER_S)


def _outgoing(trace: StoredTrace) -> list[OutgoingLink]:
    return [
        OutgoingLink(
            span_id=span.span_id,
            name=shown_text(span.name),
            service=shown_text(span.resource.service_name),
            trace_id=link.trace_id,
            linked_span_id=link.span_id,
            attributes=fields_of(link.attributes),
        )
        for span in trace.spans
        for link in span.links
    ]


def _joined(trace: StoredTrace, joins: Joins) -> Iterator[OutgoingLink]:
    """What sent to spans of `trace`."""
    for name, sender, receiver in joins.found:
        if receiver.trace_id == trace.trace_id:
            yield OutgoingLink(
                span_id=receiver.span.span_id,
                name=shown_text(receiver.span.name),
                service=shown_text(receiver.span.resource.service_name),
                trace_id=sender.trace_id,
                linked_span_id=sender.span.span_id,
                joined_by=name,
            )


def _joining(trace: StoredTrace, joins: Joins) -> Iterator[tuple[Position, IncomingLink]]:
    """What received from spans of `trace`, in other traces."""
    for name, sender, receiver in joins.found:
        if sender.trace_id == trace.trace_id != receiver.trace_id:
            link = IncomingLink(
                trace_id=receiver.trace_id,
                span_id=receiver.span.span_id,
                name=shown_text(receiver.span.name),
                service=shown_text(receiver.span.resource.service_name),
                start_time_unix_nano=str(receiver.span.start_ns),
                linked_span_id=sender.span.span_id,
                joined_by=name,
            )
            yield Position(receiver.time_ns, receiver.trace_id), link


def _fill(look: Look, trace_id: str, begin: Cursor, page: _Page) -> PageEnd:
    window = what_is_left(look.services, begin)
    if window is None:
        return PageEnd.RANGE
    try:
        for hour in by_span(look, window):
            for part, candidates in slices(hour):
                end = _look_at(look, trace_id, part, candidates, page)
                if end is None and page.is_full and part.start_ns > window.start_ns:
                    end = PageEnd.FULL
                if end is not None:
                    return end
    except StoreError:
        if not look.account.is_out_of_time():
            raise
        return PageEnd.DEADLINE
    return PageEnd.RANGE


def _look_at(look: Look, trace_id: str, part: Window, candidates: Sequence[str], page: _Page) -> PageEnd | None:
    """Take in what links to the trace from spans that begin in `part`; why to stop there, or None."""
    others = [candidate for candidate in candidates if candidate != trace_id]
    look.account.candidates += len(others)
    found = page.joining(part)
    with closing(read_traces(look, others)) as reading:
        for _ in others:
            if look.account.is_out_of_time():
                return PageEnd.DEADLINE
            _, verified = next(reading)
            told = [] if verified.trace is None else list(_linking(verified.trace, trace_id, part))
            found += told
            page.problems += filter(None, [verified.problem])
            look.account.traces += 1
            look.account.false_candidates += not told
    found.sort(key=itemgetter(0), reverse=True)
    if not page.add(found):
        return PageEnd.FULL
    page.position = Position(part.start_ns, "")
    return None


def _linking(trace: StoredTrace, trace_id: str, part: Window) -> Iterator[tuple[Position, IncomingLink]]:
    """The links to `trace_id` of the spans of `trace` in `part`."""
    for span in trace.spans:
        time_ns = trace.time_ns(span)
        if not part.start_ns <= time_ns < part.end_ns:
            continue
        for link in span.links:
            if link.trace_id == trace_id:
                yield Position(time_ns, trace.trace_id), _incoming(trace, span, link)


def _incoming(trace: StoredTrace, span: Span, link: Link) -> IncomingLink:
    return IncomingLink(
        trace_id=trace.trace_id,
        span_id=span.span_id,
        name=shown_text(span.name),
        service=shown_text(span.resource.service_name),
        start_time_unix_nano=str(span.start_ns),
        linked_span_id=link.span_id,
        attributes=fields_of(link.attributes),
    )
