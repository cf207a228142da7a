"""What an index keeps of one trace: when it was, what it is called, and the terms it can be found by.

Terms are those of every attribute of spans, resources, events, links and scopes, and of the intrinsics that belong
to one span. Durations are kept by magnitude only: nobody asks for one to the nanosecond. A clock that runs
backwards makes the duration wild: whether it counts as negative or as none is for the evaluator to say.
"""

from collections.abc import Iterable, Mapping
from itertools import chain

import msgspec

from chalicelib.model.attributes import Attributes
from chalicelib.model.span import Scope, Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.index.terms import (
    KIND_NAMES,
    SCOPES,
    STATUS_NAMES,
    Type,
    intrinsic_key,
    key_of,
    magnitude_term,
    remark,
    terms_of,
    text_term,
)
from chalicelib.search.syntax import AttributeScope, Intrinsic

MAX_TERMS = 32_768  # a trace of 10,000 spans has some 15,000
MAX_SERVICES = 64

ERROR = int(StatusCode.ERROR)  # compared with once for each span, where an enum is slow

SPAN = SCOPES[AttributeScope.SPAN]
RESOURCE = SCOPES[AttributeScope.RESOURCE]
EVENT = SCOPES[AttributeScope.EVENT]
LINK = SCOPES[AttributeScope.LINK]
INSTRUMENTATION = SCOPES[AttributeScope.INSTRUMENTATION]

NAME = intrinsic_key(Intrinsic.SPAN_NAME)
STATUS_MESSAGE = intrinsic_key(Intrinsic.SPAN_STATUS_MESSAGE)
DURATION = intrinsic_key(Intrinsic.SPAN_DURATION)
EVENT_NAME = intrinsic_key(Intrinsic.EVENT_NAME)
EVENT_TIME = intrinsic_key(Intrinsic.EVENT_TIME_SINCE_START)
LINK_TRACE_ID = intrinsic_key(Intrinsic.LINK_TRACE_ID)
LINK_SPAN_ID = intrinsic_key(Intrinsic.LINK_SPAN_ID)
SCOPE_NAME = intrinsic_key(Intrinsic.INSTRUMENTATION_NAME)
SCOPE_VERSION = intrinsic_key(Intrinsic.INSTRUMENTATION_VERSION)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One trace, or the part of it that some blocks hold.

    `start_ns` and `end_ns` are its search extent (StoredTrace.extent). The root is the earliest span without a parent
    that is among the spans; service and name are None when there is none, and `root_count` says how many there were.
    `services` are the names of its services, sorted, the first MAX_SERVICES of them. An entry that would have more
    than MAX_TERMS terms is `overflowing`: it has none, and matches whatever it is asked.
    """

    trace_id: str
    start_ns: int
    end_ns: int
    span_count: int
    error_count: int
    services: tuple[str, ...]
    terms: frozenset[bytes]
    root_service: str | None = None
    root_name: str | None = None
    root_start_ns: int = 0
    root_count: int = 0
    overflowing: bool = False


class Root(msgspec.Struct, frozen=True, order=True):
    """A span without a parent. The earliest one is the trace's root; what follows makes the choice certain."""

    start_ns: int
    service: str
    name: str


def entry_of(trace: StoredTrace) -> Entry:
    """What is kept of `trace`."""
    extent = trace.extent()
    return draft_entry(
        trace.trace_id,
        times_ns=(extent.start_ns, extent.end_ns),
        counts=(len(trace.spans), sum(span.status_code == ERROR for span in trace.spans)),
        services={span.resource.service_name for span in _with_distinct_resources(trace.spans)},
        roots=[Root(s.start_ns, s.resource.service_name, s.name) for s in trace.spans if s.parent_id is None],
        terms=_terms_of_spans(trace.spans),
    )


def union(entries: Iterable[Entry]) -> Entry:
    """One entry for several blocks of one trace, at least one, in any order. A span in two of them counts twice."""
    first, *others = parts = list(entries)
    if not others:
        return first
    rooted = [
        Root(part.root_start_ns, part.root_service or "", part.root_name or "") for part in parts if part.root_count
    ]
    made = draft_entry(
        first.trace_id,
        times_ns=(min(part.start_ns for part in parts), max(part.end_ns for part in parts)),
        counts=(sum(part.span_count for part in parts), sum(part.error_count for part in parts)),
        services=set(chain.from_iterable(part.services for part in parts)),
        roots=rooted,
        terms=None if any(part.overflowing for part in parts) else set().union(*(part.terms for part in parts)),
    )
    return msgspec.structs.replace(made, root_count=sum(part.root_count for part in parts))


def draft_entry(  # noqa: PLR0913  # what was gathered, by name
    trace_id: str,
    *,
    times_ns: tuple[int, int],
    counts: tuple[int, int],
    services: set[str],
    roots: list[Root],
    terms: set[bytes] | None,
) -> Entry:
    """An entry of what was gathered; `terms` is None when there were too many. `counts` are of spans and errors."""
    root = min(roots) if roots else None
    overflowing = terms is None or len(terms) > MAX_TERMS
    return Entry(
        trace_id=trace_id,
        start_ns=times_ns[0],
        end_ns=times_ns[1],
        span_count=counts[0],
        error_count=counts[1],
        services=tuple(sorted(services)[:MAX_SERVICES]),
        terms=frozenset() if terms is None or overflowing else frozenset(terms),
        root_service=root.service if root else None,
        root_name=root.name if root else None,
        root_start_ns=root.start_ns if root else 0,
        root_count=len(roots),
        overflowing=overflowing,
    )


def attribute_terms(scope: bytes, attributes: Attributes) -> list[bytes]:
    """The terms of attributes in `scope`, one of SCOPES."""
    return [term for name, value in attributes.items() for term in terms_of(key_of(scope, name), value)]


def scope_terms(scope: Scope) -> list[bytes]:
    """The terms of an instrumentation scope."""
    named = [text_term(SCOPE_NAME, scope.name), text_term(SCOPE_VERSION, scope.version)]
    return named + attribute_terms(INSTRUMENTATION, scope.attributes)


def enumerated_terms(intrinsic: Intrinsic, names: Mapping[int, str]) -> dict[int, bytes]:
    """The term of each number of an enumeration."""
    key = intrinsic_key(intrinsic)
    return {number: text_term(key, name) for number, name in names.items()}


KIND_TERMS = enumerated_terms(Intrinsic.SPAN_KIND, KIND_NAMES)
STATUS_TERMS = enumerated_terms(Intrinsic.SPAN_STATUS, STATUS_NAMES)
UNKNOWN_KIND = remark(intrinsic_key(Intrinsic.SPAN_KIND), Type.WILD)
UNKNOWN_STATUS = remark(intrinsic_key(Intrinsic.SPAN_STATUS), Type.WILD)
BROKEN_CLOCK = remark(DURATION, Type.WILD)


def duration_term(duration_ns: int) -> bytes:
    """The term of a span's duration."""
    return magnitude_term(DURATION, duration_ns) if duration_ns >= 0 else BROKEN_CLOCK


def event_intrinsics(name: str, since_start_ns: int) -> tuple[bytes, bytes]:
    """The terms of an event's name and time."""
    return text_term(EVENT_NAME, name), magnitude_term(EVENT_TIME, since_start_ns)


def link_intrinsics(trace_id: str, span_id: str) -> tuple[bytes, bytes]:
    """The terms of what a link leads to."""
    return text_term(LINK_TRACE_ID, trace_id), text_term(LINK_SPAN_ID, span_id)


def _with_distinct_resources(spans: Iterable[Span]) -> Iterable[Span]:
    return {id(span.resource): span for span in spans}.values()


def _terms_of_spans(spans: Iterable[Span]) -> set[bytes] | None:
    """Every term of `spans`; None as soon as they are too many."""
    terms: set[bytes] = set()
    shared: dict[int, object] = {}  # resources and scopes whose terms are in already
    for span in spans:
        terms.update(_span_terms(span))
        if id(span.resource) not in shared:
            terms.update(attribute_terms(RESOURCE, span.resource.attributes))
        if id(span.scope) not in shared:
            terms.update(scope_terms(span.scope))
        shared[id(span.resource)] = shared[id(span.scope)] = span
        if len(terms) > MAX_TERMS:
            return None
    return terms


def _span_terms(span: Span) -> list[bytes]:
    return [
        text_term(NAME, span.name),
        text_term(STATUS_MESSAGE, span.status_message),
        KIND_TERMS.get(span.kind, UNKNOWN_KIND),
        STATUS_TERMS.get(span.status_code, UNKNOWN_STATUS),
        duration_term(span.end_ns - span.start_ns),
        *attribute_terms(SPAN, span.attributes),
        *chain.from_iterable(event_intrinsics(event.name, event.time_ns - span.start_ns) for event in span.events),
        *chain.from_iterable(attribute_terms(EVENT, event.attributes) for event in span.events),
        *chain.from_iterable(link_intrinsics(link.trace_id, link.span_id) for link in span.links),
        *chain.from_iterable(attribute_terms(LINK, link.attributes) for link in span.links),
    ]
