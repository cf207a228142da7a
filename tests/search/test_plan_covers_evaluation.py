from hypothesis import given

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window
from chalicelib.search.evaluation import compile_match
from chalicelib.search.plan import partial_plan, plan
from chalicelib.search.render import render
from chalicelib.search.series import instant
from tests.actors import MS, NOON_NS
from tests.search.planned import satisfies
from tests.search.queries import metrics, searches
from tests.search.traces import traces


@given(searches(), traces())
def test_every_trace_that_a_search_finds_satisfies_its_plan(query, trace):
    try:
        found = compile_match(query)(trace)
    except QueryError:
        return
    if found:
        assert satisfies(plan(query), trace)
        assert satisfies(partial_plan(render(query)), trace)


@given(metrics(), traces())
def test_every_trace_that_series_are_made_of_satisfies_the_plan(query, trace):
    whole_day = Window(NOON_NS - 10**6 * MS, NOON_NS + 10**6 * MS)
    accumulator = instant(query, whole_day, max_series=100)
    try:
        accumulator.add(trace, whole_day)
    except QueryError:
        return
    if accumulator.series():
        assert satisfies(plan(query), trace)
