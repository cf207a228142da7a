"""OTLP messages as model spans, and back. Nothing that the model can hold is lost either way.

What OTLP can say twice in different ways comes back in one: a parent id of zeros is no parent, a repeated key
keeps its last value, an absent resource is an empty one. Ids of links are kept whatever their length.
"""

from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.codecs.otlp import messages
from chalicelib.codecs.otlp.messages import AnyValue, KeyValue, ResourceSpans, ScopeSpans, TracesData
from chalicelib.model.attributes import Attributes, Value
from chalicelib.model.span import EntityRef, Event, Link, Resource, Scope, Span

# Texts that spans share are kept once. Longer ones, and those that come after so many, are hardly shared.
_SHARED_CHARACTERS = 64
_SHARED_TEXTS = 20_000


def to_spans(message: TracesData) -> list[Span]:
    """The spans of `message`, in its order; those of one ResourceSpans share their Resource, likewise Scope."""
    return SpanReader().read(message)


def from_spans(spans: Iterable[Span]) -> TracesData:
    """A message with all of `spans`, grouped by resource and scope in the order in which those first appear.

    Resources and scopes are told apart by identity: spans that are to share one in the message share the object.
    Raises ValueError for what protobuf has no room for, e.g. an integer of more than 64 bits.
    """
    message = TracesData()
    resources: dict[int, ResourceSpans] = {}
    scopes: dict[tuple[int, int], ScopeSpans] = {}
    kept = []  # an id() means something only while its object lives, and `spans` may be a generator
    for span in spans:
        kept.append(span)
        at = id(span.resource)
        if at not in resources:
            resources[at] = _add_resource(message, span.resource)
        if (at, id(span.scope)) not in scopes:
            scopes[at, id(span.scope)] = _add_scope(resources[at], span.scope)
        _add_span(scopes[at, id(span.scope)], span)
    return message


class SpanReader:
    """Reads messages of one trace, one after the other, and lets their spans share texts, resources and scopes.

    A trace of 100,000 spans has few different keys, names and hosts; sharing them halves what it takes in memory.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._resources: dict[bytes, Resource] = {}
        self._scopes: dict[bytes, Scope] = {}
        self._readers: dict[str | None, Callable[[AnyValue], Value]] = {
            "string_value": lambda value: self._shared(value.string_value),
            "bool_value": lambda value: value.bool_value,
            "int_value": lambda value: value.int_value,
            "double_value": lambda value: value.double_value,
            "bytes_value": lambda value: value.bytes_value,
            "array_value": lambda value: [self._value(one) for one in value.array_value.values],
            "kvlist_value": lambda value: self._attributes(value.kvlist_value.values),
        }

    def read(self, message: TracesData) -> list[Span]:
        """The spans of `message`, in its order."""
        return [
            self._span(span, resource, scope)
            for resource_spans in message.resource_spans
            for resource in (self._resource(resource_spans),)
            for scope_spans in resource_spans.scope_spans
            for scope in (self._scope(scope_spans),)
            for span in scope_spans.spans
        ]

    def _resource(self, resource_spans: ResourceSpans) -> Resource:
        resource = resource_spans.resource
        identity = resource_spans.schema_url.encode() + b"\0" + resource.SerializeToString()
        known = self._resources.get(identity)
        if known is None:
            known = self._resources[identity] = Resource(
                attributes=self._attributes(resource.attributes),
                dropped_attributes_count=resource.dropped_attributes_count,
                entity_refs=tuple(_entity_ref(entity) for entity in resource.entity_refs),
                schema_url=resource_spans.schema_url,
            )
        return known

    def _scope(self, scope_spans: ScopeSpans) -> Scope:
        scope = scope_spans.scope
        identity = scope_spans.schema_url.encode() + b"\0" + scope.SerializeToString()
        known = self._scopes.get(identity)
        if known is None:
            known = self._scopes[identity] = Scope(
                name=scope.name,
                version=scope.version,
                attributes=self._attributes(scope.attributes),
                dropped_attributes_count=scope.dropped_attributes_count,
                schema_url=scope_spans.schema_url,
            )
        return known

    def _span(self, span: messages.Span, resource: Resource, scope: Scope) -> Span:
        status = span.status
        return Span(
            trace_id=self._shared(span.trace_id.hex()),
            span_id=span.span_id.hex(),
            parent_id=_parent(span.parent_span_id),
            name=self._shared(span.name),
            kind=span.kind,
            start_ns=span.start_time_unix_nano,
            end_ns=span.end_time_unix_nano,
            status_code=status.code,
            status_message=self._shared(status.message),
            attributes=self._attributes(span.attributes),
            events=tuple(map(self._event, span.events)),
            links=tuple(map(self._link, span.links)),
            flags=span.flags,
            trace_state=self._shared(span.trace_state),
            dropped_attributes_count=span.dropped_attributes_count,
            dropped_events_count=span.dropped_events_count,
            dropped_links_count=span.dropped_links_count,
            resource=resource,
            scope=scope,
        )

    def _event(self, event: messages.Span.Event) -> Event:
        return Event(
            time_ns=event.time_unix_nano,
            name=self._shared(event.name),
            attributes=self._attributes(event.attributes),
            dropped_attributes_count=event.dropped_attributes_count,
        )

    def _link(self, link: messages.Span.Link) -> Link:
        return Link(
            trace_id=link.trace_id.hex(),
            span_id=link.span_id.hex(),
            trace_state=link.trace_state,
            attributes=self._attributes(link.attributes),
            dropped_attributes_count=link.dropped_attributes_count,
            flags=link.flags,
        )

    def _attributes(self, pairs: Iterable[KeyValue]) -> Attributes:
        shared = self._shared
        value = self._value
        return {shared(pair.key): value(pair.value) for pair in pairs}

    def _value(self, value: AnyValue) -> Value:
        reader = self._readers.get(value.WhichOneof("value"))
        return reader(value) if reader is not None else None  # nothing set, or string_value_strindex of profiles

    def _shared(self, text: str) -> str:
        texts = self._texts
        known = texts.get(text)
        if known is not None:
            return known
        if len(text) <= _SHARED_CHARACTERS and len(texts) < _SHARED_TEXTS:
            texts[text] = text
        return text


def _parent(parent_id: bytes) -> str | None:
    return parent_id.hex() if parent_id.strip(b"\0") else None


def _entity_ref(entity: messages.EntityRef) -> EntityRef:
    return EntityRef(
        schema_url=entity.schema_url,
        type=entity.type,
        id_keys=tuple(entity.id_keys),
        description_keys=tuple(entity.description_keys),
    )


def _add_resource(message: TracesData, resource: Resource) -> ResourceSpans:
    added = message.resource_spans.add(schema_url=resource.schema_url)
    added.resource.dropped_attributes_count = resource.dropped_attributes_count
    _add_attributes(added.resource.attributes, resource.attributes)
    for entity in resource.entity_refs:
        added.resource.entity_refs.add(
            schema_url=entity.schema_url,
            type=entity.type,
            id_keys=entity.id_keys,
            description_keys=entity.description_keys,
        )
    return added


def _add_scope(resource_spans: ResourceSpans, scope: Scope) -> ScopeSpans:
    added = resource_spans.scope_spans.add(schema_url=scope.schema_url)
    added.scope.name = scope.name
    added.scope.version = scope.version
    added.scope.dropped_attributes_count = scope.dropped_attributes_count
    _add_attributes(added.scope.attributes, scope.attributes)
    return added


def _add_span(scope_spans: ScopeSpans, span: Span) -> None:
    added = scope_spans.spans.add(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        kind=span.kind,  # an open enum: any int32
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        flags=span.flags,
        trace_state=span.trace_state,
        dropped_attributes_count=span.dropped_attributes_count,
        dropped_events_count=span.dropped_events_count,
        dropped_links_count=span.dropped_links_count,
    )
    _add_attributes(added.attributes, span.attributes)
    if span.status_code or span.status_message:
        added.status.code = span.status_code  # type: ignore[assignment]
        added.status.message = span.status_message
    for event in span.events:
        _add_event(added, event)
    for link in span.links:
        _add_link(added, link)


def _add_event(span: messages.Span, event: Event) -> None:
    added = span.events.add(
        time_unix_nano=event.time_ns, name=event.name, dropped_attributes_count=event.dropped_attributes_count
    )
    _add_attributes(added.attributes, event.attributes)


def _add_link(span: messages.Span, link: Link) -> None:
    added = span.links.add(
        trace_id=bytes.fromhex(link.trace_id),
        span_id=bytes.fromhex(link.span_id),
        trace_state=link.trace_state,
        dropped_attributes_count=link.dropped_attributes_count,
        flags=link.flags,
    )
    _add_attributes(added.attributes, link.attributes)


def _add_attributes(pairs: Any, attributes: Attributes) -> None:
    add = pairs.add
    for key, value in attributes.items():
        pair = add()
        pair.key = key
        if type(value) is str:  # most are: finding out by `match` costs as much as writing it
            pair.value.string_value = value
        else:
            _write(pair.value, value)


def _write(into: AnyValue, value: Value) -> None:
    match value:
        case str():
            into.string_value = value
        case bool():
            into.bool_value = value
        case int():
            into.int_value = value
        case float():
            into.double_value = value
        case bytes():
            into.bytes_value = value
        case list() | tuple():
            into.array_value.SetInParent()
            for one in value:
                _write(into.array_value.values.add(), one)
        case dict():
            into.kvlist_value.SetInParent()
            _add_attributes(into.kvlist_value.values, value)
        case None:
            into.SetInParent()  # a value that says nothing
        case _:
            raise TypeError(f"an attribute value cannot be a {type(value).__name__}")
