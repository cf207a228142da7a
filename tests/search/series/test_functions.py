"""The metrics functions over a few spans, one step a second."""

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window
from chalicelib.search.parser import parse
from chalicelib.search.series import Accumulator, instant
from tests.actors import CHECKOUT, MS, NOON_NS, PAYMENTS, failure, span
from tests.search.asking import chart, collect, seconds_after_noon
from tests.search.traces import stored

TRACE = stored(
    span("order", at=(0, 4000), attributes={"amount": 8}),
    span("pay", at=(100, 1100), resource=PAYMENTS, attributes={"amount": 2.5}, **failure()),
    span("pack", at=(1500, 1600), attributes={"amount": "much"}),
    span("mail", at=(2999, 3000), attributes={"amount": 1}),
)


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ("{ } | rate()", {"__name__=rate": [2, 1, 1]}),
        ("{ } | count_over_time()", {"__name__=count_over_time": [2, 1, 1]}),
        ("{ status = error } | count_over_time()", {"__name__=count_over_time": [1, 0, 0]}),
        ("{ } | sum_over_time(.amount)", {"__name__=sum_over_time": [10.5, None, 1]}),
        ("{ } | avg_over_time(.amount)", {"__name__=avg_over_time": [5.25, None, 1]}),
        ("{ } | min_over_time(.amount)", {"__name__=min_over_time": [2.5, None, 1]}),
        ("{ } | max_over_time(duration)", {"__name__=max_over_time": [4, 0.1, 0.001]}),
        ('{ name = "nobody" } | rate()', {}),
        ("{ } | sum_over_time(.absent)", {}),
        (
            "{ } | count_over_time() by(resource.service.name, status)",
            {
                "resource.service.name=checkout status=unset": [1, 1, 1],
                "resource.service.name=payments status=error": [1, 0, 0],
            },
        ),
        ("{ } | sum_over_time(.amount) by(span.absent)", {"span.absent=None": [10.5, None, 1]}),
    ],
)
def test_spans_are_counted_in_the_interval_of_their_start_and_durations_are_seconds(query, series):
    assert chart(query, TRACE) == series


def test_a_rate_is_per_second_whatever_the_step():
    assert chart("{ } | rate()", TRACE, step_s=1.5) == {
        "__name__=rate": [pytest.approx(2 / 1.5), pytest.approx(2 / 1.5)]
    }


def test_the_window_is_widened_to_whole_steps():
    accumulator = collect("{ } | count_over_time()", TRACE, window=seconds_after_noon(0.5, 1.2))
    assert accumulator.window == seconds_after_noon(0, 2)
    assert accumulator.series()[0].samples == ((NOON_NS // MS, 2.0), (NOON_NS // MS + 1000, 1.0))


def test_spans_outside_the_window_do_not_count_though_their_trace_matches_by_them():
    window = seconds_after_noon(1, 2)
    assert chart('{ name = "order" } !> { name = "pack" } | count_over_time()', TRACE, window=window) == {
        "__name__=count_over_time": [1]
    }
    assert chart('{ name = "order" } && { name = "mail" } | count_over_time()', TRACE, window=window) == {}


def test_each_part_of_a_trace_is_counted_once():
    accumulator = Accumulator(parse("{ } | count_over_time()"), seconds_after_noon(0, 3), 10**9, max_series=9)
    accumulator.add(TRACE, seconds_after_noon(0, 1))
    accumulator.add(TRACE, seconds_after_noon(1, 2))
    assert [sample for _, sample in accumulator.series()[0].samples] == [2, 1, 0]


def test_a_span_in_several_groups_of_a_pipeline_counts_once():
    assert chart("{ } | by(name) | count_over_time()", TRACE) == {"__name__=count_over_time": [2, 1, 1]}


def test_the_instant_form_has_one_value_for_exactly_the_window():
    window = seconds_after_noon(0.05, 2.05)
    accumulator = instant(parse("{ } | rate()"), window, max_series=10)
    accumulator.add(TRACE, window)
    [series] = accumulator.series()
    assert series.samples == ((NOON_NS // MS + 50, 1.0),)


def test_values_of_events_are_taken_from_the_first_that_has_one():
    assert chart("{ } | count_over_time() by(event:name)", TRACE) == {"event:name=None": [2, 1, 1]}


def test_quantiles_interpolate_within_power_of_two_buckets():
    """Of four durations in (2^29, 2^30] ns the median lies halfway between the bounds, on a logarithmic scale."""
    spans = [span(f"work {n}", at=(n, n + 600 + n)) for n in range(4)]
    assert chart("{ } | quantile_over_time(duration, 0, .5, 1)", stored(*spans)) == {
        "p=0.0": [pytest.approx(2**29 / 1e9), None, None],
        "p=0.5": [pytest.approx(2**29.5 / 1e9), None, None],
        "p=1.0": [pytest.approx(2**30 / 1e9), None, None],
    }


def test_a_quantile_is_within_a_factor_of_two():
    spans = [span(f"work {n}", at=(0, n)) for n in range(1, 101)]
    [(_, [median, *_])] = chart("{ } | quantile_over_time(duration, .5)", stored(*spans)).items()
    assert 0.025 < median < 0.1


def test_histograms_have_a_series_for_each_bucket_in_seconds():
    assert chart("{ } | histogram_over_time(duration) by(resource.service.name)", TRACE) == {
        f"resource.service.name=checkout __bucket={2**20 / 1e9}": [0, 0, 1],
        f"resource.service.name=checkout __bucket={2**27 / 1e9}": [0, 1, 0],
        f"resource.service.name=checkout __bucket={2**32 / 1e9}": [1, 0, 0],
        f"resource.service.name=payments __bucket={2**30 / 1e9}": [1, 0, 0],
    }


def test_durations_of_less_than_two_nanoseconds_are_in_no_bucket():
    instantaneous = span("work", start_ns=NOON_NS, end_ns=NOON_NS + 1)
    assert chart("{ } | histogram_over_time(duration)", stored(instantaneous)) == {}


def test_numbers_without_a_unit_have_buckets_of_their_own_size():
    spans = [span(str(n), attributes={"n": n}) for n in (0.3, 0.5, 1, 3, 4, 4.0, 4.1, -1)]
    assert chart("{ } | histogram_over_time(.n)", stored(*spans)) == {
        "__bucket=0.5": [2, 0, 0],
        "__bucket=1.0": [1, 0, 0],
        "__bucket=4.0": [3, 0, 0],
        "__bucket=8.0": [1, 0, 0],
    }


@pytest.mark.parametrize("absurd", [float("nan"), float("inf"), 1e300, "text", None])
def test_values_that_cannot_be_added_up_are_passed_over(absurd):
    spans = [span("odd", attributes={"n": absurd}), span("plain", attributes={"n": 2})]
    for function in ("sum", "avg", "min", "max"):
        [samples] = chart(f"{{ }} | {function}_over_time(.n)", stored(*spans)).values()
        assert samples == [2, None, None]


def sampled(name, threshold, **fields):
    return span(name, trace_state=f"vendor=x,ot=rv:00000000000000;th:{threshold}", **fields)


def test_sampled_spans_stand_for_those_that_were_not_kept_when_asked_to():
    spans = [sampled("half", "8", attributes={"n": 10}), sampled("quarter", "c", attributes={"n": 1}), span("all")]
    hint = "with(extrapolate=true)"
    assert chart(f"{{ }} | count_over_time() {hint}", stored(*spans)) == {"__name__=count_over_time": [7, 0, 0]}
    assert chart(f"{{ }} | avg_over_time(.n) {hint}", stored(*spans)) == {"__name__=avg_over_time": [4, None, None]}
    assert chart(f"{{ }} | max_over_time(.n) {hint}", stored(*spans)) == {"__name__=max_over_time": [10, None, None]}
    assert chart("{ } | count_over_time()", stored(*spans)) == {"__name__=count_over_time": [3, 0, 0]}
    assert chart("{ } | count_over_time() with(sample=true)", stored(*spans)) == {"__name__=count_over_time": [3, 0, 0]}


def test_what_is_no_metrics_query_is_refused():
    with pytest.raises(QueryError, match="search"):
        Accumulator(parse("{ }"), seconds_after_noon(0, 1), 10**9, max_series=1)


@pytest.mark.parametrize(
    ("window", "step_ns", "complaint"),
    [
        (seconds_after_noon(0, 1), 0, "step"),
        (seconds_after_noon(1, 1), 10**9, "end"),
        (seconds_after_noon(1, 0), None, "end"),
        (Window(0, 10**9), 10**4, "intervals"),
    ],
)
def test_a_range_that_cannot_be_cut_is_refused(window, step_ns, complaint):
    with pytest.raises(QueryError, match=complaint):
        Accumulator(parse("{ } | rate()"), window, step_ns, max_series=1)


def test_an_integer_divided_by_zero_is_an_error_here_too():
    with pytest.raises(QueryError, match="zero"):
        collect("{ 1 / span.zero = 1 } | rate()", stored(span("work", attributes={"zero": 0}, resource=CHECKOUT)))
