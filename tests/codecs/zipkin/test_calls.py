"""What the linker reads of stored spans is what it would read of the Zipkin spans that they are shown as."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.zipkin import keys
from chalicelib.codecs.zipkin.calls import CallSpan, calls_of, stored_calls
from chalicelib.codecs.zipkin.from_otlp import from_spans
from chalicelib.codecs.zipkin.to_otlp import to_spans
from chalicelib.model.span import Resource, Scope, Span
from chalicelib.model.tracestate import COUNT_UNIT
from tests.actors import with_fields
from tests.codecs.zipkin.strategies import zipkin_spans
from tests.rollups.strategies import SPANS, VALUES

REMOTES = st.sampled_from(
    [
        "peer.service", "server.address", "net.peer.name", "network.peer.address", "network.peer.port",
        "net.sock.peer.addr", "net.sock.peer.port", "peer.hostname", "peer.address", "db.namespace", "db.name",
        "error", "spanfold.zipkin.shared",
    ]
)  # fmt: skip
ADDRESSES = st.sampled_from(["10.0.0.1", "::1", "Db.Example", "", 0, 443, 99_999])


def counted_once(calls: list[CallSpan]) -> list[CallSpan]:
    return [msgspec.structs.replace(call, weight=1) for call in calls]


@given(st.lists(zipkin_spans(), max_size=4))
def test_spans_that_came_by_zipkin(spans):
    assert counted_once(stored_calls(to_spans(spans))) == calls_of(spans)


@given(
    st.lists(SPANS, max_size=4),
    st.dictionaries(REMOTES, VALUES | ADDRESSES, max_size=4),
    st.dictionaries(st.sampled_from(["service.name", "error"]), VALUES, max_size=2),
)
def test_spans_of_any_other_origin(spans, attributes, resource):
    made = [*spans, *(with_attributes(span, span.attributes | attributes, resource) for span in spans)]
    assert counted_once(stored_calls(made)) == calls_of(from_spans(made))


def with_attributes(span: Span, attributes: dict, resource: dict) -> Span:
    return with_fields(span, attributes=attributes, resource=Resource(attributes=resource))


@given(st.lists(SPANS, max_size=3), st.dictionaries(st.sampled_from(sorted(keys.FIELDS)), VALUES, max_size=6))
def test_whatever_a_sender_puts_where_zipkins_fields_are_is_read_somehow(spans, attributes):
    scope = Scope(attributes={keys.SOURCE: keys.ZIPKIN})
    for span in spans:
        [call] = stored_calls([with_fields(span, attributes=attributes, scope=scope)])
        assert (call.id, call.parent_id) == (span.span_id, span.parent_id)


def test_a_sampled_span_counts_for_those_that_were_not_kept():
    half = Span(trace_id="1".zfill(32), span_id="2".zfill(16), name="a", start_ns=1, end_ns=2, trace_state="ot=th:8")
    assert [call.weight for call in stored_calls([half])] == [2 * COUNT_UNIT]
