"""What an index keeps of one trace: when it was, what it is called, and the terms it can be found by.

Terms are those of every attribute of spans, resources, events, links and scopes, and of the intrinsics that belong
to one span. Durations are kept by magnitude only: nobody asks for one to the nanosecond.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from chalicelib.model.attributes import Attributes
from chalicelib.model.span import Kind, Scope, Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.index.terms import (
    MAX_TEXT_CHARACTERS,
    SCOPES,
    intrinsic_key,
    key_of,
    magnitude_term,
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


class Root(msgspec.Struct, frozen=True, order=True):
    """A span that a trace may be named after: one without a parent before any whose parent is not here.

    Then the earliest; what follows makes the choice certain. Texts are cut to MAX_TEXT_CHARACTERS.
    """

    orphaned: bool
    start_ns: int
    span_id: str
    service: str
    name: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One trace, or the part of it that some blocks hold.

    `start_ns` and `end_ns` are its search extent (StoredTrace.extent). `root` is what its root would be if these were
    all of its spans, None if each is another's child; it is `root_uncertain` when other spans could take its place
    once more is known, or when its texts were cut. `services` are the names of its services, sorted, the first
    MAX_SERVICES of them. An entry that would have more than MAX_TERMS terms is `overflowing`: it has none, and
    matches whatever it is asked.
    """

    trace_id: str
    start_ns: int
    end_ns: int
    span_count: int
    error_count: int
    services: tuple[str, ...]
    terms: frozenset[bytes]
    root: Root | None = None
    root_uncertain: bool = False
    overflowing: bool = False

    @property
    def root_service(self) -> str | None:
        """The service of the root."""
        return self.root.service if self.root else None

    @property
    def root_name(self) -> str | None:
        """The name of the root."""
        return self.root.name if self.root else None


class SpanPlace(NamedTuple):
    """What a root is chosen by."""

    start_ns: int
    span_id: str
    parent_id: str
    service: str
    name: str


def entry_of(trace: StoredTrace) -> Entry:
    """What is kept of `trace`."""
    extent = trace.extent()
    places = [SpanPlace(s.start_ns, s.span_id, s.parent_id or "", s.resource.service_name, s.name) for s in trace.spans]
    return made_entry(
        trace.trace_id,
        times_ns=(extent.start_ns, extent.end_ns),
        counts=(len(trace.spans), sum(span.status_code == ERROR for span in trace.spans)),
        services={place.service for place in places},
        roots=roots_of(places),
        terms=_terms_of_spans(trace.spans),
    )


def union(entries: Iterable[Entry]) -> Entry:
    """One entry for several blocks of one trace, at least one, in any order. A span in two of them counts twice."""
    first, *others = parts = list(entries)
    if not others:
        return first
    made = made_entry(
        first.trace_id,
        times_ns=(min(part.start_ns for part in parts), max(part.end_ns for part in parts)),
        counts=(sum(part.span_count for part in parts), sum(part.error_count for part in parts)),
        services=set(chain.from_iterable(part.services for part in parts)),
        roots=[part.root for part in parts if part.root],
        terms=None if any(part.overflowing for part in parts) else set().union(*(part.terms for part in parts)),
    )
    uncertain = made.root_uncertain or any(part.root_uncertain for part in parts)
    return msgspec.structs.replace(made, root_uncertain=uncertain)


def overflowing(entry: Entry) -> Entry:
    """`entry` without its terms."""
    return msgspec.structs.replace(entry, terms=frozenset(), overflowing=True)


def roots_of(places: Sequence[SpanPlace]) -> list[Root]:
    """The spans that name no parent (an id of zeros, or its own, is none); failing that, those whose parent is away."""
    roots = [_root(place, orphaned=False) for place in places if not _names_parent(place)]
    if roots:
        return roots
    ids = {place.span_id for place in places}
    return [_root(place, orphaned=True) for place in places if place.parent_id not in ids]


def _names_parent(place: SpanPlace) -> bool:
    return place.parent_id != place.span_id and bool(place.parent_id.strip("0"))


def _root(place: SpanPlace, *, orphaned: bool) -> Root:
    return Root(orphaned, place.start_ns, place.span_id, place.service, place.name)


def made_entry(  # noqa: PLR0913  # what was gathered, by name
    trace_id: str,
    *,
    times_ns: tuple[int, int],
    counts: tuple[int, int],
    services: set[str],
    roots: Sequence[Root],
    terms: set[bytes] | None,
) -> Entry:
    """An entry of what was gathered; `terms` is None when there were too many. `counts` are of spans and errors."""
    root = min(roots, default=None)
    kept = terms if terms is not None and len(terms) <= MAX_TERMS else None
    return Entry(
        trace_id=trace_id,
        start_ns=times_ns[0],
        end_ns=times_ns[1],
        span_count=counts[0],
        error_count=counts[1],
        services=tuple(sorted({_cut(service) for service in services})[:MAX_SERVICES]),
        terms=frozenset(kept or ()),
        root=root and msgspec.structs.replace(root, service=_cut(root.service), name=_cut(root.name)),
        root_uncertain=len(roots) > 1 or any(max(len(r.service), len(r.name)) > MAX_TEXT_CHARACTERS for r in roots),
        overflowing=kept is None,
    )


def _cut(text: str) -> str:
    return text[:MAX_TEXT_CHARACTERS]


def attribute_terms(scope: bytes, attributes: Attributes) -> list[bytes]:
    """The terms of attributes in `scope`, one of SCOPES."""
    return [term for name, value in attributes.items() for term in terms_of(key_of(scope, name), value)]


def scope_terms(scope: Scope) -> list[bytes]:
    """The terms of an instrumentation scope."""
    named = [text_term(SCOPE_NAME, scope.name), text_term(SCOPE_VERSION, scope.version)]
    return named + attribute_terms(INSTRUMENTATION, scope.attributes)


def kind_term(kind: int) -> bytes:
    """The term of a kind: its name, or its digits if OTLP has none."""
    return _KIND_TERMS.get(kind) or text_term(_KIND, str(kind))


def status_term(code: int) -> bytes:
    """The term of a status, likewise."""
    return _STATUS_TERMS.get(code) or text_term(_STATUS, str(code))


_KIND = intrinsic_key(Intrinsic.SPAN_KIND)
_STATUS = intrinsic_key(Intrinsic.SPAN_STATUS)
_KIND_TERMS = {int(kind): text_term(_KIND, kind.name.lower()) for kind in Kind}
_STATUS_TERMS = {int(code): text_term(_STATUS, code.name.lower()) for code in StatusCode}


def duration_term(duration_ns: int) -> bytes:
    """The term of a span's duration; a clock that ran backwards makes it none at all."""
    return magnitude_term(DURATION, max(0, duration_ns))


def event_intrinsics(name: str, since_start_ns: int) -> tuple[bytes, bytes]:
    """The terms of an event's name and time."""
    return text_term(EVENT_NAME, name), magnitude_term(EVENT_TIME, since_start_ns)


def link_intrinsics(trace_id: str, span_id: str) -> tuple[bytes, bytes]:
    """The terms of what a link leads to."""
    return text_term(LINK_TRACE_ID, trace_id), text_term(LINK_SPAN_ID, span_id)


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
        kind_term(span.kind),
        status_term(span.status_code),
        duration_term(span.end_ns - span.start_ns),
        *attribute_terms(SPAN, span.attributes),
        *chain.from_iterable(event_intrinsics(event.name, event.time_ns - span.start_ns) for event in span.events),
        *chain.from_iterable(attribute_terms(EVENT, event.attributes) for event in span.events),
        *chain.from_iterable(link_intrinsics(link.trace_id, link.span_id) for link in span.links),
        *chain.from_iterable(attribute_terms(LINK, link.attributes) for link in span.links),
    ]
