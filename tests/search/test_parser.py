"""Any text is a query or an error with a place, and neither takes long, however hostile the text is."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.errors import QueryError
from chalicelib.search.check import check
from chalicelib.search.cursor import MAX_NESTING, MAX_TERMS
from chalicelib.search.lexer import MAX_QUERY_BYTES
from chalicelib.search.parser import parse
from chalicelib.search.places import MAX_HEIGHT
from chalicelib.search.plan import partial_plan, plan
from chalicelib.search.render import render
from tests.search.strategies import NEARLY_QUERIES, PIECES, QUERIES


def refusal(text):
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


def find_refusal(function, argument):
    try:
        function(argument)
    except QueryError as error:
        return error
    return None


def is_read_or_refused_with_a_place(text):
    error = find_refusal(parse, text)
    lines = text.split("\n")
    if error is not None:
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert error.detail


@given(st.text() | NEARLY_QUERIES)
def test_any_text_is_a_query_or_an_error_with_a_place(text):
    is_read_or_refused_with_a_place(text)


@given(QUERIES.map(render), st.data())
def test_a_query_with_a_piece_missing_or_replaced_is_one_or_an_error_with_a_place(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    is_read_or_refused_with_a_place(text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:])


@given(QUERIES)
def test_a_tree_made_by_hand_can_be_checked_and_its_errors_have_no_place(query):
    error = find_refusal(check, query)
    assert error is None or error.line is error.column is None


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "{ " + "(" * 100_000,
        "{ " + "!" * 100_000,
        "{ " + "-" * 100_000,
        "{ .a = " + "2^" * 60_000 + "2 }",
        "{ " + ".a && " * 20_000 + ".a }",
        "{ .a = " + "1 + " * 30_000 + "1 }",
        "{ }" + " && { }" * 15_000,
        "{ }" + " | { }" * 20_000,
        "{ }" + "|coalesce()" * 11_000,
        "{ } | rate()" + " > 1" * 30_000,
        "{ } | select(" + ".a, " * 30_000 + ".a)",
        "{ .a = " + "1" * 120_000 + " }",
        "{ duration > " + "1s" * 60_000 + " }",
        '{ .a = "' + "\\n" * 60_000,
        '{ span."' + "\\\\" * 60_000,
        "/*" * 60_000,
        "{ .a /" + "/*" * 60_000,
        '."' * 40_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_is_refused_at_once_with_a_place(text):
    began = time.process_time()
    error = refusal(text)
    partial_plan(text)
    assert time.process_time() - began < 20  # what is not linear would take hours
    assert error.line == 1
    assert len(error.detail) < 400


def test_brackets_may_be_nested_as_deep_as_the_limit_and_no_deeper():
    deep = MAX_NESTING - 2
    assert parse("(" * deep + "{ }" + ")" * deep) == parse("{ }")
    assert refusal("(" * MAX_NESTING + "{ }" + ")" * MAX_NESTING).detail == (
        f"brackets and operators are nested more than {MAX_NESTING} deep here"
    )


def test_a_tree_as_high_as_the_limit_can_be_checked_planned_and_written():
    chain = " || ".join(f".a = {number}" for number in range(MAX_HEIGHT - 3))
    query = parse(f"{{ {chain} }}")
    assert parse(render(query)) == query
    assert len(plan(query).condition.parts) == 2 * (MAX_HEIGHT - 3)


def test_a_chain_that_is_too_long_may_be_bracketed_into_a_flatter_tree():
    alternatives = [f".a = {number}" for number in range(400)]
    assert "flatter" in refusal(f"{{ {' || '.join(alternatives)} }}").detail
    groups = [f"({' || '.join(alternatives[start : start + 20])})" for start in range(0, 400, 20)]
    assert parse(f"{{ {' || '.join(groups)} }}")


def test_a_query_has_a_bounded_number_of_terms():
    fields = ", ".join([".a"] * MAX_TERMS)
    assert refusal(f"{{ }} | select({fields})").detail == (
        f"a query of more than {MAX_TERMS} fields, literals and filters"
    )


def test_a_query_may_be_128_kib_and_no_longer():
    text = "{ .a = 1 }".ljust(MAX_QUERY_BYTES)
    assert parse(text) == parse("{ .a = 1 }")
    assert refusal(text + " ").detail == "the query is longer than 128 KiB"
    assert refusal("{ .a = 1 }".ljust(MAX_QUERY_BYTES - 5) + "// €").detail == "the query is longer than 128 KiB"


def test_a_query_has_a_bounded_number_of_regular_expressions():
    error = refusal("{ " + " || ".join(f'.a =~ "{number}.+"' for number in range(40)) + " }")
    assert error.detail == "more than 32 regular expressions in one query"


def test_the_time_to_read_grows_no_faster_than_the_query():
    """Each text is four times the last: time for each character may not double."""
    seconds = []
    for length in (100, 400, 1600):
        text = "{ } | select(" + ", ".join(f"span.attribute{number}" for number in range(length // 2)) + ")"
        began = time.process_time()
        for _ in range(6400 // length):
            parse(text)
        seconds.append(time.process_time() - began)
    assert all(later < 2.5 * earlier + 0.5 for earlier, later in pairwise(seconds))


def test_columns_count_characters_and_lines_break_at_newlines():
    error = refusal('{ .a = "€€"\n\n  && .b ? }')
    assert (error.line, error.column) == (3, 9)
