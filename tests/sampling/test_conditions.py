import re

import pytest

from chalicelib.sampling.conditions import holds
from chalicelib.sampling.rules import (
    AlwaysSample,
    BooleanAttribute,
    Latency,
    NumericAttribute,
    SpanCount,
    StatusCode,
    StringAttribute,
    TraceFlags,
    TraceQL,
    TraceState,
)
from tests.actors import failure, resource, span
from tests.sampling.traces import instruments, stored

ROOT = span("root", at=(0, 100))
SPAN = {"attributes": {"n": 7, "half": 0.5, "yes": True, "route": "/orders", "list": ["/orders"], "empty": ""}}
TRACE = stored(ROOT, span("child", parent=ROOT, at=(10, 2500), resource=resource("cart", zone="a", n=70), **SPAN))


def found(condition, trace=TRACE) -> bool:
    return holds(condition, trace, instruments(finds=lambda pattern, text: re.search(pattern, text) is not None))


def test_every_trace_is_always_sampled():
    assert found(AlwaysSample())


@pytest.mark.parametrize(
    ("lower", "upper", "slow"),
    [(2500, 0, True), (2501, 0, False), (0, 0, True), (2499, 2500, True), (2500, 3000, False), (1000, 2499, False)],
)
def test_latency_is_from_the_first_start_to_the_last_end(lower, upper, slow):
    assert found(Latency(threshold_ms=lower, upper_threshold_ms=upper)) is slow


def test_a_status_is_that_of_any_span():
    failed = stored(ROOT, span("child", parent=ROOT, **failure()))
    assert found(StatusCode(status_codes=("ERROR",)), failed)
    assert found(StatusCode(status_codes=("OK", "UNSET")), failed)
    assert not found(StatusCode(status_codes=("OK",)), failed)
    assert not found(StatusCode(status_codes=("OK", "ERROR")))


@pytest.mark.parametrize(
    ("key", "low", "high", "within"),
    [
        ("n", 7, 7, True),
        ("n", None, 6, False),
        ("n", 8, 69, False),
        ("n", 70, None, True),
        ("half", 0, 1, True),
        ("half", 0.6, None, False),
        ("yes", 0, 1, False),
        ("route", 0, 1, False),
        ("absent", 0, 1, False),
    ],
)
def test_a_number_is_looked_for_in_spans_and_resources(key, low, high, within):
    assert found(NumericAttribute(key=key, min_value=low, max_value=high)) is within
    assert found(NumericAttribute(key=key, min_value=low, max_value=high, invert_match=True)) is not within


@pytest.mark.parametrize(
    ("key", "values", "matches"),
    [
        ("route", ("/orders",), True),
        ("route", ("/order",), False),
        ("zone", ("b", "a"), True),
        ("service.name", ("cart",), True),
        ("n", ("7",), False),
        ("list", ("/orders",), False),
        ("absent", ("",), False),
    ],
)
def test_a_text_is_looked_for_whole_in_spans_and_resources(key, values, matches):
    assert found(StringAttribute(key=key, values=values)) is matches
    assert found(StringAttribute(key=key, values=values, invert_match=True)) is not matches


@pytest.mark.parametrize(
    ("patterns", "matches"), [(("ord",), True), (("^ord",), False), (("x", "s$"), True), (("x",), False)]
)
def test_a_pattern_is_looked_for_anywhere_in_a_text(patterns, matches):
    assert found(StringAttribute(key="route", values=patterns, enabled_regex_matching=True)) is matches


def test_a_truth_is_looked_for_as_it_is():
    assert found(BooleanAttribute(key="yes", value=True))
    assert not found(BooleanAttribute(key="yes", value=False))
    assert found(BooleanAttribute(key="yes", value=False, invert_match=True))
    assert not found(BooleanAttribute(key="n", value=True))


@pytest.mark.parametrize(
    ("low", "high", "within"), [(2, 2, True), (0, 2, True), (3, 0, False), (1, 0, True), (0, 1, False)]
)
def test_spans_are_counted_with_both_bounds(low, high, within):
    assert found(SpanCount(min_spans=low, max_spans=high)) is within


def test_a_member_of_the_tracestate_of_any_span_is_found():
    stated = stored(ROOT, span("child", parent=ROOT, trace_state="vendor=1, other=x=y ,ot=th:8"))
    assert found(TraceState(key="other", values=("x=y",)), stated)
    assert not found(TraceState(key="vendor", values=("2",)), stated)
    assert not found(TraceState(key="absent", values=("1",)), stated)
    assert not found(TraceState(key="vendor", values=("1",)))


def test_the_sampled_flag_counts_on_any_span_and_other_flags_do_not():
    assert found(TraceFlags(), stored(ROOT, span("child", parent=ROOT, flags=0x103)))
    assert not found(TraceFlags(), stored(ROOT, span("child", parent=ROOT, flags=0x102)))


@pytest.mark.parametrize("answer", [True, False])
def test_traceql_is_answered_by_who_can_read_it(answer):
    asked = []

    def matches(query, trace):
        asked.append((query, trace))
        return answer

    assert holds(TraceQL(query="{ true }"), TRACE, instruments(matches=matches)) is answer
    assert asked == [("{ true }", TRACE)]
