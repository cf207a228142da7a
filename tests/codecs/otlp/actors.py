"""OTLP messages to test with: a shop's services, and anything else that a sender could say."""

import struct
from collections import Counter
from typing import Any

from hypothesis import strategies as st

from chalicelib.codecs.otlp.messages import AnyValue, KeyValue, ResourceSpans, ScopeSpans, Span, Status, TracesData

NOON_NS = 1_700_000_000_000_000_000
TRACE = bytes.fromhex("5b8efff798038103d269b633813fc60c")
OTHER_TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")


def span_id(number: int) -> bytes:
    return struct.pack(">Q", number)


def attributes(**pairs: str | int | bytes) -> list[KeyValue]:
    names = {str: "string_value", int: "int_value", bytes: "bytes_value"}
    return [KeyValue(key=key, value=AnyValue(**{names[type(value)]: value})) for key, value in pairs.items()]


def span(number: int = 1, trace_id: bytes = TRACE, **fields: Any) -> Span:
    return Span(trace_id=trace_id, **{"span_id": span_id(number), "start_time_unix_nano": NOON_NS + number, **fields})


def sent_by(service: str, *spans: Span, scope: str = "shop") -> ResourceSpans:
    resource_spans = ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])
    resource_spans.resource.attributes.extend(attributes(**{"service.name": service}))
    resource_spans.scope_spans[0].scope.name = scope
    return resource_spans


def message(*resource_spans: ResourceSpans) -> TracesData:
    return TracesData(resource_spans=resource_spans)


def told(*messages: TracesData) -> Counter[tuple[bytes, bytes, str, str, bytes]]:
    """Every span of the messages with all that was said around it, as often as it was said."""
    return Counter(
        (
            resource_spans.resource.SerializeToString(),
            scope_spans.scope.SerializeToString(),
            resource_spans.schema_url,
            scope_spans.schema_url,
            span.SerializeToString(),
        )
        for one in messages
        for resource_spans in one.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    )


_uint64 = st.integers(0, 2**64 - 1)
_uint32 = st.integers(0, 2**32 - 1)
_text = st.text(max_size=8)
_enums = st.integers(-(2**31), 2**31 - 1)


def _value(kind: str, value: Any) -> AnyValue:
    return AnyValue(**{kind: value})


_scalars = st.one_of(
    st.builds(AnyValue),
    st.builds(_value, st.just("string_value"), _text),
    st.builds(_value, st.just("bool_value"), st.booleans()),
    st.builds(_value, st.just("int_value"), st.integers(-(2**63), 2**63 - 1)),
    st.builds(_value, st.just("double_value"), st.floats()),
    st.builds(_value, st.just("bytes_value"), st.binary(max_size=8)),
)


def _array(values: list[AnyValue]) -> AnyValue:
    array = AnyValue()
    array.array_value.SetInParent()
    array.array_value.values.extend(values)
    return array


def _map(pairs: list[KeyValue]) -> AnyValue:
    mapping = AnyValue()
    mapping.kvlist_value.SetInParent()
    mapping.kvlist_value.values.extend(pairs)
    return mapping


values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(_array)
        | st.lists(st.builds(KeyValue, key=_text, value=inner), max_size=3).map(_map)
    ),
    max_leaves=4,
)
_attributes = st.lists(st.builds(KeyValue, key=_text, value=values), max_size=3)
_events = st.builds(
    Span.Event,
    time_unix_nano=_uint64,
    name=_text,
    attributes=_attributes,
    dropped_attributes_count=_uint32,
)
_links = st.builds(
    Span.Link,
    trace_id=st.binary(max_size=16),
    span_id=st.binary(max_size=8),
    trace_state=_text,
    attributes=_attributes,
    dropped_attributes_count=_uint32,
    flags=_uint32,
)
trace_ids = st.sampled_from([TRACE, OTHER_TRACE])
spans = st.builds(
    Span,
    trace_id=trace_ids,
    span_id=st.integers(1, 6).map(span_id),
    parent_span_id=st.sampled_from([b"", bytes(8), span_id(1)]),
    name=_text,
    kind=_enums,
    start_time_unix_nano=st.sampled_from([0, NOON_NS, NOON_NS + 1, 2**64 - 1]),
    end_time_unix_nano=_uint64,
    status=st.builds(Status, code=_enums, message=_text),
    attributes=_attributes,
    events=st.lists(_events, max_size=2),
    links=st.lists(_links, max_size=2),
    flags=_uint32,
    trace_state=_text,
    dropped_attributes_count=_uint32,
    dropped_events_count=_uint32,
    dropped_links_count=_uint32,
)


def _from_sender(service: str, version: str, schema_url: str, sent: list[Span]) -> ResourceSpans:
    resource_spans = sent_by(service, *sent)
    resource_spans.scope_spans[0].scope.version = version
    resource_spans.schema_url = schema_url
    resource_spans.scope_spans[0].schema_url = version
    return resource_spans


_some = st.sampled_from(["", "a", "b"])
messages = st.builds(
    lambda sent: message(*sent),
    st.lists(st.builds(_from_sender, _some, _some, _some, st.lists(spans, max_size=4)), max_size=4),
)
