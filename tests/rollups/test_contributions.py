"""RED of one trace, hour by hour."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.span import Kind, Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import hour_of
from chalicelib.propagation.probability import COUNT_UNIT, adjusted_count_of
from chalicelib.rollups.contributions import contribute, contribution
from chalicelib.rollups.keys import ERRORS
from chalicelib.rollups.operations import operations
from chalicelib.rollups.rollup import Sums
from chalicelib.rollups.sketches import UNKNOWN, bucket_of
from tests.actors import MS, NOON_NS, failure, span, trace, with_fields
from tests.rollups.strategies import ARRIVED_MS, HOUR_NS, stored, traces

NOON_S = NOON_NS // 10**9


def red_of(*spans: Span) -> dict[Any, int]:
    (rollup,) = contribution(stored(list(spans))).values()
    return dict(rollup.red)


def test_a_span_counts_once_in_its_minute_and_its_bucket():
    made = span("GET /", at=(61_000, 61_250), kind=Kind.SERVER)
    assert red_of(made) == {("checkout", "GET /", Kind.SERVER, 1, bucket_of(250 * MS)): COUNT_UNIT}


def test_a_failed_span_counts_as_an_error_beside():
    assert red_of(span("GET /", **failure()))["checkout", "GET /", Kind.INTERNAL, 0, ERRORS] == COUNT_UNIT


def test_a_sampled_span_counts_for_those_that_were_dropped():
    assert list(red_of(span("GET /", trace_state="ot=th:c")).values()) == [4 * COUNT_UNIT]


def test_a_span_without_an_end_counts_but_has_no_duration():
    assert red_of(span("GET /", end_ns=0)) == {("checkout", "GET /", Kind.INTERNAL, 0, UNKNOWN): COUNT_UNIT}


def test_a_span_with_an_absurd_start_counts_when_it_arrived():
    (hour,) = contribution(stored([span("GET /", start_ns=0, end_ns=5)]))
    assert hour == hour_of(ARRIVED_MS * MS)


def test_a_kind_that_we_do_not_know_is_unspecified():
    assert next(iter(red_of(span("GET /", kind=77))))[2] == Kind.UNSPECIFIED


def test_a_trace_adds_to_each_hour_that_its_spans_start_in():
    late = span("late", start_ns=NOON_NS + HOUR_NS, end_ns=NOON_NS + HOUR_NS + 1)
    found = contribution(stored([span("early"), late]))
    assert [(hour, {key[1] for key in rollup.red}) for hour, rollup in found.items()] == [
        (NOON_S, {"early"}),
        (NOON_S + 3600, {"late"}),
    ]


def test_versions_of_a_span_count_as_the_one_that_ended_last():
    running = span("GET /", at=(0, 0))
    assert red_of(running, with_fields(running, end_ns=NOON_NS + 7 * MS)) == {
        ("checkout", "GET /", Kind.INTERNAL, 0, bucket_of(7 * MS)): COUNT_UNIT
    }


def test_a_call_counts_in_the_minute_of_its_caller():
    caller = span("call", kind=Kind.CLIENT, at=(59_999, 60_100))
    served = span("serve", parent=caller, kind=Kind.SERVER, at=(60_001, 60_090), resource=trace()[0].resource)
    (rollup,) = contribution(stored([caller, served])).values()
    assert {key[5] for key in rollup.edges} == {0}


@given(traces())
def test_every_operation_is_counted_with_its_weight(made: StoredTrace):
    counted = sum(
        count for rollup in contribution(made).values() for key, count in rollup.red.items() if key[4] != ERRORS
    )
    assert counted == sum(adjusted_count_of(each.span.trace_state) for each in operations(made))


@given(traces())
def test_the_order_of_the_spans_means_nothing(made: StoredTrace):
    turned = StoredTrace(trace_id=made.trace_id, spans=made.spans[::-1], arrived_ms=made.arrived_ms)
    assert contribution(turned) == contribution(made)


@given(st.lists(traces(4), max_size=3))
def test_what_is_added_may_be_taken_away_again(several: list[StoredTrace]):
    sums = Sums()
    for made in several:
        contribute(made, sums)
    for made in reversed(several):
        contribute(made, sums, -1)
    assert sums.rollups() == {}
