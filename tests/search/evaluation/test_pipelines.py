"""Spansets: combined, filtered by numbers, grouped, and brought together again."""

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.search.evaluation import compile_match, evaluate
from chalicelib.search.parser import parse
from tests.actors import CHECKOUT, MS, PAYMENTS, span
from tests.search.asking import ask, groups
from tests.search.traces import stored

SPANS = (
    span("order", at=(0, 10)),
    span("pay", at=(1, 5), resource=PAYMENTS, attributes={"amount": 20}),
    span("pack", at=(2, 4), attributes={"amount": 5}),
    span("refund", at=(3, 4), resource=PAYMENTS, attributes={"amount": 2.5}),
)


@pytest.mark.parametrize(
    ("query", "selected"),
    [
        ('{ name = "order" && name = "pay" }', []),
        ('{ name = "order" } && { name = "pay" }', ["order", "pay"]),
        ('{ name = "order" } && { name = "nobody" }', []),
        ('{ name = "order" } || { name = "nobody" }', ["order"]),
        ('{ name = "pay" } || { name = "order" } || { name = "pay" }', ["order", "pay"]),
        ('{ name != "order" } | { duration > 1ms }', ["pay", "pack"]),
        ('({ name =~ "pa.*" } | count() > 1) && { name = "order" }', ["order", "pay", "pack"]),
        ('({ name =~ "pa.*" } | count() > 2) && { name = "order" }', []),
    ],
)
def test_filters_and_their_combinations(query, selected):
    assert ask(query, *SPANS) == selected


@pytest.mark.parametrize(
    ("scalar", "holds"),
    [
        ("count() = 4", True),
        ("count() > 4", False),
        ("avg(duration) = 4250us", True),
        ("max(duration) = 10ms", True),
        ("min(duration) < 2ms", True),
        ("sum(duration) = 17ms", True),
        ("sum(.amount) = 27.5", True),
        ("max(.amount) = 20", True),
        ("avg(.absent) > 0", False),
        ("avg(.absent) != 0", False),
        ("max(duration) - min(duration) > 8ms", True),
        ("count() / 3 = 1", True),
        ("max(.amount * 2) = 40", True),
        ("1 < count()", True),
        ('({ name = "pay" } | count()) + ({ name = "pack" } | count()) = 2', True),
        ('({ name = "nobody" } | count()) = 0', False),
    ],
)
def test_scalar_filters_keep_all_the_spans_or_none(scalar, holds):
    assert bool(ask(f"{{ }} | {scalar}", *SPANS)) is holds
    if scalar.startswith("("):
        assert bool(ask(scalar, *SPANS)) is holds


def test_an_aggregate_that_was_asked_about_is_told():
    assert groups("{ } | avg(duration) > 1ms | count() > 1", *SPANS)[0][1] == {
        "avg(duration)": 4.25 * MS,
        "count()": 4,
    }


def test_dividing_a_count_by_zero_is_an_error_of_the_query():
    with pytest.raises(QueryError, match="zero"):
        ask("{ } | count() / (count() - 4) > 1", *SPANS)


def test_by_splits_a_trace_into_groups_in_the_order_of_their_first_spans():
    assert groups("{ } | by(resource.service.name)", *SPANS) == [
        (["order", "pack"], {"by(resource.service.name)": "checkout"}),
        (["pay", "refund"], {"by(resource.service.name)": "payments"}),
    ]


def test_stages_after_by_look_at_each_group_alone():
    assert groups("{ } | by(resource.service.name) | max(duration) > 5ms", *SPANS) == [
        (["order", "pack"], {"by(resource.service.name)": "checkout", "max(duration)": 10 * MS})
    ]


def test_spans_without_a_value_are_a_group_of_their_own():
    assert groups("{ } | by(span.amount)", *SPANS)[0] == (["order"], {"by(span.amount)": None})


def test_one_and_true_are_different_groups():
    spans = [
        span("number", attributes={"a": 1}),
        span("truth", attributes={"a": True}),
        span("float", attributes={"a": 1.0}),
    ]
    assert len(groups("{ } | by(.a)", *spans)) == 3


def test_groups_can_be_by_what_is_true_of_a_span():
    assert [names for names, _ in groups("{ } | by(duration > 3ms)", *SPANS)] == [["order", "pay"], ["pack", "refund"]]


def test_coalesce_makes_one_group_again():
    assert groups("{ } | by(resource.service.name) | count() > 1 | coalesce()", *SPANS) == [
        (["order", "pay", "pack", "refund"], {})
    ]


def test_select_changes_nothing_about_what_matches():
    assert ask('{ name = "pay" } | select(.amount)', *SPANS) == ["pay"]


def test_a_metrics_query_is_no_search():
    query = parse("{ } | rate()")
    with pytest.raises(QueryError, match="metrics"):
        evaluate(query, stored(*SPANS))
    with pytest.raises(QueryError, match="metrics"):
        compile_match(query)


def test_a_match_alone_says_yes_or_no():
    trace = stored(span("work", resource=CHECKOUT))
    assert compile_match(parse('{ resource.service.name = "checkout" }'))(trace) is True
    assert compile_match(parse('{ resource.service.name = "payments" }'))(trace) is False
