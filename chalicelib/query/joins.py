"""What the spans of a trace are joined to: spans of other traces that know the same message by name.

One search over the index finds every span that knows one of the names, as sender or receiver, within a look-back of
the trace on either side: what sent to it, what received from it, and who else sent under a name, since a receiver
belongs to the last sender before it alone. It is done when somebody asks (docs/adr/010-joins.md says why); traces whose
spans know no names ask nothing.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from typing import NamedTuple

from chalicelib.model.errors import StoreError
from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import MAX_PAST_S, NS_PER_S, Window
from chalicelib.query.ahead import readers
from chalicelib.query.hours import Look, by_span
from chalicelib.query.pages import DEADLINE_REASON
from chalicelib.query.scanning import Account
from chalicelib.query.sources import within_memory
from chalicelib.query.verifying import read_traces
from chalicelib.rollups.join_names import attributes_of, received_names, sent_names
from chalicelib.rollups.joining import CLOCK_SKEW_S
from chalicelib.rollups.joins import MAX_ANCESTORS
from chalicelib.search import regex
from chalicelib.search.conditions import AnyOf, Compare, SpanMatch
from chalicelib.search.index import remembering
from chalicelib.search.syntax import Attribute, AttributeScope, Operator, Static, StaticType
from chalicelib.services import Services

MAX_NAMES = 128  # of one trace that are looked up
MAX_TRACES = 500  # that are read for them
MAX_JOINS = 1000

_SKEW_NS = CLOCK_SKEW_S * NS_PER_S


class Known(NamedTuple):
    """A span that knows a name. `time_ns` is when it counts as started."""

    trace_id: str
    time_ns: int
    span: Span


class Join(NamedTuple):
    """`receiver` was set off by what `sender` sent under `name`."""

    name: str
    sender: Known
    receiver: Known


class Joins(NamedTuple):
    """The joins of a trace by the time of their receivers; `problems` says what is missing, if something is."""

    found: tuple[Join, ...] = ()
    problems: tuple[str, ...] = ()


def find_joins(
    services: Services, tenant: str, spans: Sequence[Span], account: Account, *, most_bytes: int | None = None
) -> Joins:
    """The joins of `spans`, which are whole traces, among each other and with spans of other traces.

    Left out are those that a parent or link tells already. What there is no time for is a problem, and so is what lies
    in other views once `most_bytes` of them have been read. Raises StoreError.
    """
    try:
        return _find_joins(services, tenant, spans, account, most_bytes)
    except StoreError:
        if not account.is_out_of_time():
            raise
        return Joins((), (DEADLINE_REASON,))


def _find_joins(
    services: Services, tenant: str, spans: Sequence[Span], account: Account, most_bytes: int | None
) -> Joins:
    ends = _Ends()
    ends.add(Known(span.trace_id, span.start_ns, span) for span in spans)
    names, problems = ends.names(), list[str]()
    if not names:
        return Joins()
    if len(names) > MAX_NAMES:
        problems.append(f"of {len(names)} names of joins only {MAX_NAMES} were looked up")
        names = names[:MAX_NAMES]
    window = _window(services, ends)
    if window.end_ns > window.start_ns:
        own_ids = {span.trace_id for span in spans}
        with readers() as pool:
            look = Look(services, tenant, _plan(names), remembering(regex.compile), pool, account)
            others, more = _candidates(look, window, most_bytes)
            problems += more + _look_up(look, sorted(others - own_ids), ends)
    own = _Own(spans)
    look_back_ns = services.settings.join_look_back_s * NS_PER_S
    found = sorted((join for join in ends.joins(names, look_back_ns) if own.is_news(join)), key=_order)
    if len(found) > MAX_JOINS:
        problems.append(f"of {len(found)} joins only {MAX_JOINS} are told")
    return Joins(tuple(found[:MAX_JOINS]), tuple(problems))


class _Ends:
    """Senders and receivers by name."""

    def __init__(self) -> None:
        self._sent: defaultdict[str, list[Known]] = defaultdict(list)
        self._received: defaultdict[str, list[Known]] = defaultdict(list)

    def add(self, spans: Iterable[Known]) -> None:
        for known in spans:
            for name in sent_names(known.span):
                self._sent[name].append(known)
            for name in received_names(known.span):
                self._received[name].append(known)

    def names(self) -> list[str]:
        return sorted({*self._sent, *self._received})

    def times_ns(self) -> Iterator[int]:
        for known in chain(*self._sent.values(), *self._received.values()):
            yield known.time_ns

    def joins(self, names: Iterable[str], look_back_ns: int) -> Iterator[Join]:
        """Each receiver with its sender."""
        for name in names:
            senders = sorted(self._sent.get(name, ()), key=_when)
            for receiver in self._received.get(name, ()):
                sender = _sender_of(senders, receiver.time_ns, look_back_ns)
                if sender is not None:
                    yield Join(name, sender, receiver)


class _Own:
    """The spans that were asked about."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans: Mapping[tuple[str, str], Span] = {(span.trace_id, span.span_id): span for span in spans}

    def is_news(self, join: Join) -> bool:
        """Whether the join is one of these spans, and their parents and links do not tell it."""
        sender = join.sender.trace_id, join.sender.span.span_id
        if sender not in self._spans and (join.receiver.trace_id, join.receiver.span.span_id) not in self._spans:
            return False
        return not self._is_told(join.receiver, sender)

    def _is_told(self, receiver: Known, sender: tuple[str, str]) -> bool:
        """Whether the sender is an ancestor, or linked by the receiver or what is around that in its service."""
        span: Span | None = receiver.span
        in_service = True
        for _ in range(MAX_ANCESTORS):
            if span is None:
                return False
            in_service &= span.resource.service_name == receiver.span.resource.service_name
            if sender in {(span.trace_id, span.parent_id), (span.trace_id, span.span_id)}:
                return True
            if in_service and any((link.trace_id, link.span_id) == sender for link in span.links):
                return True
            span = self._spans.get((receiver.trace_id, span.parent_id or ""))
        return False


def _window(services: Services, ends: _Ends) -> Window:
    """Within a look-back of every span that knows a name, whatever absurd clocks say."""
    now_ns = services.now_ns()
    reach_ns = services.settings.join_look_back_s * NS_PER_S + _SKEW_NS
    times_ns = [time_ns for time_ns in ends.times_ns() if abs(now_ns - time_ns) < _MEMORY_NS + 2 * reach_ns]
    if not times_ns:
        return Window(0, 0)
    return within_memory(services, Window(min(times_ns) - reach_ns, min(max(times_ns), now_ns) + reach_ns))


_MEMORY_NS = 2 * MAX_PAST_S * NS_PER_S


def _candidates(look: Look, window: Window, most_bytes: int | None) -> tuple[set[str], list[str]]:
    """The traces that may know a name, and what is missing."""
    found: set[str] = set()
    for hour in by_span(look, window):
        found.update(hour.found)
        if most_bytes is not None and look.account.view_bytes > most_bytes:
            return found, ["what may be joined to it lies in more views than were read"]
    return found, []


def _look_up(look: Look, trace_ids: list[str], ends: _Ends) -> list[str]:
    """Add every span of these traces that knows a name; what is missing."""
    problems = []
    if len(trace_ids) > MAX_TRACES:
        problems.append(f"of {len(trace_ids)} traces that may be joined to it only {MAX_TRACES} were read")
    chosen = trace_ids[:MAX_TRACES]
    look.account.candidates += len(chosen)
    with closing(read_traces(look, chosen)) as reading:
        for _, verified in reading:
            look.account.traces += 1
            problems += filter(None, [verified.problem])
            if verified.trace is not None:
                ends.add(_known(verified.trace))
    return problems


def _plan(names: Iterable[str]) -> SpanMatch:
    return SpanMatch(
        AnyOf(
            tuple(
                Compare(Attribute(AttributeScope.SPAN, key), Operator.EQUAL, Static(StaticType.STRING, value))
                for name in names
                for key, value in attributes_of(name)
            )
        )
    )


def _known(trace: StoredTrace) -> Iterator[Known]:
    return (Known(trace.trace_id, trace.time_ns(span), span) for span in trace.spans)


def _sender_of(senders: Sequence[Known], time_ns: int, look_back_ns: int) -> Known | None:
    """The last that began before, else the first that began a little after; see rollups/joining.py."""
    at = bisect_right(senders, time_ns, key=lambda known: known.time_ns)
    if at and senders[at - 1].time_ns >= time_ns - look_back_ns:
        return senders[at - 1]
    return senders[at] if at < len(senders) and senders[at].time_ns <= time_ns + _SKEW_NS else None


def _when(known: Known) -> tuple[int, str, str]:
    return known.time_ns, known.trace_id, known.span.span_id


def _order(join: Join) -> tuple[object, ...]:
    return *_when(join.receiver), join.name, *_when(join.sender)
