"""Zipkin -> OTLP -> Zipkin loses nothing; Zipkin -> OTLP and OTLP -> Zipkin follow the published mappings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.otlp import spans as otlp
from chalicelib.codecs.zipkin import json_v2, keys
from chalicelib.codecs.zipkin.from_otlp import from_span, from_spans
from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, span_of
from chalicelib.codecs.zipkin.to_otlp import to_spans
from chalicelib.model.span import Event, Kind, Link, Resource, Scope, Span, StatusCode
from tests.codecs.zipkin.strategies import zipkin_spans

TRACE_ID = "48485a3953bb61246b221d5bc9e6496c"
SPAN_ID = "6b221d5bc9e6496c"
START_US = 1_700_000_000_000_000


def sent(**fields) -> ZipkinSpan:
    return span_of(trace_id=TRACE_ID, id=SPAN_ID, **fields)


def mapped(**fields) -> Span:
    return to_spans([sent(**fields)])[0]


def kept(**fields) -> Span:
    return Span(trace_id=TRACE_ID, span_id=SPAN_ID, start_ns=START_US * 1000, end_ns=START_US * 1000 + 2000, **fields)


@given(spans=st.lists(zipkin_spans(), max_size=4))
def test_spans_that_came_by_zipkin_leave_as_they_came_also_through_stored_otlp(spans):
    stored = otlp.to_spans(otlp.from_spans(to_spans(spans)))
    by_id = sorted(from_spans(stored), key=json_v2.write_one)
    assert by_id == sorted(spans, key=json_v2.write_one)


@given(spans=st.lists(zipkin_spans(), max_size=4))
def test_what_is_written_as_json_is_read_as_it_was(spans):
    assert json_v2.read(json_v2.write(spans)) == spans


def test_spans_of_one_service_share_a_resource_and_a_scope():
    first, second = to_spans([sent(local_endpoint=Endpoint(service_name="a"))] * 2)
    assert first.resource is second.resource
    assert first.scope is second.scope


@pytest.mark.parametrize(
    ("tags", "code", "message"),
    [
        ({}, StatusCode.UNSET, ""),
        ({"error": "true"}, StatusCode.ERROR, ""),
        ({"error": ""}, StatusCode.ERROR, ""),
        ({"error": "timeout"}, StatusCode.ERROR, "timeout"),
        ({"otel.status_code": "ERROR", "error": "timeout"}, StatusCode.ERROR, "timeout"),
        ({"otel.status_code": "ERROR", "otel.status_description": "late"}, StatusCode.ERROR, "late"),
        ({"otel.status_code": "OK"}, StatusCode.OK, ""),
        ({"otel.status_code": "strange"}, StatusCode.UNSET, ""),
    ],
)
def test_a_status_is_read_from_tags(tags, code, message):
    span = mapped(tags=tags)
    assert (span.status_code, span.status_message) == (code, message)
    assert span.attributes == tags


def test_endpoints_become_the_attributes_of_the_collector():
    span = mapped(
        kind="CLIENT",
        local_endpoint=Endpoint(service_name="shop", ipv4="10.0.0.1", port=80),
        remote_endpoint=Endpoint(service_name="bank", ipv6="2001:db8::1", port=443),
    )
    assert span.resource.attributes == {"service.name": "shop"}
    assert span.attributes == {
        "net.host.ip": "10.0.0.1",
        "net.host.port": 80,
        "peer.service": "bank",
        "net.peer.ip": "2001:db8::1",
        "net.peer.port": 443,
    }
    assert span.kind == Kind.CLIENT


def test_a_tag_keeps_its_name_where_no_endpoint_has_it():
    assert mapped(tags={"peer.service": "bank"}).attributes["peer.service"] == "bank"


def test_a_64_bit_trace_id_is_the_low_half_of_ours():
    span = to_spans([span_of(trace_id="1", id="2")])[0]
    assert span.trace_id == "1".zfill(32)
    assert from_span(span).trace_id == "1".zfill(16)


def test_times_are_microseconds_and_a_span_without_one_starts_with_its_first_annotation():
    timed = mapped(timestamp=START_US, duration=7)
    assert (timed.start_ns, timed.end_ns) == (START_US * 1000, START_US * 1000 + 7000)
    untimed = mapped(annotations=[Annotation(START_US + 5, "late"), Annotation(START_US, "early")])
    assert untimed.start_ns == START_US * 1000
    assert [event.name for event in untimed.events] == ["early", "late"]


def test_the_scope_and_the_tracestate_are_read_from_tags():
    span = mapped(tags={"otel.library.name": "lib", "otel.scope.version": "2", "w3c.tracestate": "a=b"})
    assert (span.scope.name, span.scope.version, span.trace_state) == ("lib", "2", "a=b")


def test_an_otlp_span_becomes_what_opentelemetry_specifies():
    span = kept(
        name="GET /cart",
        kind=Kind.CLIENT,
        status_code=StatusCode.ERROR,
        status_message="refused",
        attributes={"peer.service": "Bank", "n": 3, "list": ["a", "b"], "ok": True, "none": None},
        events=(Event(time_ns=START_US * 1000, name="retry"), Event(time_ns=1000, name="e", attributes={"k": 1})),
        links=(Link(trace_id="a" * 32, span_id="b" * 16, trace_state="x=y", attributes={"k": "v"}),),
        trace_state="s=t",
        dropped_attributes_count=2,
        resource=Resource(attributes={"service.name": "Shop", "host.name": "h1"}),
        scope=Scope(name="lib", version="1"),
    )
    assert from_span(span) == ZipkinSpan(
        trace_id=TRACE_ID,
        id=SPAN_ID,
        kind="CLIENT",
        name="get /cart",
        timestamp=START_US,
        duration=2,
        local_endpoint=Endpoint(service_name="shop"),
        remote_endpoint=Endpoint(service_name="bank"),
        annotations=(Annotation(1, '{"e":{"k":1}}'), Annotation(START_US, "retry")),
        tags={
            "error": "refused",
            "host.name": "h1",
            "list": '["a","b"]',
            "n": "3",
            "none": "",
            "ok": "true",
            "otel.dropped_attributes_count": "2",
            "otel.scope.name": "lib",
            "otel.scope.version": "1",
            "otel.status_code": "ERROR",
            "otlp.link.0": f'{"a" * 32}|{"b" * 16}|x=y|{{"k":"v"}}',
            "peer.service": "Bank",
            "w3c.tracestate": "s=t",
        },
    )


@pytest.mark.parametrize(
    ("attributes", "remote"),
    [
        ({"server.address": "db.local", "server.port": 5432}, Endpoint(service_name="db.local", port=5432)),
        ({"network.peer.address": "10.0.0.9", "network.peer.port": 1}, Endpoint(ipv4="10.0.0.9", port=1)),
        ({"network.peer.address": "/tmp/socket"}, Endpoint(service_name="/tmp/socket")),  # noqa: S108  # no file is made
        ({"db.name": "orders"}, Endpoint(service_name="orders")),
        ({"peer.service": "first", "db.name": "last"}, Endpoint(service_name="first")),
        ({}, None),
    ],
)
def test_a_remote_endpoint_is_found_in_the_order_of_the_specification(attributes, remote):
    assert from_span(kept(kind=Kind.CLIENT, attributes=attributes)).remote_endpoint == remote
    assert from_span(kept(kind=Kind.SERVER, attributes=attributes)).remote_endpoint is None


def test_a_duration_below_a_microsecond_is_one_and_none_is_none():
    short = Span(trace_id=TRACE_ID, span_id=SPAN_ID, start_ns=1_000_000, end_ns=1_000_001)
    assert from_span(short).duration == 1
    assert from_span(Span(trace_id=TRACE_ID, span_id=SPAN_ID, start_ns=1_000_000)).duration is None


@pytest.mark.parametrize(
    "attributes",
    [
        {"net.peer.port": "http"},
        {"net.peer.port": 70_000},
        {"peer.service": 5},
        {"net.host.ip": [1]},
        {"spanfold.zipkin.tags": 3},
        {"spanfold.zipkin.tags": [{"a": 1}]},
        {"spanfold.zipkin.debug": "yes"},
        {"n": 3},
        {"nothing": None},
    ],
)
def test_what_only_says_that_it_came_by_zipkin_is_shown_like_any_other_span(attributes):
    scope = Scope(attributes={"spanfold.source": "zipkin"})
    shown = from_span(kept(name="Work", kind=Kind.CLIENT, attributes=attributes, scope=scope))
    assert shown.name == "work"
    assert all(isinstance(value, str) for value in shown.tags.values())
    assert json_v2.read(json_v2.write([shown])) == [shown]


@given(
    attributes=st.dictionaries(
        st.sampled_from(sorted(keys.FIELDS)),
        st.one_of(st.none(), st.integers(), st.text(max_size=3), st.lists(st.text(max_size=3), max_size=2)),
        max_size=4,
    )
)
def test_any_attributes_under_our_names_are_shown(attributes):
    from_span(kept(kind=Kind.CLIENT, attributes=attributes, scope=Scope(attributes={"spanfold.source": "zipkin"})))
