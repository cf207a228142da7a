"""What the views are asked: every trace that matches is among those that satisfy the plan."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model.errors import QueryError
from chalicelib.search.evaluation import evaluate
from chalicelib.search.parser import parse
from chalicelib.search.plan import partial_plan, plan
from tests.search.strategies import NEARLY_QUERIES
from tests.search.wording import worded
from tests.search.worlds import QUERIES, TRACES, satisfies


@settings(max_examples=60, deadline=None)
@given(QUERIES, st.lists(TRACES, min_size=8, max_size=8))
def test_every_trace_that_matches_satisfies_the_plan(query, traces):
    condition = plan(query)
    for trace in traces:
        assert not _matches(query, trace) or satisfies(trace, condition)


def _matches(query, trace):
    try:
        return evaluate(query, trace) != []
    except QueryError:  # a division by zero, an array compared with another
        return False


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{ }", "every trace"),
        ("{ true }", "every trace"),
        ("{ false }", "no trace"),
        ("{ span.a = 1 && resource.b > 2 }", "some span: (span.a = 1 and resource.b > 2)"),
        ("{ span.a = 1 || span.b = 2 || span.c = 3 }", "some span: (span.a = 1 or span.b = 2 or span.c = 3)"),
        ("{ span.a != 1 }", "some span: span.a != 1"),
        ('{ span.a !~ "x.+" }', 'some span: span.a !~ "x.+"'),
        ("{ .a = 1 }", "some span: (span.a = 1 or resource.a = 1)"),
        ("{ span.ok }", "some span: span.ok = true"),
        ("{ !span.ok }", "some span: span.ok = false"),
        ("{ span.a != nil }", "some span: span.a exists"),
        ('{ event:name = "x" && link.a = 1 }', 'some span: (event:name = "x" and link.a = 1)'),
    ],
)
def test_a_filter_asks_for_one_span_that_has_all_of_it(text, asked):
    assert worded(plan(parse(text))) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{ 5 < span.a }", "some span: span.a > 5"),
        ('{ "x" != span.a }', 'some span: span.a != "x"'),
        ("{ span:duration > 2 * 1s - 500ms }", "some span: span:duration > 1500000000.0"),
        ("{ span.a > -(2) + 3 * 4 }", "some span: span.a > 10"),
        ("{ span.a > 1.5 / 2 }", "some span: span.a > 0.75"),
        ("{ span.a > 2 ^ 3 }", "some span: span.a exists"),
        ("{ span.a > maxInt + 1 }", "some span: span.a exists"),
        ("{ span.a + resource.b > 2 }", "some span: (span.a exists and resource.b exists)"),
        ("{ -span.a = span.b }", "some span: (span.a exists and span.b exists)"),
        ("{ span:duration * 2 > 1s }", "every trace"),
        (
            '{ resource.service.name =~ "cart|shop" }',
            'some span: (resource.service.name = "cart" or resource.service.name = "shop")',
        ),
        ('{ span:name =~ "one" }', 'some span: span:name = "one"'),
        ('{ span:name =~ "o.e" }', 'some span: span:name =~ "o.e"'),
        ("{ span.a = error }", "no trace"),
    ],
)
def test_a_comparison_is_turned_and_worked_out_until_a_field_stands_left_of_a_literal(text, asked):
    assert worded(plan(parse(text))) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{ !(span:duration > 1s) }", "some span: span:duration <= 1s"),
        ("{ !(1s <= span:duration) }", "some span: span:duration < 1s"),
        ('{ !(span:name =~ "x.+" || span:kind != server) }', 'some span: (span:name !~ "x.+" and span:kind = server)'),
        ("{ !(span:status = error && span.a = 1) }", "every trace"),
        ("{ !(span:status = error || span.a = 1) }", "some span: span:status != error"),
        ("{ !!(span.a = 1) }", "some span: span.a = 1"),
        ("{ !!span.ok }", "some span: span.ok = true"),
        ("{ !(span.a = 1) }", "every trace"),
        ("{ !(span.ok && true) }", "every trace"),
        ("{ !(span.a = nil) }", "some span: span.a exists"),
        ("{ !(span.a != nil) }", "every trace"),
        ('{ !(event:name = "x") }', "every trace"),
        ("{ (span.a = 1) = true }", "some span: span.a = 1"),
        ("{ (span:kind = server) != true }", "some span: span:kind != server"),
        ("{ !(span.a = 1) = false }", "some span: span.a = 1"),
    ],
)
def test_a_negation_moves_inward_until_it_meets_what_may_be_missing(text, asked):
    assert worded(plan(parse(text))) == asked


@pytest.mark.parametrize(
    "text",
    [
        "{ span.a = nil }",
        "{ parent.a = 1 }",
        "{ parent.resource.a }",
        "{ span:childCount > 2 }",
        "{ nestedSetParent < 0 }",
        '{ span:id = "00f067aa0ba902b7" }',
        '{ span:parentID != "" }',
        "{ parent.a = span:childCount }",
        "count() > 2",
        "{ } | count() = 0",
        "by(.a) | count() > 1",
        "select(.a)",
    ],
)
def test_what_no_index_knows_asks_for_every_trace(text):
    assert worded(plan(parse(text))) == "every trace"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{ trace:duration > 5s }", "trace:duration > 5s"),
        ("{ !(trace:duration > 5s) }", "trace:duration <= 5s"),
        (
            '{ trace:rootName = "a" && span.b = 1 && span.c = 2 }',
            'some span: (span.b = 1 and span.c = 2); trace:rootName = "a"',
        ),
        ('{ span.b = 1 || trace:id = "a" }', '[some span: span.b = 1] | [trace:id = "a"]'),
        (
            '{ (trace:rootService = "a" || span.b = 1) && span.c = 1 }',
            'some span: span.c = 1; [some span: span.b = 1] | [trace:rootService = "a"]',
        ),
        ('{ !(trace:rootName = "a") }', "every trace"),
    ],
)
def test_what_is_said_of_the_trace_is_asked_of_the_trace(text, asked):
    assert worded(plan(parse(text))) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{ span.a = 1 } && { span.b = 1 }", "some span: span.a = 1; some span: span.b = 1"),
        ("{ span.a = 1 } || { span.b = 1 }", "[some span: span.a = 1] | [some span: span.b = 1]"),
        ("{ span.a = 1 } || { }", "every trace"),
        ("{ span.a = 1 } >> { span.b = 1 }", "some span: span.a = 1; some span: span.b = 1"),
        ("{ span.a = 1 } &~ { span.b = 1 }", "some span: span.a = 1; some span: span.b = 1"),
        ("{ span.a = 1 } !>> { span.b = 1 }", "some span: span.b = 1"),
        ("{ span.a = 1 } | { span.b = 1 }", "some span: (span.a = 1 and span.b = 1)"),
        ("{ span.a = 1 } | by(.x) | { span.b = 1 } | count() > 1", "some span: (span.a = 1 and span.b = 1)"),
        (
            "{ span.a = 1 } | { span.b = 1 } || { span.c }",
            (
                "[some span: (span.a = 1 and span.b = 1)] | [some span: (span.a = 1 and span.c = true)]; "
                "some span: span.a = 1"
            ),
        ),
        ("({ span.a = 1 } | count() > 1) && { span.b = 1 }", "some span: span.a = 1; some span: span.b = 1"),
        ("avg(span.x) > 1", "some span: span.x exists"),
        (
            "{ span.a = 1 } | avg(span.x) > 1",
            "some span: (span.a = 1 and span.x exists); some span: span.a = 1",
        ),
        ("({ span.a = 1 } | count()) > ({ span.b = 1 } | count())", "some span: span.a = 1; some span: span.b = 1"),
        ("{ span.a = 1 } | rate() by(.x) | topk(5)", "some span: span.a = 1"),
        ("{ span.a = 1 } | compare({ span.b = 1 })", "some span: span.a = 1"),
        (
            "({ span.a = 1 } | rate()) / ({ span.b = 1 } | rate()) * 100",
            "[some span: span.a = 1] | [some span: span.b = 1]",
        ),
        ("({ span.a = 1 } | rate()) + ({ } | rate())", "every trace"),
    ],
)
def test_each_spanset_asks_for_a_span_of_its_own(text, asked):
    assert worded(plan(parse(text))) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('{ resource.service.name = "shop" && span.http.', 'some span: resource.service.name = "shop"'),
        ('{ resource.service.name = "shop" && span.http.method = }', 'some span: resource.service.name = "shop"'),
        ('{ resource.service.name = "shop" && span.http.meth }', None),
        ('{ resource.service.name = "shop" && span.http.meth', 'some span: resource.service.name = "shop"'),
        ('{ span.a = 1 && name = "unfin', "some span: span.a = 1"),
        ("{ name = && span.a = 1 && span:nam && span.b > 2", "some span: (span.a = 1 and span.b > 2)"),
        ("{ span. && span.a = 1 && span.b ? 5 && span.c = 5x }", "some span: span.a = 1"),
        ("{ span.a = 1 && (span.b = 2 || span.c = 3) && ", "some span: (span.a = 1 and (span.b = 2 or span.c = 3))"),
        ("{ span.a = 1 || span.b = ", "every trace"),
        ("{ span.a = 1 && (span.b = 2 || span.c = ", "some span: span.a = 1"),
        ("{ span.a = 1 } >> { span.b = 1 && ", "some span: span.a = 1; some span: span.b = 1"),
        ("{ span.a = 1 } || { span.b = ", "every trace"),
        ("{ span.a = 1 } !>> { span.b = ", "every trace"),
        ("{ span.a = 1 } | rate() by(", "some span: span.a = 1"),
        ("{ span.a = 1 } | compare({ span.b = 1 }, ", "some span: span.a = 1"),
        ("({ span.a = 1 } | rate()) / ({ span.b = 1 } | ", "every trace"),
        ("{", "every trace"),
        ("", "every trace"),
        ("{ name = 3 && span.a = 1 }", "some span: span.a = 1"),
    ],
)
def test_of_an_unfinished_query_what_can_be_read_is_asked(text, asked):
    found = worded(partial_plan(text))
    assert found == (worded(plan(parse(text))) if asked is None else asked)


@given(st.text() | NEARLY_QUERIES)
def test_an_unfinished_query_is_never_an_error(text):
    partial_plan(text)
