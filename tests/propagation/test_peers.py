"""Formats against those who read and write them elsewhere: OpenTelemetry's propagators and X-Ray's SDK, both ways."""

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.trace_header import TraceHeader
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage as otel_baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat
from opentelemetry.propagators.jaeger import JaegerPropagator
from opentelemetry.propagators.textmap import DefaultGetter
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chalicelib.propagation import b3, b3_multi, baggage, composite, environment, jaeger, w3c, xray
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

PEERS = [
    (w3c, TraceContextTextMapPropagator()),
    (b3, B3SingleFormat()),
    (b3_multi, B3MultiFormat()),
    (jaeger, JaegerPropagator()),
    (xray, AwsXRayPropagator()),
]
both_ways = pytest.mark.parametrize(("ours", "theirs"), PEERS, ids=[module.NAME for module, _ in PEERS])
DECIDED = contexts(decisions=(True, False))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.fixture(scope="module", autouse=True)
def _no_socket_left():
    """X-Ray's SDK opens one for its daemon when it is imported."""
    yield
    xray_recorder.emitter._socket.close()


class CaseInsensitive(DefaultGetter):
    """As a server's headers are."""

    def get(self, carrier, key):
        return super().get({name.lower(): value for name, value in carrier.items()}, key.lower())


def otel(context):
    return set_span_in_context(
        NonRecordingSpan(
            SpanContext(
                int(context.trace_id, 16),
                int(context.span_id, 16),
                is_remote=False,
                trace_flags=TraceFlags(context.flags),
                trace_state=TraceState.from_header([context.trace_state]),
            )
        ),
        Context(),
    )


def told(span):
    return (f"{span.trace_id:032x}", f"{span.span_id:016x}", span.trace_flags.sampled)


@both_ways
@given(context=DECIDED)
def test_they_read_what_we_write(ours, theirs, context):
    carrier = {}
    ours.inject(context, carrier.__setitem__)
    span = get_current_span(theirs.extract(carrier, Context(), CaseInsensitive())).get_span_context()
    assert told(span) == (context.trace_id, context.span_id, context.sampled)


@both_ways
@given(context=DECIDED)
def test_we_read_what_they_write(ours, theirs, context):
    carrier = {}
    theirs.inject(carrier, otel(context))
    (read,) = composite.extract(Headers(carrier.items())).contexts
    assert (read.trace_id, read.span_id, read.sampled) == (context.trace_id, context.span_id, context.sampled)
    assert ours.extract(Headers(carrier.items())) == read


def test_tracestate_goes_both_ways():
    carrier, returned = {}, {}
    arrived = Headers([("traceparent", f"00-{'a' * 32}-{'b' * 16}-03"), ("tracestate", "ot=th:8,fw529a3039@dt=1")])
    w3c.inject(w3c.extract(arrived), carrier.__setitem__)
    span = get_current_span(TraceContextTextMapPropagator().extract(carrier, Context())).get_span_context()
    assert dict(span.trace_state) == {"ot": "th:8", "fw529a3039@dt": "1"}
    TraceContextTextMapPropagator().inject(returned, set_span_in_context(NonRecordingSpan(span), Context()))
    assert w3c.extract(Headers(returned.items())) == w3c.extract(arrived)


@given(st.dictionaries(st.from_regex(r"[a-z\-.]{1,8}", fullmatch=True), TEXTS.map(str.strip), max_size=5))
def test_they_read_our_baggage(members):
    carrier = {}
    baggage.inject_baggage(members.items(), carrier.__setitem__)
    assert otel_baggage.get_all(W3CBaggagePropagator().extract(carrier, Context())) == members


@given(st.dictionaries(st.from_regex(r"[a-z\-.]{1,8}", fullmatch=True), TEXTS, min_size=1, max_size=5))
def test_we_read_their_baggage_but_for_blanks_which_they_write_as_pluses(members):
    carrier, context = {}, Context()
    for name, value in members.items():
        context = otel_baggage.set_baggage(name, value, context)
    W3CBaggagePropagator().inject(carrier, context)
    read = baggage.extract_baggage(Headers(carrier.items()))
    assert read == tuple((name, value.replace(" ", "+")) for name, value in members.items())


@given(st.dictionaries(st.from_regex(r"[a-z\-.]{1,8}", fullmatch=True), TEXTS.map(str.strip), min_size=1, max_size=5))
def test_jaegers_baggage_goes_both_ways(members):
    carrier, context = {"uber-trace-id": "1:1:0:1"}, Context()
    jaeger.inject_baggage(members.items(), carrier.__setitem__)
    assert otel_baggage.get_all(JaegerPropagator().extract(carrier, Context())) == members
    for name, value in members.items():
        context = otel_baggage.set_baggage(name, value, context)
    returned = {}
    span = NonRecordingSpan(SpanContext(1, 1, is_remote=False))
    JaegerPropagator().inject(returned, set_span_in_context(span, context))
    assert dict(jaeger.extract_baggage(Headers(returned.items()))) == members


@given(contexts())
def test_x_rays_sdk_reads_what_we_write(context):
    header = TraceHeader.from_header_str(xray.format(context, "Lineage=1:a87bd80c:0;CalledFrom=app"))
    assert (header.root, header.parent) == (xray.dashed(context.trace_id), context.span_id)
    assert header.sampled == (None if context.sampled is None else int(context.sampled))
    assert header.data == {"Lineage": "1:a87bd80c:0", "CalledFrom": "app"}


@given(contexts(), st.sampled_from([None, 0, 1, "?"]))
def test_we_read_what_x_rays_sdk_writes(context, sampled):
    data = {"Lineage": "a87bd80c:1|68fd508a:5", "CalledFrom": "app"}
    text = TraceHeader(xray.dashed(context.trace_id), context.span_id, sampled, data).to_header_str()
    read = xray.parse(text)
    assert (read.trace_id, read.span_id) == (context.trace_id, context.span_id)
    assert read.sampled is {0: False, 1: True}.get(sampled)
    assert xray.format(read, xray.extras(text)) == text.replace("Sampled=?;", "")


@given(DECIDED)
def test_a_process_that_opentelemetry_starts_is_told_by_its_environment(context):
    child = {}
    TraceContextTextMapPropagator().inject(child, otel(context))
    (read,) = environment.read({environment.variable(name): value for name, value in child.items()}).contexts
    assert (read.trace_id, read.span_id, read.sampled) == (context.trace_id, context.span_id, context.sampled)
