"""compare(): what the selection has more of than the baseline."""

from chalicelib.search.series import comparing
from tests.actors import CHECKOUT, NOON_NS, PAYMENTS, failure, span
from tests.search.asking import chart
from tests.search.traces import stored

TRACE = stored(
    span("pay", at=(0, 10), resource=PAYMENTS, attributes={"card": "gold"}, **failure()),
    span("pay again", at=(1000, 1010), parent="pay", resource=PAYMENTS, attributes={"card": "gold"}, **failure()),
    span("order", at=(0, 10), parent="pay", resource=CHECKOUT, attributes={"card": "plain"}),
    span("reorder", at=(0, 10), parent="pay", resource=CHECKOUT, attributes={"card": "gold"}),
)


def about(name, series):
    return {labels: samples for labels, samples in series.items() if f" {name}=" in f" {labels}"}


def test_each_attribute_is_counted_by_value_on_both_sides_with_totals():
    series = chart("{ } | compare({ status = error })", TRACE)
    assert about("span.card", series) == {
        "__meta_type=baseline span.card=gold": [1, 0, 0],
        "__meta_type=baseline span.card=plain": [1, 0, 0],
        "__meta_type=baseline_total span.card=None": [2, 0, 0],
        "__meta_type=selection span.card=gold": [1, 1, 0],
        "__meta_type=selection_total span.card=None": [1, 1, 0],
    }
    assert about("resource.service.name", series)["__meta_type=selection resource.service.name=payments"] == [1, 1, 0]
    assert about("name", series)["__meta_type=baseline name=order"] == [1, 0, 0]
    assert about("rootServiceName", series)["__meta_type=baseline rootServiceName=payments"] == [2, 0, 0]


def test_only_the_most_frequent_values_come():
    series = chart("{ } | compare({ status = error }, 1)", TRACE)
    assert [labels for labels in about("span.card", series) if "baseline " in labels] == [
        "__meta_type=baseline span.card=gold"
    ]


def test_the_selection_may_be_bound_in_time():
    until = NOON_NS + 500_000_000
    series = about("status", chart(f"{{ }} | compare({{ status = error }}, 10, {NOON_NS}, {until})", TRACE))
    assert series["__meta_type=selection status=error"] == [1, 0, 0]
    assert series["__meta_type=baseline status=error"] == [0, 1, 0]


def test_ids_and_times_are_not_compared():
    labels = " ".join(chart("{ } | compare({ status = error })", TRACE))
    assert not any(name in labels for name in ("span:id", "duration", "nestedSet", "trace:id"))


def test_an_attribute_of_which_every_span_has_its_own_value_tells_that_instead():
    many = [span(str(n), attributes={"n": n}) for n in range(comparing.MAX_VALUES + 1)]
    series = about("span.n", chart("{ } | compare({ status = error })", stored(*many)))
    assert series == {
        "__meta_type=baseline __meta_error=__too_many_values__ span.n=None": [0, 0, 0],
        "__meta_type=baseline_total span.n=None": [len(many), 0, 0],
    }


def test_with_nothing_selected_everything_is_baseline():
    assert all(labels.startswith("__meta_type=baseline") for labels in chart("{ } | compare({ false })", TRACE))
