"""OTLP messages as model spans, and back."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp import messages as otlp
from chalicelib.codecs.otlp.messages import AnyValue, KeyValue, TracesData
from chalicelib.codecs.otlp.spans import SpanReader, from_spans, to_spans
from chalicelib.model.span import EntityRef, Event, Link, Resource, Scope, Span
from tests.codecs.otlp.actors import NOON_NS, TRACE, attributes, message, messages, sent_by, span, span_id


def comparable(value):
    """Tells 1 from True and 1.0, -0.0 from 0.0, and finds NaN equal to itself."""
    if isinstance(value, dict):
        return {key: comparable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, float):
        return ("float", "nan") if math.isnan(value) else ("float", value.hex())
    return (type(value).__name__, value)


def told(one):
    """All that a span says, field by field."""
    if isinstance(one, Span | Resource | Scope | Event | Link | EntityRef):
        return {name: told(getattr(one, name)) for name in one.__struct_fields__}
    if isinstance(one, tuple):
        return [told(part) for part in one]
    return comparable(one)


_uint64 = st.integers(0, 2**64 - 1)
_uint32 = st.integers(0, 2**32 - 1)
_int32 = st.integers(-(2**31), 2**31 - 1)
_text = st.text(max_size=6)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | _text | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=4,
)
_attributes = st.dictionaries(_text, _values, max_size=3)
_hex = st.binary(max_size=20).map(bytes.hex)
_keys = st.lists(_text, max_size=2).map(tuple)
_resources = st.builds(
    Resource,
    attributes=_attributes,
    dropped_attributes_count=_uint32,
    entity_refs=st.lists(
        st.builds(EntityRef, schema_url=_text, type=_text, id_keys=_keys, description_keys=_keys), max_size=2
    ).map(tuple),
    schema_url=_text,
)
_scopes = st.builds(
    Scope, name=_text, version=_text, attributes=_attributes, dropped_attributes_count=_uint32, schema_url=_text
)
_events = st.builds(Event, time_ns=_uint64, name=_text, attributes=_attributes, dropped_attributes_count=_uint32)
_links = st.builds(
    Link,
    trace_id=_hex,
    span_id=_hex,
    trace_state=_text,
    attributes=_attributes,
    dropped_attributes_count=_uint32,
    flags=_uint32,
)
_spans = st.builds(
    Span,
    trace_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    span_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
    parent_id=st.none() | st.just("00f067aa0ba902b7"),
    name=_text,
    kind=_int32,
    start_ns=_uint64,
    end_ns=_uint64,
    status_code=_int32,
    status_message=_text,
    attributes=_attributes,
    events=st.lists(_events, max_size=2).map(tuple),
    links=st.lists(_links, max_size=2).map(tuple),
    flags=_uint32,
    trace_state=_text,
    dropped_attributes_count=_uint32,
    dropped_events_count=_uint32,
    dropped_links_count=_uint32,
    resource=_resources,
    scope=_scopes,
)


@given(_spans)
@settings(deadline=None)
def test_every_field_of_a_span_survives_the_way_to_otlp_and_back(one):
    assert told(to_spans(from_spans([one]))[0]) == told(one)


@given(messages)
@settings(deadline=None)
def test_every_span_of_a_message_survives_the_way_to_the_model_and_back(sent):
    once = to_spans(sent)
    again = to_spans(TracesData.FromString(from_spans(once).SerializeToString()))
    assert sorted(map(repr, map(told, again))) == sorted(map(repr, map(told, once)))


def test_a_span_is_read_field_by_field():
    sent = span(2, parent_span_id=span_id(1), name="GET /cart", kind=2, end_time_unix_nano=NOON_NS + 9, flags=0x101)
    sent.attributes.extend(attributes(**{"http.request.method": "GET", "http.response.status_code": 200}))
    sent.status.code = 2
    [read] = to_spans(message(sent_by("cart", sent)))
    assert read == Span(
        trace_id="5b8efff798038103d269b633813fc60c",
        span_id="0000000000000002",
        parent_id="0000000000000001",
        name="GET /cart",
        kind=2,
        start_ns=NOON_NS + 2,
        end_ns=NOON_NS + 9,
        status_code=2,
        attributes={"http.request.method": "GET", "http.response.status_code": 200},
        flags=0x101,
        resource=Resource(attributes={"service.name": "cart"}),
        scope=Scope(name="shop"),
    )


@pytest.mark.parametrize("zeros", [b"", bytes(8), bytes(16)])
def test_a_parent_id_of_zeros_is_no_parent(zeros):
    [read] = to_spans(message(sent_by("cart", span(parent_span_id=zeros))))
    assert read.parent_id is None


def test_of_a_repeated_key_the_last_value_wins():
    sent = span(attributes=[*attributes(tier="gold"), *attributes(tier="silver")])
    assert to_spans(message(sent_by("cart", sent)))[0].attributes == {"tier": "silver"}


def test_a_value_that_is_not_set_or_only_profiles_know_is_none():
    sent = span(attributes=[KeyValue(key="unset"), KeyValue(key="profile", value=AnyValue(string_value_strindex=3))])
    assert to_spans(message(sent_by("cart", sent)))[0].attributes == {"unset": None, "profile": None}


def test_a_missing_resource_is_an_empty_one():
    sent = TracesData(resource_spans=[otlp.ResourceSpans(scope_spans=[otlp.ScopeSpans(spans=[span()])])])
    [read] = to_spans(sent)
    assert (read.resource, read.scope) == (Resource(), Scope())
    assert read.resource.service_name == "unknown_service"


def test_spans_of_one_service_share_its_resource_across_messages():
    reader = SpanReader()
    first = reader.read(message(sent_by("cart", span(1), span(2))))
    second = reader.read(message(sent_by("cart", span(3)), sent_by("stock", span(4))))
    assert first[0].resource is first[1].resource is second[0].resource
    assert first[0].scope is second[1].scope
    assert second[1].resource.service_name == "stock"
    assert first[0].trace_id is second[0].trace_id


def test_spans_that_share_a_resource_are_written_under_one():
    resource, scope = Resource(attributes={"service.name": "cart"}), Scope(name="shop")
    many = [
        Span(
            trace_id=TRACE.hex(),
            span_id=span_id(number).hex(),
            start_ns=NOON_NS + number,
            resource=resource,
            scope=scope,
        )
        for number in (1, 2)
    ]
    assert from_spans(iter(many)) == message(sent_by("cart", span(1), span(2)))


def test_a_value_of_a_strange_type_is_named():
    with pytest.raises(TypeError, match="cannot be a set"):
        from_spans([Span(trace_id=TRACE.hex(), span_id=span_id(1).hex(), attributes={"key": {1}})])
