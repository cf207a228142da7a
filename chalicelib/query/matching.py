"""Search for dialects whose rules TraceQL does not have: the views name candidates, the dialect itself decides.

A range is one of span starts: every trace with a span that starts in it, and of which the plan may hold, is read
and given to the dialect, which says whether it matches and at which time. Answers come newest first. Reading stops
once no trace that is left can be among the newest that are wanted.
"""

import heapq
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.found import Scanned
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import Window
from chalicelib.query.ahead import readers
from chalicelib.query.hours import Hour, Look, by_span, newest_first
from chalicelib.query.pages import why_partial
from chalicelib.query.questions import search_question
from chalicelib.query.scanning import Account
from chalicelib.query.sources import within_memory
from chalicelib.query.verifying import Verified, read_traces
from chalicelib.services import Services

_Answer = TypeVar("_Answer")


class Match(NamedTuple, Generic[_Answer]):
    """A trace that matches: where it stands among the others, what is answered of it, and how much that weighs."""

    at_ns: int
    answer: _Answer
    weight_bytes: int = 0


@dataclass(frozen=True)
class Asked(Generic[_Answer]):
    """What a dialect asks.

    `query` is TraceQL that holds for every trace that matches, and may hold for others; it chooses candidates.
    `window` is about starts of spans: every trace that matches has a span that starts in it. `match` decides; it
    answers None for a trace that does not match, and its `at_ns` is no later than the trace's end. At most `limit`
    traces are answered, the newest, and as many of these as weigh `budget_bytes` together, but one at least.
    """

    query: str
    window: Window
    match: Callable[[StoredTrace], Match[_Answer] | None]
    limit: int
    budget_bytes: int


@dataclass(frozen=True)
class Matched(Generic[_Answer]):
    """What was found, newest first. `partial` says why it may not be all that was asked for."""

    answers: list[_Answer]
    scanned: Scanned
    partial: str | None = None


def find_traces(services: Services, tenant: str, asked: Asked[_Answer], deadline: Deadline) -> Matched[_Answer]:
    """The newest traces that match. Raises QueryError for TraceQL that cannot be asked, StoreError as the stores do."""
    question = search_question(asked.query)
    account = Account(deadline)
    newest: _Newest[_Answer] = _Newest(asked)
    window = within_memory(services, asked.window)
    if window.start_ns < window.end_ns and asked.limit > 0:
        with readers() as pool:
            look = Look(services, tenant, question.plan, question.compile_regex, pool, account)
            _search(look, window, newest)
    answers, is_cut = newest.answers()
    cut = [f"only {len(answers)} traces fit into the answer"] * is_cut
    partial = why_partial(is_late=newest.is_late, problems=[*newest.problems, *cut])
    return Matched(answers, account.told(), partial)


@dataclass
class _Newest(Generic[_Answer]):
    """The newest matches so far: a heap with the oldest on top."""

    asked: Asked[_Answer]
    problems: list[str] = field(default_factory=list)
    is_late: bool = False
    seen: set[str] = field(default_factory=set)
    _heap: list[tuple[int, str, Match[_Answer]]] = field(default_factory=list)

    def add(self, trace_id: str, verified: Verified) -> bool:
        """Take in a candidate; whether it matches."""
        if verified.problem is not None:
            self.problems.append(verified.problem)
        match = self.asked.match(verified.trace) if verified.trace is not None else None
        if match is None:
            return False
        heapq.heappush(self._heap, (match.at_ns, trace_id, match))
        if len(self._heap) > self.asked.limit:
            heapq.heappop(self._heap)
        return True

    def is_beyond(self, latest_ns: int) -> bool:
        """Whether there are as many as wanted, all of them after `latest_ns`."""
        return len(self._heap) >= self.asked.limit and self._heap[0][0] > latest_ns

    def answers(self) -> tuple[list[_Answer], bool]:
        """Newest first, as far as they fit; and whether any did not."""
        room_bytes = self.asked.budget_bytes
        told: list[_Answer] = []
        for _, _, match in sorted(self._heap, key=lambda one: one[:2], reverse=True):
            room_bytes -= match.weight_bytes
            if room_bytes < 0 and told:
                return told, True
            told.append(match.answer)
        return told, False


def _search(look: Look, window: Window, newest: _Newest[_Answer]) -> None:
    try:
        for hour in by_span(look, window):
            if not _look_at(look, hour, newest) or newest.is_beyond(hour.part.start_ns):
                return
            if look.account.is_out_of_time() and hour.part.start_ns > window.start_ns:
                newest.is_late = True
                return
    except StoreError:
        if not look.account.is_out_of_time():
            raise
        newest.is_late = True


def _look_at(look: Look, hour: Hour, newest: _Newest[_Answer]) -> bool:
    """Look at the candidates of an hour; whether there is reason to go on with the next."""
    ids = [trace_id for trace_id in newest_first(hour.found) if trace_id not in newest.seen]
    look.account.candidates += len(ids)
    latest_ns = _latest_ends(ids, hour.found)
    with closing(read_traces(look, ids)) as reading:
        for number, trace_id in enumerate(ids):
            if newest.is_beyond(max(latest_ns[number], hour.part.start_ns)):
                return False
            if look.account.is_out_of_time():
                newest.is_late = True
                return False
            _, verified = next(reading)
            look.account.traces += 1
            look.account.false_candidates += not newest.add(trace_id, verified)
            newest.seen.add(trace_id)
    return True


def _latest_ends(ids: list[str], extents: Mapping[str, Window]) -> list[int]:
    """For each place in `ids`, the latest end of it and all that follow."""
    latest_ns, ends = 0, []
    for trace_id in reversed(ids):
        latest_ns = max(latest_ns, extents[trace_id].end_ns)
        ends.append(latest_ns)
    return ends[::-1]
