"""uber-trace-id and uberctx-."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation import jaeger
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

TRACE, SPAN = "50d1e105d6d98c7f0000000000000a1b", "00000000000c0ffe"


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (f"{TRACE}:{SPAN}:0:1", (True, False)),
        (f"{TRACE}:{SPAN}:1234:0", (False, False)),
        (f"{TRACE}:{SPAN}:0:3", (True, True)),
        (f"{TRACE}:{SPAN}:0:2", (False, False)),
        (f"{TRACE}:c0ffe:0:01", (True, False)),
        (f"{TRACE}::0:1".replace("::", f":{SPAN}:"), (True, False)),
        (f"{TRACE}:{SPAN}::1", (True, False)),
        (f"{TRACE.upper()}:C0FFE:0:1", (True, False)),
        (f"{TRACE}%3A{SPAN}%3a0%3A1", (True, False)),
        (f" {TRACE}:{SPAN}:0:1\t", (True, False)),
    ],
)
def test_the_header_names_a_span(header, flags):
    sampled, debug = flags
    context = jaeger.extract(Headers([("Uber-Trace-Id", header)]))
    assert context == TraceContext(TRACE, SPAN, sampled=sampled, debug=debug, format="jaeger")


def test_leading_zeros_may_be_missing():
    assert jaeger.parse("a1b:c0ffe:0:1").trace_id == "0" * 29 + "a1b"


def test_a_span_id_of_zero_is_none():
    assert jaeger.parse(f"{TRACE}:0:0:1") == TraceContext(TRACE, "", sampled=True, format="jaeger")


@pytest.mark.parametrize(
    "header",
    ["", ":::", f"{TRACE}:{SPAN}:1", f"{TRACE}:{SPAN}:0:1:2", f"0:{SPAN}:0:1", f"{TRACE}0:{SPAN}:0:1",
     f"{TRACE}:{SPAN}0:0:1",
     f"{TRACE}:{SPAN}:0:", f"{TRACE}:{SPAN}:0:123", f"{TRACE}:{SPAN}:0:g", f"x{TRACE[1:]}:{SPAN}:0:1", "%" * 5000],
)  # fmt: skip
def test_what_breaks_the_form_is_nothing(header):
    assert jaeger.parse(header) is None


@given(contexts(decisions=(True, False)))
def test_what_is_written_is_read_again(context):
    written = {}
    jaeger.inject(context, written.__setitem__)
    again = jaeger.extract(Headers(written.items()))
    assert (again.trace_id, again.span_id, again.sampled) == (context.trace_id, context.span_id, context.sampled)


def test_debug_is_passed_on():
    written = {}
    jaeger.inject(TraceContext(TRACE, SPAN, sampled=True, debug=True), written.__setitem__)
    assert written == {"uber-trace-id": f"{TRACE}:{SPAN}:0:3"}


def test_baggage_has_a_header_for_each_member():
    headers = Headers([("uberctx-user", "al%20ice"), ("x-other", "1"), ("Uberctx-Tier", "gold")])
    assert jaeger.extract_baggage(headers) == (("user", "al ice"), ("tier", "gold"))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9\-]{1,8}", fullmatch=True), st.from_regex(r"[!-~é中][ -~é中]{0,8}[!-~]", fullmatch=True)
    )
)
def test_baggage_that_is_written_is_read_again(members):
    written = {}
    jaeger.inject_baggage(members.items(), written.__setitem__)
    assert all(value.isascii() for value in written.values())
    assert dict(jaeger.extract_baggage(Headers(written.items()))) == members


def test_baggage_is_limited_both_ways():
    many = [(f"k{number}", "x" * 1000) for number in range(20)]
    written = {}
    jaeger.inject_baggage([*many, ("not a token", "1")], written.__setitem__)
    assert len(written) == 8
    assert len(jaeger.extract_baggage(Headers((f"uberctx-{name}", value) for name, value in many))) == 8
