"""Request-Id and its companions, as Microsoft's older SDKs write them."""

import pytest
from hypothesis import given

from chalicelib.propagation import app_insights
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("request_id", "span_id"),
    [
        (f"|{TRACE}.{SPAN}.", SPAN),
        (f"|{TRACE}.{SPAN}", SPAN),
        (f"|{TRACE.upper()}.{SPAN.upper()}.", SPAN),
        (f"|{TRACE}.{SPAN}.1.", SPAN),
        (f"|{TRACE}.{SPAN}.bcec871c_1.", SPAN),
        (f"|{TRACE}.aaaaaaaaaaaaaaaa.{SPAN}.#", SPAN),
        (f"|{TRACE}.", ""),
        (f"|{TRACE}.1.2.", ""),
        (f" |{TRACE}.{SPAN}. ", SPAN),
    ],
)
def test_a_root_of_32_digits_is_a_trace_and_its_last_node_of_16_the_span(request_id, span_id):
    context = app_insights.extract(Headers([("Request-Id", request_id)]))
    assert context == TraceContext(TRACE, span_id, format="appinsights")


@pytest.mark.parametrize(
    "request_id",
    ["", "|", TRACE, f"{TRACE}.{SPAN}.", "|a1b2c3.1.", f"|{'0' * 32}.{SPAN}.", "a" * 36, f"|{TRACE}." + "1." * 600],
)
def test_an_older_root_or_a_flat_id_names_no_trace(request_id):
    assert app_insights.parse(request_id) is None


@given(contexts(decisions=(None,)))
def test_what_is_written_is_read_again(context):
    written = {}
    app_insights.inject(context, written.__setitem__)
    again = app_insights.extract(Headers(written.items()))
    assert (again.trace_id, again.span_id, again.sampled) == (context.trace_id, context.span_id, None)


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("k=v", (("k", "v"),)),
        ("k=v, k2=v 2 ,k=w", (("k", "v"), ("k2", "v 2"), ("k", "w"))),
        ("k=v=w,ok=1,=x,y=,z", (("ok", "1"),)),
        ("k=" + "v" * 1023, ()),
        ("", ()),
    ],
)
def test_correlation_context_is_read_as_it_stands(header, members):
    assert app_insights.extract_baggage(Headers([("Correlation-Context", header)])) == members


def test_correlation_context_is_written_of_what_it_can_say():
    written = {}
    members = [
        ("k", "v"),
        ("bad", "a,b"),
        ("worse", "a=b"),
        ("big", "x" * 1100),
        ("ü", "1"),
        ("n", "a\nb"),
        ("k2", "v 2"),
    ]
    app_insights.inject_baggage(members, written.__setitem__)
    assert written == {"Correlation-Context": "k=v,k2=v 2"}


@pytest.mark.parametrize(
    ("header", "application"),
    [
        ("appId=cid-v1:0b9d5b9e-7d5c-4a9e-a3a4-0f6f6b0f2a11", "0b9d5b9e-7d5c-4a9e-a3a4-0f6f6b0f2a11"),
        ("roleName=x, appId = cid-v1:abc ", "abc"),
        ("appId=cid-v1:", ""),
        ("appId=other:abc", ""),
        ("", ""),
    ],
)
def test_the_callers_application_is_named(header, application):
    assert app_insights.application(Headers([("Request-Context", header)])) == application
