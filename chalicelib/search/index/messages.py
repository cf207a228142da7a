"""Entries straight from OTLP messages, without a Span object: the stream indexer handles every span once, this way.

What costs here is asking upb for things. An attribute is asked for its bytes, once, and its terms are remembered by
them; a resource and a scope likewise.
"""

from collections.abc import Iterable, Iterator
from operator import add
from typing import TypeVar

from chalicelib.codecs.otlp import messages
from chalicelib.codecs.otlp.messages import AnyValue, KeyValue, ResourceSpans, ScopeSpans, TracesData
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.attributes import Value
from chalicelib.model.span import Span
from chalicelib.model.windows import search_time_ns
from chalicelib.search.index.entry import (
    ERROR,
    EVENT,
    LINK,
    MAX_TERMS,
    NAME,
    RESOURCE,
    SPAN,
    STATUS_MESSAGE,
    Entry,
    SpanPlace,
    attribute_terms,
    duration_term,
    event_intrinsics,
    kind_term,
    link_intrinsics,
    made_entry,
    roots_of,
    scope_terms,
    status_term,
)
from chalicelib.search.index.terms import key_of, terms_of, text_term

_Terms = Iterable[bytes]
_Known = TypeVar("_Known")


class _Memory(dict[bytes, _Known]):
    """What was made of bytes, `most` of them, none longer than `longest_bytes`; when it is full, it starts anew."""

    def __init__(self, most: int, longest_bytes: int) -> None:
        super().__init__()
        self._most, self._longest_bytes = most, longest_bytes

    def keep(self, identity: bytes, known: _Known) -> _Known:
        if len(identity) <= self._longest_bytes:
            if len(self) >= self._most:
                self.clear()
            self[identity] = known
        return known


class EntryReader:
    """Makes entries, and remembers the terms of resources, scopes and attributes it has met: at most some 20 MB."""

    def __init__(self) -> None:
        self._attributes: dict[bytes, _Memory[_Terms]] = {
            scope: _Memory(most=16_000, longest_bytes=160) for scope in (SPAN, EVENT, LINK)
        }
        self._resources: _Memory[tuple[str, _Terms]] = _Memory(most=500, longest_bytes=4096)
        self._scopes: _Memory[_Terms] = _Memory(most=500, longest_bytes=1024)

    def entry_of_message(self, message: TracesData, trace_id: str, arrived_ms: int) -> Entry:
        """What `entry_of` gives for the spans of `message`: all of one trace, at least one.

        Repeats count again, and of a key that is repeated every value is there.
        """
        draft = _Draft(arrived_ms)
        for resource_spans in message.resource_spans:
            service, resource_terms = self._resource(resource_spans.resource)
            for scope_spans in resource_spans.scope_spans:
                if not scope_spans.spans:
                    continue
                draft.services.add(service)
                draft.terms.update(resource_terms, self._scope(scope_spans.scope))
                for span in scope_spans.spans:
                    draft.add_span(span, service)
        for scope, pairs in draft.pairs.items():
            draft.terms.update(*self._terms_of_pairs(scope, pairs))
        return draft.entry(trace_id)

    def _terms_of_pairs(self, scope: bytes, pairs: set[bytes]) -> Iterator[_Terms]:
        remembered = self._attributes[scope]
        for pair, known in zip(pairs, list(map(remembered.get, pairs)), strict=True):
            yield known or remembered.keep(pair, _short_text_terms(scope, pair) or _terms_of_pair(scope, pair))

    def _resource(self, sent: messages.Resource) -> tuple[str, _Terms]:
        identity = sent.SerializeToString()
        known = self._resources.get(identity)
        if known is None:
            resource = _span_with(ResourceSpans(resource=sent)).resource
            terms = attribute_terms(RESOURCE, resource.attributes)
            known = self._resources.keep(identity, (resource.service_name, terms))
        return known

    def _scope(self, sent: messages.InstrumentationScope) -> _Terms:
        identity = sent.SerializeToString()
        known = self._scopes.get(identity)
        if known is None:
            scope = _span_with(ResourceSpans(scope_spans=[ScopeSpans(scope=sent)])).scope
            known = self._scopes.keep(identity, scope_terms(scope))
        return known


class _Draft:
    """An entry while its spans are read. Of attributes, the bytes that upb writes, each once."""

    def __init__(self, arrived_ms: int) -> None:
        self.services: set[str] = set()
        self.terms: set[bytes] = set()
        self.pairs: dict[bytes, set[bytes]] = {SPAN: set(), EVENT: set(), LINK: set()}
        self._span_pairs = self.pairs[SPAN]
        self._arrived_ms = arrived_ms
        self._places: list[tuple[int, bytes, bytes, str, str]] = []
        self._times_ns: list[tuple[int, int]] = []
        self._names: set[str] = set()
        self._codes: list[int] = []
        self._messages: set[str] = set()
        self._kinds: set[int] = set()

    def add_span(self, span: messages.Span, service: str) -> None:
        start_ns, name, status = span.start_time_unix_nano, span.name, span.status
        self._times_ns.append((start_ns, span.end_time_unix_nano))
        self._codes.append(status.code)
        self._places.append((start_ns, span.span_id, span.parent_span_id, service, name))
        if len(self._span_pairs) > MAX_TERMS:  # it overflows whatever comes; do not gather more
            return
        self._names.add(name)
        self._messages.add(status.message)
        self._kinds.add(span.kind)
        self._span_pairs.update(map(_serialised, span.attributes))
        for event in span.events:
            self.terms.update(event_intrinsics(event.name, event.time_unix_nano - start_ns))
            self.pairs[EVENT].update(map(_serialised, event.attributes))
        for link in span.links:
            self.terms.update(link_intrinsics(link.trace_id.hex(), link.span_id.hex()))
            self.pairs[LINK].update(map(_serialised, link.attributes))

    def entry(self, trace_id: str) -> Entry:
        self.terms.update(
            [text_term(NAME, name) for name in self._names],
            [text_term(STATUS_MESSAGE, message) for message in self._messages],
            [kind_term(kind) for kind in self._kinds],
            [status_term(code) for code in set(self._codes)],
            [duration_term(end_ns - start_ns) for start_ns, end_ns in self._times_ns],
        )
        starts_ns = [search_time_ns(start_ns, self._arrived_ms) for start_ns, _ in self._times_ns]
        lengths_ns = [max(0, end_ns - start_ns) for start_ns, end_ns in self._times_ns]
        return made_entry(
            trace_id,
            times_ns=(min(starts_ns), max(map(add, starts_ns, lengths_ns))),
            counts=(len(self._times_ns), self._codes.count(ERROR)),
            services=self.services,
            roots=roots_of(self._places_without_parent_here()),
            terms=self.terms,
        )

    def _places_without_parent_here(self) -> list[SpanPlace]:
        """Of the spans that may be a root: few, so that only few are worth a name for everything."""
        ids = {span_id for _, span_id, _, _, _ in self._places}
        return [
            SpanPlace(start_ns, span_id.hex(), parent_id.hex(), service, name)
            for start_ns, span_id, parent_id, service, name in self._places
            if parent_id not in ids or parent_id == span_id
        ]


_serialised = KeyValue.SerializeToString


def _short_text_terms(scope: bytes, pair: bytes) -> _Terms | None:
    """The term of a name and a text that take less than 128 bytes each, as most do; None for any other pair.

    As upb writes it: 0a <length> <name> 12 <length> 0a <length> <text>.
    """
    if len(pair) < 2 or pair[0] != 0x0A or pair[1] > 0x7F:
        return None
    end = 2 + pair[1]
    text_bytes = len(pair) - end - 4
    if not 0 <= text_bytes <= 0x7D or pair[end : end + 4] != bytes((0x12, text_bytes + 2, 0x0A, text_bytes)):
        return None
    return (b"%b\0%b\1%b" % (scope, pair[1:end], pair[end + 4 :]),)


def _terms_of_pair(scope: bytes, identity: bytes) -> _Terms:
    pair = KeyValue.FromString(identity)
    return terms_of(key_of(scope, pair.key), _value(pair.value))


def _value(value: AnyValue) -> Value:
    """The value, where it is an array or a scalar; anything else is told apart no further."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind) if kind in _SCALARS else None


_SCALARS = frozenset(("string_value", "bool_value", "int_value", "double_value"))


def _span_with(resource_spans: ResourceSpans) -> Span:
    """A span of this resource and its scope, so that there is one way of reading these."""
    if not resource_spans.scope_spans:
        resource_spans.scope_spans.add()
    resource_spans.scope_spans[0].spans.add()
    [span] = to_spans(TracesData(resource_spans=[resource_spans]))
    return span
