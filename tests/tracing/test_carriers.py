import pytest

from chalicelib.tracing import baggage, continued, current_span, extract, inject, span, tracer
from tests.tracing.lambda_world import PARENT, TRACE, in_lambda, traceparent


def test_what_is_injected_can_be_extracted(recorder):
    with span("send") as sent:
        baggage.set("user", "7")
        headers = inject()
    assert headers == {"traceparent": traceparent(sent.trace_id, sent.span_id, "03"), "baggage": "user=7"}
    found = extract(headers)
    assert (found.trace_id, found.span_id) == (sent.trace_id, sent.span_id)


def test_a_carrier_may_be_given_or_a_function_that_writes(recorder):
    carrier, written = {"a": "b"}, []
    with span("send"):
        assert inject(carrier) is carrier
        inject(write=lambda name, value: written.append(name))
    assert set(carrier) == {"a", "traceparent"}
    assert written == ["traceparent"]


def test_outside_of_any_span_nothing_is_injected(recorder):
    assert inject() == {}


def test_the_formats_are_those_that_propagators_name():
    in_lambda(OTEL_PROPAGATORS="b3")
    with span("send") as sent:
        assert inject() == {"b3": f"{sent.trace_id}-{sent.span_id}-1"}


def test_a_carrier_that_refuses_breaks_nothing(recorder):
    def refuse(name, value):
        raise TypeError("read only")

    with span("send"):
        assert inject(write=refuse) == {}
    assert tracer().errors == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Traceparent": traceparent()},
        [("traceparent", traceparent())],
        {"traceparent": [traceparent()]},
        {"b3": f"{TRACE}-{PARENT}-1"},
        {"X-Amzn-Trace-Id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={PARENT};Sampled=1"},
    ],
)
def test_headers_are_read_in_any_form_and_format(recorder, headers):
    found = extract(headers)
    assert (found.trace_id, found.span_id) == (TRACE, PARENT)


@pytest.mark.parametrize("headers", [{}, [], {"traceparent": 7}, None, 7, [7], {"traceparent": [traceparent()] * 2}])
def test_whatever_else_headers_are_there_is_no_context_in_them(recorder, headers):
    assert extract(headers) is None


def test_a_trace_is_continued_with_its_baggage(recorder):
    with continued({"traceparent": traceparent(), "baggage": "user=7"}) as parent:
        assert (parent.trace_id, current_span().is_recording) == (TRACE, False)
        assert baggage.get("user") == "7"
        assert inject() == {"traceparent": traceparent(), "baggage": "user=7"}
        with span("work") as found:
            assert (found.trace_id, found.parent_id, found.is_parent_remote) == (TRACE, PARENT, True)
    assert baggage.all() == {}


def test_without_a_context_to_continue_a_trace_begins(recorder):
    with span("outer"), continued({}) as parent, span("root") as found:
        assert (parent, found.parent_id) == (None, "")


def test_baggage_is_set_replaced_and_forgotten(recorder):
    baggage.set("a", "1")
    baggage.set("b", "2")
    baggage.set("a", "3")
    baggage.set("", "no name")
    baggage.set("c", 4)
    assert baggage.all() == {"b": "2", "a": "3"}
    baggage.remove("b")
    assert (baggage.get("b"), baggage.get("b", "?"), baggage.get("a")) == (None, "?", "3")
    baggage.clear()
    assert baggage.all() == {}


def test_baggage_has_a_limit(recorder):
    for number in range(100):
        baggage.set(f"name-{number}", "x")
    baggage.set("name-0", "y")
    assert (len(baggage.all()), baggage.get("name-0"), baggage.get("name-99")) == (64, "y", None)
