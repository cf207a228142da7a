"""Jaeger -> OTLP -> Jaeger loses nothing; Jaeger -> OTLP and OTLP -> Jaeger follow the published mappings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.from_otlp import Reading, service_of, text
from chalicelib.codecs.jaeger.span import DEBUG, JaegerSpan, Log, Process, Reference, Tag
from chalicelib.codecs.jaeger.to_otlp import to_spans
from chalicelib.codecs.otlp import spans as otlp
from chalicelib.model.span import Event, Kind, Link, Resource, Scope, Span, StatusCode
from tests.codecs.jaeger.strategies import jaeger_spans

TRACE_ID, SPAN_ID, PARENT_ID, OTHER = "48485a3953bb61246b221d5bc9e6496c", "a" * 16, "b" * 16, "c" * 16
PARENT = Reference("CHILD_OF", TRACE_ID, PARENT_ID)
T_US, T_NS = 1_700_000_000_000_000, 1_700_000_000_000_000_000
SHOP = Process("shop", ())


def stored(span):
    """A span as a block gives it back."""
    [read] = otlp.to_spans(otlp.from_spans(to_spans([span])))
    return read


def jaegers(**fields):
    told = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "operation_name": "op", "start_us": T_US, "process": SHOP}
    return JaegerSpan(**(told | fields))


def model(**fields):
    [made] = to_spans([jaegers(**fields)])
    return made


def shown(**fields):
    return Reading().span(Span(trace_id=TRACE_ID, span_id=SPAN_ID, **fields))


@settings(deadline=None)
@given(span=jaeger_spans())
def test_a_span_that_came_by_jaeger_leaves_by_jaeger_as_it_came(span):
    again = Reading().span(stored(span))
    assert typed(again) == typed(span)


def typed(span):
    """With the types of values, which equality does not tell apart: 1, 1.0 and True."""
    tags = (*span.tags, *span.process.tags, *(field for log in span.logs for field in log.fields))
    return span, [type(tag.value) for tag in tags]


@pytest.mark.parametrize(
    ("tags", "field", "value"),
    [
        ({"span.kind": "server"}, "kind", Kind.SERVER),
        ({"span.kind": "client"}, "kind", Kind.CLIENT),
        ({"span.kind": "producer"}, "kind", Kind.PRODUCER),
        ({"span.kind": "consumer"}, "kind", Kind.CONSUMER),
        ({"span.kind": "internal"}, "kind", Kind.INTERNAL),
        ({"span.kind": "other"}, "kind", Kind.UNSPECIFIED),
        ({}, "kind", Kind.UNSPECIFIED),
        ({"error": True}, "status_code", StatusCode.ERROR),
        ({"error": False}, "status_code", StatusCode.UNSET),
        ({"error": "true"}, "status_code", StatusCode.UNSET),
        ({"error": True, "otel.status_code": "OK"}, "status_code", StatusCode.ERROR),
        ({"otel.status_code": "OK"}, "status_code", StatusCode.OK),
        ({"otel.status_code": "error"}, "status_code", StatusCode.ERROR),
        ({"error": True, "otel.status_description": "no"}, "status_message", "no"),
        ({"error": True, "http.status_message": "no"}, "status_message", "no"),
        ({"otel.status_code": "ERROR", "otel.status_description": "no"}, "status_message", "no"),
        ({"http.status_code": 500}, "status_code", StatusCode.ERROR),
        ({"http.status_code": "503"}, "status_code", StatusCode.ERROR),
        ({"http.status_code": 404, "span.kind": "client"}, "status_code", StatusCode.ERROR),
        ({"http.status_code": 404, "span.kind": "server"}, "status_code", StatusCode.UNSET),
        ({"http.status_code": 200}, "status_code", StatusCode.UNSET),
        ({"http.status_code": 500, "otel.status_code": "OK"}, "status_code", StatusCode.OK),
        ({"otel.scope.name": "lib", "otel.scope.version": "1"}, "scope",
         Scope(name="lib", version="1", attributes={"spanfold.source": "jaeger"})),
        ({"otel.library.name": "old"}, "scope", Scope(name="old", attributes={"spanfold.source": "jaeger"})),
        ({"w3c.tracestate": "a=b"}, "trace_state", "a=b"),
    ],
)  # fmt: skip
def test_tags_become_fields_and_stay_attributes(tags, field, value):
    made = model(tags=tuple(Tag(*pair) for pair in tags.items()))
    assert getattr(made, field) == value
    assert made.attributes == tags


def test_the_fields_of_a_span_become_those_of_otlp():
    made = model(duration_us=7, flags=1, references=(PARENT,))
    assert (made.trace_id, made.span_id, made.parent_id, made.name) == (TRACE_ID, SPAN_ID, PARENT_ID, "op")
    assert (made.start_ns, made.end_ns, made.flags, made.links) == (T_NS, T_NS + 7000, 1, ())
    assert made.resource.attributes == {"service.name": "shop"}


def test_every_type_of_a_tag_is_a_type_of_an_attribute():
    values = {"s": "x", "b": True, "i": 1 << 60, "f": 1.0, "raw": b"\xff"}
    assert stored(jaegers(tags=tuple(Tag(*pair) for pair in values.items()))).attributes == values


def test_a_reference_beside_the_parents_is_a_link_with_its_type():
    references = (
        PARENT,
        Reference("FOLLOWS_FROM", TRACE_ID, OTHER),
        Reference("CHILD_OF", "f" * 32, OTHER),
    )
    links = model(references=references).links
    assert [(link.trace_id, link.span_id, link.attributes) for link in links] == [
        (TRACE_ID, OTHER, {"opentracing.ref_type": "follows_from"}),
        ("f" * 32, OTHER, {"opentracing.ref_type": "child_of"}),
    ]


def test_a_span_that_only_follows_another_of_its_trace_is_its_child_and_says_how():
    made = model(references=(Reference("FOLLOWS_FROM", TRACE_ID, PARENT_ID),))
    assert (made.parent_id, len(made.links), made.attributes) == (PARENT_ID, 1, {})


def test_a_log_is_an_event_named_by_its_field_event():
    fields = (Tag("event", "retry"), Tag("n", 2))
    assert model(logs=(Log(T_US, fields),)).events == (Event(time_ns=T_NS, name="retry", attributes={"n": 2}),)


def test_a_process_is_a_resource():
    process = Process("shop", (Tag("hostname", "h"), Tag("ip", "10.0.0.1"), Tag("n", 3)))
    made = model(process=process).resource.attributes
    assert made == {"hostname": "h", "ip": "10.0.0.1", "n": 3, "service.name": "shop", "host.name": "h"}
    assert Reading().span(model(process=process)).process == process


@pytest.mark.parametrize("name", ["", "OTLPResourceNoServiceName"])
def test_a_process_without_a_name_is_a_resource_without_one(name):
    made = model(process=Process(name, (Tag("a", "b"),)))
    assert made.resource.attributes == {"a": "b"}
    assert Reading().span(made).process.service_name == "OTLPResourceNoServiceName"


def test_what_otlp_has_no_place_for_is_kept_in_attributes_of_our_own():
    made = model(
        flags=DEBUG | 1,
        tags=(Tag("a", 1), Tag("a", 2)),
        references=(Reference("FOLLOWS_FROM", TRACE_ID, OTHER), PARENT),
        logs=(Log(T_US, (Tag("x", 1), Tag("x", 2))),),
        process=Process("shop", (Tag("p", 1), Tag("p", 2))),
    )
    assert made.attributes == {
        "a": 2,
        keys.TAGS: [["a", 1], ["a", 2]],
        keys.REFERENCES: [["FOLLOWS_FROM", TRACE_ID, OTHER], ["CHILD_OF", TRACE_ID, PARENT_ID]],
        keys.FLAGS: 3,
    }
    assert made.events[0].attributes == {"x": 2, keys.FIELDS: [["x", 1], ["x", 2]]}
    assert made.resource.attributes == {"service.name": "shop", "p": 2, keys.PROCESS_TAGS: [["p", 1], ["p", 2]]}


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({"kind": Kind.SERVER}, {"span.kind": "server"}),
        ({"kind": Kind.INTERNAL}, {"span.kind": "internal"}),
        ({"kind": 99}, {}),
        ({"status_code": StatusCode.ERROR, "status_message": "no"},
         {"otel.status_code": "ERROR", "error": True, "otel.status_description": "no"}),
        ({"status_code": StatusCode.OK}, {"otel.status_code": "OK"}),
        ({"status_code": StatusCode.ERROR, "attributes": {"error": "yes"}},
         {"error": True, "otel.status_code": "ERROR"}),
        ({"scope": Scope(name="lib", version="1")}, {"otel.scope.name": "lib", "otel.scope.version": "1"}),
        ({"trace_state": "a=b"}, {"w3c.tracestate": "a=b"}),
        ({"dropped_attributes_count": 1, "dropped_events_count": 2, "dropped_links_count": 3},
         {"otel.dropped_attributes_count": 1, "otel.dropped_events_count": 2, "otel.dropped_links_count": 3}),
        ({"attributes": {"s": "x", "i": 1, "f": 1.5, "b": False, "raw": b"\1"}},
         {"s": "x", "i": 1, "f": 1.5, "b": False, "raw": b"\1"}),
        ({"attributes": {"list": ["a", 1], "map": {"k": True}, "none": None}},
         {"list": '["a",1]', "map": '{"k":true}', "none": ""}),
        ({"attributes": {"spanfold.jaeger.tags": [["forged", "1"]]}}, {"spanfold.jaeger.tags": '[["forged","1"]]'}),
    ],
)  # fmt: skip
def test_a_span_of_any_other_origin_is_shown_as_opentelemetry_specifies_it(fields, tags):
    assert dict(shown(**fields).tags) == tags


def test_parent_and_links_are_references_the_parent_first():
    links = (
        Link(trace_id="f" * 32, span_id=OTHER),
        Link(trace_id="e" * 32, span_id=OTHER, attributes={"opentracing.ref_type": "child_of"}),
        Link(trace_id="d" * 32, span_id=OTHER, attributes={"opentracing.ref_type": ["child_of"]}),
    )
    assert shown(parent_id=PARENT_ID, links=links).references == (
        PARENT,
        Reference("FOLLOWS_FROM", "f" * 32, OTHER),
        Reference("CHILD_OF", "e" * 32, OTHER),
        Reference("FOLLOWS_FROM", "d" * 32, OTHER),
    )


def test_a_link_to_the_parent_says_of_which_type_it_is():
    links = (Link(trace_id=TRACE_ID, span_id=PARENT_ID),)
    assert shown(parent_id=PARENT_ID, links=links).references == (Reference("FOLLOWS_FROM", TRACE_ID, PARENT_ID),)


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (Event(name="retry", attributes={"n": 1}), (Tag("event", "retry"), Tag("n", 1))),
        (Event(name="retry", attributes={"event": "other"}), (Tag("event", "other"),)),
        (Event(attributes={"n": 1}), (Tag("n", 1),)),
        (Event(), ()),
    ],
)
def test_an_event_is_a_log_whose_field_event_is_its_name(event, fields):
    assert shown(events=(event,)).logs == (Log(0, fields),)


def test_times_are_whole_microseconds_and_never_below_zero():
    found = shown(start_ns=T_NS + 123_456, end_ns=T_NS + 999_999)
    assert (found.start_us, found.duration_us) == (T_US + 123, 876)
    assert shown(start_ns=T_NS).duration_us == 0


def test_a_resource_is_a_process():
    resource = Resource(attributes={"service.name": "shop", "hostname": "h", "host.name": "h", "l": [1]})
    found = shown(resource=resource).process
    assert found == Process("shop", (Tag("hostname", "h"), Tag("host.name", "h"), Tag("l", "[1]")))
    assert service_of(Resource()) == "OTLPResourceNoServiceName"


HOSTILE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=3), st.binary(max_size=2)),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(value=HOSTILE, key=st.sampled_from([keys.TAGS, keys.REFERENCES, keys.FLAGS, keys.FIELDS, keys.PROCESS_TAGS]))
def test_attributes_that_only_look_like_ours_are_no_error(value, key):
    Reading().span(
        Span(
            trace_id=TRACE_ID,
            span_id=SPAN_ID,
            attributes={key: value},
            events=(Event(name="e", attributes={key: value}),),
            resource=Resource(attributes={key: value}),
            scope=Scope(attributes={"spanfold.source": "jaeger"}),
        )
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", "x"), (True, "true"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (float("nan"), "NaN"), (float("-inf"), "-Inf"),
        (None, ""), (b"ab", "YWI="), (["a", 1], '["a",1]'), (1e21, "1e+21"),
    ],
)  # fmt: skip
def test_values_are_compared_as_the_text_that_the_collector_makes_of_them(value, said):
    assert text(value) == said
