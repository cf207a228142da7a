"""Anybody sends headers: nothing raises, what comes out is well formed, and the work is bounded."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation import (
    app_insights,
    b3,
    baggage,
    cloud_trace,
    composite,
    datadog,
    environment,
    jaeger,
    w3c,
    xray,
)
from chalicelib.propagation.headers import MAX_VALUE_CHARACTERS, Headers
from tests.propagation.strategies import TEXTS

NAMES = [*composite.fields((*composite.DEFAULT, *composite.named("b3multi"))), "uberctx-user"]
PARSERS = [w3c.parse_traceparent, b3.parse, jaeger.parse, xray.parse, cloud_trace.parse, app_insights.parse]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | TEXTS, inner, max_size=4),
    max_leaves=12,
)
# What costs a careless parser most: long runs of what it splits at, or may repeat.
UNITS = [
    "0", "a", "-", ":", ";", ",", "=", "%", "%ff", "%3A", ".", "|", " ", "\t", "a=b,", "a=b;", ";a", ", ", "k=v;p,",
    "\u0130", "[", "{",
]  # fmt: skip


def assert_well_formed(context):
    assert re.fullmatch(r"([0-9a-f]{32})?", context.trace_id)
    assert re.fullmatch(r"([0-9a-f]{16})?", context.span_id)
    assert context.trace_id != "0" * 32
    assert context.span_id != "0" * 16
    assert context.sampled in (None, True, False)
    assert w3c.parse_tracestate([context.trace_state]) == context.trace_state


def assert_can_be_sent(context, members):
    written = {}
    composite.inject(context, written.__setitem__, composite.NAMES.values(), members)
    assert all(value.isascii() and value.isprintable() for value in written.values())


@given(st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=6))
def test_whatever_the_headers_say_what_is_read_can_be_sent(pairs):
    headers = Headers(pairs)
    extracted = composite.extract(headers)
    for context in extracted.contexts:
        assert_well_formed(context)
        assert_can_be_sent(context, extracted.baggage)
    app_insights.application(headers)
    environment.read({environment.variable(name): value for name, value in pairs}, composite.NAMES.values())


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__module__.rpartition(".")[2])
@given(text=TEXTS)
def test_any_text_is_a_context_or_nothing(parse, text):
    context = parse(text)
    if context is not None:
        assert_well_formed(context)


@given(TEXTS)
def test_any_text_leaves_extras_that_can_be_sent(text):
    extras = xray.extras(text)
    assert extras.isascii()
    assert not extras or extras.isprintable()
    assert xray.extras(extras) == extras


@given(JSON)
def test_any_json_is_headers_or_nothing(value):
    for carried in (value, json.dumps(value), json.dumps(value).encode()):
        for context in composite.extract(datadog.headers_of(carried)).contexts:
            assert_well_formed(context)
    composite.extract(Headers.of(value, value))


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_any_baggage_is_written_within_its_limit(members):
    text = baggage.format(members)
    assert text.isascii()
    assert len(text) <= baggage.MAX_BYTES
    assert len(baggage.parse([text])) <= len(members)


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 600))
def test_any_tracestate_can_be_changed_and_cut(trace_state, key, value, limit):
    w3c.with_member(trace_state, key, value)
    w3c.truncated(trace_state, limit)
    composite.named(trace_state)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", NAMES)
def test_the_longest_header_of_anything_gives_no_more_than_a_format_may_hold(name, unit):
    """A parser that backtracks would not come back from here within the life of this test."""
    headers = Headers([(name, unit * (MAX_VALUE_CHARACTERS // len(unit)))])
    extracted = composite.extract(headers)
    assert sum(len(key) + len(value) for key, value in extracted.baggage) <= baggage.MAX_BYTES
    assert all(len(context.trace_state) <= w3c.MAX_READ_CHARACTERS for context in extracted.contexts)
    assert app_insights.application(headers) == ""


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_that_came_otherwise_than_in_a_header_gives_no_more_either(unit):
    text = unit * (1_000_000 // len(unit))
    assert [parse(text) for parse in PARSERS] == [None] * len(PARSERS)
    assert len(xray.extras(text)) <= xray.MAX_EXTRA_CHARACTERS
    assert len(w3c.parse_tracestate([text])) <= w3c.MAX_READ_CHARACTERS
    assert sum(len(key) + len(value) for key, value in baggage.parse([text])) <= baggage.MAX_BYTES
    assert datadog.headers_of(text).all("x-datadog-trace-id") == []
