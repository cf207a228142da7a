"""What services, RED and the service graph must add up to: counted span by span, from what was sent.

The corpora leave out what would need more words: producers that share an id, consumers with links or queues of their
own. So an operation is a span by its id, service, kind and start, the version that ends last; its parent is the
span that it names.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chalicelib.model.span import Span
from chalicelib.model.windows import Window
from tests.end_to_end.truth import SentTrace
from tests.search.naive import stands_for

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
MINUTE_NS = 60_000_000_000


class Calls(NamedTuple):
    """How many calls there were, and how many failed; a span counts for as many as sampling left it to stand for."""

    calls: float
    errors: float


class Called(NamedTuple):
    """One thing to count: what it is, when (the start of a minute, in epoch seconds), how often, whether it failed."""

    what: tuple[str, ...]
    minute_s: int
    weight: float
    failed: bool
    lasted_ns: int | None = None


def summed(called: Iterable[Called], window: Window) -> dict[tuple[str, ...], Calls]:
    """The calls of each thing, in minutes that have to do with the window."""
    calls: defaultdict[tuple[str, ...], float] = defaultdict(float)
    errors: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for each in called:
        if each.minute_s * 10**9 < window.end_ns and each.minute_s * 10**9 + MINUTE_NS > window.start_ns:
            calls[each.what] += each.weight
            errors[each.what] += each.weight * each.failed
    return {what: Calls(count, errors[what]) for what, count in calls.items()}


def mean_ns(called: Iterable[Called]) -> float | None:
    """How long they took, of those of which that is known."""
    lasted = [(each.lasted_ns, each.weight) for each in called if each.lasted_ns is not None]
    weights = sum(weight for _, weight in lasted)
    return sum(ns * weight for ns, weight in lasted) / weights if weights else None


def operations(traces: Iterable[SentTrace]) -> Iterator[Called]:
    """Every operation, by service, name and kind."""
    for trace in traces:
        for span in latest(trace):
            yield _called(trace, span, service_of(span), span.name, kind_of(span))


def edges(traces: Iterable[SentTrace]) -> Iterator[Called]:
    """Every call from one node of the graph to another, by their ids and the kind of connection."""
    for trace in traces:
        yield from _Family(trace).edges()


def latest(trace: SentTrace) -> list[Span]:
    versions: defaultdict[tuple[str, str, int, int], list[Span]] = defaultdict(list)
    for span in trace.spans:
        versions[span.span_id, service_of(span), span.kind, span.start_ns].append(span)
    return [max(spans, key=lambda span: span.end_ns) for spans in versions.values()]


def service_of(span: Span) -> str:
    return str(span.resource.attributes.get("service.name") or "unknown_service")


def kind_of(span: Span) -> str:
    return KINDS[span.kind] if 0 <= span.kind < len(KINDS) else KINDS[0]


def _called(trace: SentTrace, span: Span, *what: str, failed: bool = False) -> Called:
    lasted_ns = span.end_ns - span.start_ns
    return Called(
        what,
        trace.time_ns(span) // MINUTE_NS * 60,
        stands_for(span.trace_state),
        failed or span.status_code == 2,
        lasted_ns if lasted_ns >= 0 else None,
    )


class _Family:
    """Who called whom in one trace."""

    def __init__(self, trace: SentTrace) -> None:
        self._trace = trace
        self._spans = latest(trace)
        self._by_id = {span.span_id: span for span in self._spans}
        assert len(self._by_id) == len(self._spans)

    def parent(self, span: Span) -> Span | None:
        named = span.parent_id
        return None if named is None or named == span.span_id else self._by_id.get(named)

    def edges(self) -> Iterator[Called]:
        answered = self._answered()
        for span in self._spans:
            parent, service = self.parent(span), service_of(span)
            if parent is not None and service_of(parent) != service:
                queued = {parent.kind, span.kind} & {PRODUCER, CONSUMER}
                ends = f"service:{service_of(parent)}", f"service:{service}", "messaging" if queued else "call"
                yield _called(self._trace, parent, *ends, failed=span.status_code == 2)
            elif parent is None and span.kind == SERVER and set(span.parent_id or "0") == {"0"}:
                yield _called(self._trace, span, "user:user", f"service:{service}", "call")
            if (peer := self._peer(span, answered)) is not None:
                yield _called(
                    self._trace, span, f"service:{service}", peer, "messaging" if span.kind == PRODUCER else "call"
                )

    def _peer(self, span: Span, answered: set[str]) -> str | None:
        """Whom a caller reached that nobody here answered; the outermost of several that lie in each other says it."""
        if span.kind not in (CLIENT, PRODUCER) or span.span_id in answered:
            return None
        return None if any(map(peer_of, self._unanswered_around(span, answered))) else peer_of(span)

    def _answered(self) -> set[str]:
        """The callers whose call reached a span that is here, and those around them."""
        found: set[str] = set()
        for span in self._spans:
            parent = self.parent(span)
            if parent is None:
                continue
            is_other = service_of(parent) != service_of(span)
            if is_other or (span.kind == SERVER and parent.kind == CLIENT):
                found.update(each.span_id for each in (parent, *self._around(parent)))
        return found

    def _around(self, span: Span) -> Iterator[Span]:
        """The callers of the same service that a span lies in, one in the other."""
        seen = {span.span_id}
        parent = self.parent(span)
        while parent is not None and parent.kind in (CLIENT, PRODUCER) and service_of(parent) == service_of(span):
            if parent.span_id in seen:
                return
            seen.add(parent.span_id)
            yield parent
            parent = self.parent(parent)

    def _unanswered_around(self, span: Span, answered: set[str]) -> Iterator[Span]:
        for each in self._around(span):
            if each.span_id in answered:
                return
            yield each


def peer_of(span: Span) -> str | None:
    """The node that a caller names. The corpora name no others."""
    if system := span.attributes.get("db.system"):
        return f"database:{system}"
    if address := span.attributes.get("server.address"):
        return f"external:{address}"
    return None
