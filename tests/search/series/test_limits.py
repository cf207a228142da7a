"""How many series, and which; exemplars; sums that do not depend on order."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.search.series.bounded import FirstKeys
from chalicelib.search.series.sums import ExactSum
from tests.actors import NOON_NS, span
from tests.search.asking import chart, collect
from tests.search.traces import stored

BY_NAME = "{ } | count_over_time() by(name)"


def test_past_the_limit_those_series_stay_that_come_first_by_their_labels_complete_and_with_a_note():
    traces = [stored(span(name)) for name in ("d", "b", "a", "c", "b", "a", "d")]
    random.Random(3).shuffle(traces)
    assert chart(BY_NAME, *traces, max_series=2) == {"name=a": [2, 0, 0], "name=b": [2, 0, 0]}
    [note] = collect(BY_NAME, *traces, max_series=2).notes
    assert "more than 2 series" in note
    assert collect(BY_NAME, *traces, max_series=4).notes == ()


def test_series_that_a_function_makes_of_one_group_count_as_well():
    spans = [span(str(n), at=(0, 2**n)) for n in range(5)]
    accumulator = collect("{ } | histogram_over_time(duration)", stored(*spans), max_series=3)
    assert len(accumulator.series()) == 3
    assert accumulator.notes


@given(st.lists(st.integers(0, 20)), st.integers(1, 5))
def test_of_many_keys_the_first_in_order_are_kept_with_all_that_came_under_them(keys, limit):
    kept = FirstKeys(limit, lambda key: key, list)
    for key in keys:
        found = kept.find(key)
        if found is not None:
            found.append(key)
    first = sorted(set(keys))[:limit]
    assert {key: len(found) for key, found in kept} == {key: keys.count(key) for key in first}
    assert [key for key, _ in kept] == first
    assert kept.left_some_out == (len(set(keys)) > limit)


@given(st.lists(st.floats(-1e200, 1e200)), st.randoms(use_true_random=False))
def test_sums_are_exact_and_so_the_same_in_any_order(numbers, rnd):
    exact = ExactSum()
    for number in rnd.sample(numbers, len(numbers)):
        exact.add(number)
    assert exact.total() == math.fsum(numbers)


def trace_of(number, *spans):
    return stored(*spans, trace_id=f"{number:032x}")


def exemplars(query, *traces, **limits):
    return {
        str(series.labels and series.labels[0][1].value): [
            (int(dict(each.labels)["trace:id"].value, 16), each.value, each.timestamp_ms - NOON_NS // 1_000_000)
            for each in series.exemplars
        ]
        for series in collect(query, *traces, **limits).series()
    }


def test_exemplars_are_of_the_traces_whose_ids_end_lowest_and_lie_on_the_line():
    traces = [trace_of(n, span("work", at=(100 * n, 100 * n + 1))) for n in (5, 3, 9, 7)]
    assert exemplars("{ } | count_over_time()", *traces, exemplars=2) == {"count_over_time": [(3, 4, 300), (5, 4, 500)]}
    assert exemplars("{ } | max_over_time(duration)", *traces, exemplars=1) == {"max_over_time": [(3, 0.001, 300)]}
    assert exemplars("{ } | count_over_time()", *traces) == {"count_over_time": []}


def test_exemplars_are_shared_out_among_series():
    traces = [trace_of(n, span("even" if n % 2 == 0 else "odd", at=(n, n + 1))) for n in range(1, 9)]
    assert exemplars(BY_NAME, *traces, exemplars=3) == {"even": [(2, 4, 2), (4, 4, 4)], "odd": [(1, 4, 1)]}


def test_exemplars_lie_in_their_bucket_and_at_the_quantile_that_covers_them():
    traces = [trace_of(n, span("work", at=(0, 2**n))) for n in range(8)]
    by_quantile = exemplars("{ } | quantile_over_time(duration, .5, 1)", *traces, exemplars=10)
    assert [len(found) for found in by_quantile.values()] == [4, 4]
    by_bucket = exemplars("{ } | histogram_over_time(duration)", *traces, exemplars=10)
    assert [len(found) for found in by_bucket.values()] == [1] * 8


@pytest.mark.parametrize("query", ["({ } | rate()) * 2", "{ } | compare({ status = error })"])
def test_reckoned_series_have_no_exemplars(query):
    assert not any(exemplars(query, trace_of(1, span("work")), exemplars=5).values())
