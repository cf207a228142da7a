"""Every example is read, or refused at the place and in the words that stand beside it."""

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.search.parser import parse, read
from chalicelib.search.plan import partial_plan, plan
from chalicelib.search.render import render
from tests.search.examples import examples, refused

VALID = examples("valid")
SAME = examples("same")
READ = [*VALID, *(query for block in SAME for query in block.split("\n"))]


@pytest.mark.parametrize("query", READ)
def test_a_query_that_was_read_and_written_is_read_as_the_same_again(query):
    found = read(query).query
    assert read(render(found)).query == found


@pytest.mark.parametrize("query", VALID)
def test_every_query_can_be_planned_and_its_plan_can_be_a_key(query):
    assert plan(parse(query)) == partial_plan(query)
    assert isinstance(hash(plan(parse(query))), int)


@pytest.mark.parametrize("block", SAME)
def test_queries_that_say_the_same_are_read_as_the_same(block):
    queries = block.split("\n")
    assert len(queries) > 1
    trees = {query: read(query).query for query in queries}  # some show how `!` binds and mean nothing
    assert set(trees.values()) == {trees[queries[0]]}


@pytest.mark.parametrize("case", refused("syntax error"), ids=str)
def test_what_is_no_traceql_is_refused_where_it_stops_being_so(case):
    with pytest.raises(QueryError) as caught:
        read(case.query)
    error = caught.value
    assert (error.line, error.column, error.detail) == (case.line, case.column, case.message)


@pytest.mark.parametrize("case", refused("meaning error"), ids=str)
def test_what_means_nothing_is_refused_although_it_is_traceql(case):
    read(case.query)
    with pytest.raises(QueryError) as caught:
        parse(case.query)
    error = caught.value
    assert (error.line, error.column, error.detail) == (case.line, case.column, case.message)


def test_there_are_examples_under_each_heading():
    assert min(len(VALID), len(SAME), len(refused("syntax error")), len(refused("meaning error"))) > 20
