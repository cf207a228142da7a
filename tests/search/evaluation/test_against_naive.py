from hypothesis import given, settings

from chalicelib.model.errors import QueryError
from chalicelib.search.evaluation import compile_match, evaluate
from chalicelib.search.parser import parse
from chalicelib.search.render import render
from tests.search import naive
from tests.search.queries import searches
from tests.search.traces import traces

ERROR = "an error of the query"


def found(query, trace):
    try:
        spansets = evaluate(query, trace)
    except QueryError:
        return ERROR
    return [
        (
            [position_of(matched.span, trace) for matched in spanset.spans],
            [(value.type.value, value.value) for _, value in spanset.attributes],
        )
        for spanset in spansets
    ]


def found_naively(query, trace):
    try:
        spansets = naive.search(query, trace)
    except QueryError:
        return ERROR
    return [([position_of(span, trace) for span in spans], said) for spans, said in spansets]


def position_of(span, trace):
    return next(i for i, each in enumerate(trace.spans) if each is span)


@settings(max_examples=200, deadline=None)
@given(searches(), traces())
def test_any_search_finds_in_any_trace_what_the_naive_evaluator_finds(query, trace):
    assert found(query, trace) == found_naively(query, trace)


@given(searches(), traces())
def test_matching_alone_agrees_with_finding_spans(query, trace):
    result = found(query, trace)
    if result != ERROR:
        assert compile_match(query)(trace) == bool(result)


@settings(max_examples=50)
@given(searches())
def test_generated_queries_can_be_written_and_read_back(query):
    assert parse(render(query)) == query
