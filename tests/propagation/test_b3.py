"""The specification's forms, single and multiple, and what older tracers make of them."""

import pytest
from hypothesis import given

from chalicelib.propagation import b3, b3_multi
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

TRACE, SPAN, PARENT = "80f198ee56343ba864fe8b2a57d3eff7", "e457b5a2e4d86bd1", "05e3ac9a4f6e3b90"
SHORT = "64fe8b2a57d3eff7"


def single(value):
    return b3.extract(Headers([("b3", value)]))


def multi(**headers):
    return b3_multi.extract(Headers((f"X-B3-{name}", value) for name, value in headers.items()))


def sent(module, context):
    written = {}
    module.inject(context, written.__setitem__)
    return written


@pytest.mark.parametrize(
    ("value", "sampled", "debug"),
    [
        (f"{TRACE}-{SPAN}", None, False),
        (f"{TRACE}-{SPAN}-1", True, False),
        (f"{TRACE}-{SPAN}-0", False, False),
        (f"{TRACE}-{SPAN}-d", True, True),
        (f"{TRACE}-{SPAN}-1-{PARENT}", True, False),
        (f" {TRACE}-{SPAN}-1\t", True, False),
    ],
)
def test_the_single_header_names_a_span_and_perhaps_a_decision(value, sampled, debug):
    assert single(value) == TraceContext(TRACE, SPAN, sampled=sampled, debug=debug, format="b3")


@pytest.mark.parametrize(("value", "sampled", "debug"), [("0", False, False), ("1", True, False), ("d", True, True)])
def test_a_decision_may_come_alone(value, sampled, debug):
    assert single(value) == TraceContext("", "", sampled=sampled, debug=debug, format="b3")
    assert sent(b3, single(value)) == {"b3": value}


def test_a_64_bit_trace_id_is_padded_and_upper_case_is_forgiven():
    assert single(f"{SHORT.upper()}-{SPAN.upper()}-1").trace_id == "0" * 16 + SHORT
    assert single(f"{SHORT}-{SPAN}-1").span_id == SPAN


@pytest.mark.parametrize(
    "value",
    ["", "2", "-", "true", TRACE, f"{TRACE}-", f"{TRACE}-{SPAN}-", f"{TRACE}-{SPAN}-2", f"{TRACE}-{SPAN}-1-",
     f"{TRACE}-{SPAN}-1-{PARENT}-1",
     f"{TRACE[1:]}-{SPAN}-1", f"{TRACE}-{SPAN[1:]}-1", f"{'0' * 32}-{SPAN}-1", f"{TRACE}-{'0' * 16}-1",
     f"{TRACE}-{SPAN}-{PARENT}",
     f"{TRACE}0-{SPAN}", f"{TRACE}-{SPAN[:-1]}g", f"{TRACE[:-1]}\u0663-{SPAN}"],
)  # fmt: skip
def test_what_breaks_the_form_is_nothing(value):
    assert single(value) is None


def test_several_headers_say_the_same():
    assert multi(TraceId=TRACE, SpanId=SPAN, ParentSpanId=PARENT, Sampled="1") == TraceContext(
        TRACE, SPAN, sampled=True, format="b3multi"
    )
    assert multi(TraceId=SHORT, SpanId=SPAN).trace_id == "0" * 16 + SHORT


@pytest.mark.parametrize(
    ("sampled", "expected"), [("1", True), ("0", False), ("true", True), ("False", False), ("2", None), ("", None)]
)
def test_words_of_older_tracers_are_decisions(sampled, expected):
    assert multi(TraceId=TRACE, SpanId=SPAN, Sampled=sampled).sampled is expected


def test_debug_implies_sampled_whatever_else_is_said():
    assert multi(TraceId=TRACE, SpanId=SPAN, Flags="1", Sampled="0") == TraceContext(
        TRACE, SPAN, sampled=True, debug=True, format="b3multi"
    )


def test_half_a_span_is_no_more_than_its_decision():
    assert multi(TraceId=TRACE) is None
    assert multi(SpanId=SPAN) is None
    assert multi(TraceId=TRACE, Sampled="0") == TraceContext("", "", sampled=False, format="b3multi")
    assert multi(TraceId="xyz", SpanId=SPAN, Flags="1") == TraceContext(
        "", "", sampled=True, debug=True, format="b3multi"
    )


@pytest.mark.parametrize("module", [b3, b3_multi], ids=["b3", "b3multi"])
def test_both_read_the_single_header_first_and_then_the_others(module):
    several = [("x-b3-traceid", SHORT), ("x-b3-spanid", PARENT), ("x-b3-sampled", "0")]
    assert module.extract(Headers([("b3", f"{TRACE}-{SPAN}-1"), *several])).trace_id == TRACE
    assert module.extract(Headers([("b3", "broken"), *several])).trace_id == "0" * 16 + SHORT


def test_debug_is_passed_on_alone():
    context = TraceContext(TRACE, SPAN, sampled=True, debug=True)
    assert sent(b3, context) == {"b3": f"{TRACE}-{SPAN}-d"}
    assert sent(b3_multi, context) == {"X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Flags": "1"}


@pytest.mark.parametrize("module", [b3, b3_multi], ids=["b3", "b3multi"])
@given(context=contexts())
def test_what_is_written_is_read_again(module, context):
    again = module.extract(Headers(sent(module, context).items()))
    assert (again.trace_id, again.span_id, again.sampled) == (context.trace_id, context.span_id, context.sampled)


def test_nothing_is_written_of_nothing():
    assert sent(b3, TraceContext(TRACE, "")) == sent(b3_multi, TraceContext("", SPAN)) == {}
