"""Which of many headers is believed."""

import pytest
from hypothesis import given

from chalicelib.propagation import app_insights, b3, b3_multi, baggage, composite, datadog, jaeger, w3c, xray
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

FORMATS = [w3c, b3, b3_multi, jaeger, xray, *composite.named("cloudtrace,appinsights")]


def headers(**values):
    return Headers((name.replace("_", "-"), value) for name, value in values.items())


def formats(extracted):
    return [context.format for context in extracted.contexts]


# Every format with a trace of its own, so that none is told twice.
EVERYWHERE = {
    "X-Amzn-Trace-Id": f"Root=1-11111111-{'1' * 24};Parent={'1' * 16};Sampled=1",
    "Request-Id": f"|{'2' * 32}.{'2' * 16}.",
    "X-Cloud-Trace-Context": f"{'3' * 32}/3;o=1",
    "uber-trace-id": f"{'4' * 32}:{'4' * 16}:0:1",
    "b3": f"{'5' * 32}-{'5' * 16}-1",
    "x-datadog-trace-id": "6",
    "x-datadog-parent-id": "6",
    "traceparent": f"00-{'7' * 32}-{'7' * 16}-01",
}


def test_whoever_traces_on_purpose_comes_first_and_x_ray_last():
    assert formats(composite.extract(Headers(EVERYWHERE.items()))) == [
        "tracecontext", "datadog", "b3", "jaeger", "cloudtrace", "appinsights", "xray",
    ]  # fmt: skip


def test_what_is_complete_comes_before_what_is_not():
    extracted = composite.extract(
        headers(b3="0", x_cloud_trace_context="3" * 32, x_amzn_trace_id=EVERYWHERE["X-Amzn-Trace-Id"])
    )
    assert formats(extracted) == ["xray", "b3", "cloudtrace"]


@given(contexts(decisions=(True, False)))
def test_the_same_span_in_every_format_is_one(context):
    written = {}
    composite.inject(context, written.__setitem__, FORMATS)
    (only,) = composite.extract(Headers(written.items())).contexts
    assert (only.trace_id, only.span_id, only.sampled) == (context.trace_id, context.span_id, context.sampled)


@pytest.mark.parametrize(
    "other",
    [
        {"b3": f"{'7' * 16}-{'7' * 16}-1"},
        {"x-amzn-trace-id": f"Root=1-77777777-{'7' * 24}"},
        {"x-datadog-trace-id": str(int("7" * 16, 16)), "x-datadog-parent-id": str(int("7" * 16, 16))},
        {"b3": "1"},
    ],
    ids=["64 bits of it", "its trace", "Datadog without a tag", "its decision"],
)
def test_what_says_no_more_than_another_is_not_told(other):
    both = {"traceparent": EVERYWHERE["traceparent"], **other}
    assert formats(composite.extract(Headers(both.items()))) == ["tracecontext"]


def test_another_span_of_the_same_trace_is_told():
    both = {"traceparent": EVERYWHERE["traceparent"], "b3": f"{'7' * 32}-{'8' * 16}-1"}
    assert formats(composite.extract(Headers(both.items()))) == ["tracecontext", "b3"]


def test_without_headers_there_is_nothing():
    assert composite.extract(Headers()) == composite.extract(headers(host="x")) == composite.NOTHING


def test_baggage_is_of_the_first_format_that_names_a_member():
    extracted = composite.extract(
        headers(baggage="a=1,a=2", uberctx_a="3", uberctx_b="4", correlation_context="b=5,c=6")
    )
    assert extracted.contexts == ()
    assert extracted.baggage == (("a", "1"), ("a", "2"), ("b", "4"), ("c", "6"))


def test_only_the_formats_that_were_asked_for_are_read():
    assert formats(composite.extract(Headers(EVERYWHERE.items()), (jaeger, xray))) == ["jaeger", "xray"]


def test_w3cs_headers_are_written_unless_others_are_asked_for():
    context = TraceContext("a" * 32, "b" * 16, sampled=True)
    written, asked = {}, {}
    composite.inject(context, written.__setitem__, baggage=[("k", "v")])
    composite.inject(context, asked.__setitem__, (jaeger, xray), [("k", "v")])
    assert sorted(written) == ["baggage", "traceparent"]
    assert sorted(asked) == ["X-Amzn-Trace-Id", "uber-trace-id", "uberctx-k"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tracecontext,baggage", (w3c, baggage)),
        (" b3 , B3MULTI,jaeger,b3", (b3, b3_multi, jaeger)),
        ("xray-lambda,xray", (xray,)),
        ("datadog,appinsights", (datadog, app_insights)),
        ("none", ()),
        ("", ()),
        ("ottrace,tracecontext", (w3c,)),
    ],
)
def test_formats_are_named_as_opentelemetry_does(text, expected):
    assert composite.named(text) == expected


@pytest.mark.parametrize("name", composite.NAMES)
def test_every_format_tells_its_fields_in_lower_case(name):
    module = composite.NAMES[name]
    written = {}
    module.inject(TraceContext("a" * 32, "b" * 16, sampled=True, debug=True, trace_state="v=1"), written.__setitem__)
    assert {field.lower() for field in written} <= set(module.FIELDS)
    assert composite.named(name) == (module,)


def test_the_fields_of_several_are_told_once():
    assert composite.fields((w3c, baggage, w3c)) == ("traceparent", "tracestate", "baggage")
