"""Datadog's headers and its `_datadog` object; ids as its tracers write them."""

import base64
import json

import pytest

from chalicelib.propagation import composite, datadog
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers

LOW, SPAN = 0x2DC6C0B4E2A1F7D9, 0xF067AA0BA902B7
HIGH = "640cfd8d00000000"
CARRIED = {
    "x-datadog-trace-id": str(LOW),
    "x-datadog-parent-id": str(SPAN),
    "x-datadog-sampling-priority": "1",
    "x-datadog-tags": f"_dd.p.dm=-0,_dd.p.tid={HIGH}",
}
CONTEXT = TraceContext(f"{HIGH}{LOW:016x}", f"{SPAN:016x}", sampled=True, format="datadog")


def read(**changed):
    headers = CARRIED | {f"x-datadog-{name.replace('_', '-')}": value for name, value in changed.items()}
    return datadog.extract(Headers(headers.items()))


def test_the_tag_holds_the_high_half_of_the_trace_id():
    assert read() == CONTEXT
    assert read(tags="").trace_id == f"{LOW:032x}"


@pytest.mark.parametrize(
    "tags", ["_dd.p.tid=640cfd8d", f"_dd.p.tid={HIGH.upper()}", "_dd.p.tid=", f"x_dd.p.tid={HIGH}", "=,=,"]
)
def test_a_tag_that_is_malformed_is_no_high_half(tags):
    assert read(tags=tags).trace_id == f"{LOW:032x}"


@pytest.mark.parametrize(
    ("priority", "sampled"),
    [("-1", False), ("0", False), ("1", True), ("2", True), ("", None), ("x", None), ("1.0", None)],
)
def test_priorities_above_zero_keep_the_trace(priority, sampled):
    assert read(sampling_priority=priority).sampled is sampled


@pytest.mark.parametrize("parent", ["", "0", "-1", "abc", str(1 << 64), "9" * 5000])
def test_without_a_valid_parent_there_is_a_trace_and_no_span(parent):
    assert read(parent_id=parent).span_id == ""


@pytest.mark.parametrize("trace_id", ["", "0", "-1", "0x12", str(1 << 64), "\u0663"])
def test_without_a_valid_trace_id_there_is_nothing(trace_id):
    assert read(trace_id=trace_id) is None


@pytest.mark.parametrize(
    "carried",
    [
        CARRIED,
        CARRIED | {"x-datadog-trace-id": LOW, "x-datadog-sampling-priority": 1, "x-datadog-origin": None, "dd": {}},
        json.dumps(CARRIED),
        json.dumps(CARRIED).encode(),
        base64.b64encode(json.dumps(CARRIED).encode()).decode(),
        base64.b64encode(json.dumps(CARRIED).encode()),
    ],
    ids=["object", "numbers", "text", "bytes", "base64", "base64 in bytes"],
)
def test_the_object_is_read_in_every_form_that_carries_it(carried):
    assert datadog.extract(datadog.headers_of(carried)) == CONTEXT


@pytest.mark.parametrize(
    "carried",
    [
        None,
        7,
        [],
        "",
        "{",
        "[1]",
        "xyz",
        b"\xff",
        "[" * 9000,
        "{" * 9000,
        {1: 2},
        {"x-datadog-trace-id": 10**5000},
        "x" * 40_000,
    ],
)
def test_what_is_no_such_object_says_nothing(carried):
    assert datadog.extract(datadog.headers_of(carried)) is None


def test_a_traceparent_within_the_object_wins_and_says_no_more_than_it():
    carried = CARRIED | {"traceparent": f"00-{CONTEXT.trace_id}-{CONTEXT.span_id}-01", "tracestate": "dd=s:1"}
    (context,) = composite.extract(datadog.headers_of(carried)).contexts
    assert (context.format, context.trace_state) == ("tracecontext", "dd=s:1")


def test_nothing_is_written():
    written = {}
    datadog.inject(CONTEXT, written.__setitem__)
    assert written == {}
