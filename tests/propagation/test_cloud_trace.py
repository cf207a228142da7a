"""X-Cloud-Trace-Context, as Google's propagators and load balancers write it."""

import pytest
from hypothesis import given

from chalicelib.propagation import cloud_trace
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

TRACE = "105445aa7843bc8bf206b12000100000"


@pytest.mark.parametrize(
    ("header", "span_id", "sampled"),
    [
        (f"{TRACE}/1;o=1", "0000000000000001", True),
        (f"{TRACE}/1;o=0", "0000000000000001", False),
        (f"{TRACE}/1", "0000000000000001", None),
        (f"{TRACE}/18446744073709551615;o=1", "f" * 16, True),
        (f"{TRACE}/18446744073709551616;o=1", "", True),
        (f"{TRACE}/0;o=1", "", True),
        (f"{TRACE}/abc;o=1", "", True),
        (f"{TRACE}/;o=1", "", True),
        (f"{TRACE};o=1", "", True),
        (TRACE, "", None),
        (f"{TRACE.upper()}/1;o=1", "0000000000000001", True),
        (f" {TRACE}/1;o=1\t", "0000000000000001", True),
        (f"{TRACE}/1;o=2", "0000000000000001", False),
        (f"{TRACE}/1;o=3", "0000000000000001", True),
        (f"{TRACE}/1;o=", "0000000000000001", None),
        (f"{TRACE}/1;o=x", "0000000000000001", None),
        (f"{TRACE}/1;x=2;o=1", "0000000000000001", True),
    ],
)
def test_span_and_options_may_be_missing(header, span_id, sampled):
    context = cloud_trace.extract(Headers([("X-Cloud-Trace-Context", header)]))
    assert context == TraceContext(TRACE, span_id, sampled=sampled, format="cloudtrace")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "abc/1;o=1",
        f"{'0' * 32}/1;o=1",
        f"{TRACE}0/1",
        f"{TRACE}/1;o=1,{TRACE}/2;o=1",
        f"{TRACE}/{'1' * 100}",
        f"x{TRACE}",
    ],
)
def test_what_breaks_the_form_is_nothing(header):
    assert cloud_trace.parse(header) is None


@given(contexts())
def test_what_is_written_is_read_again(context):
    written = {}
    cloud_trace.inject(context, written.__setitem__)
    again = cloud_trace.extract(Headers(written.items()))
    assert (again.trace_id, again.span_id, again.sampled) == (context.trace_id, context.span_id, context.sampled)


def test_the_span_id_is_written_in_decimal():
    written = {}
    cloud_trace.inject(TraceContext(TRACE, "00000000000000ff", sampled=True), written.__setitem__)
    assert written == {"X-Cloud-Trace-Context": f"{TRACE}/255;o=1"}
