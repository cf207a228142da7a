import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window
from chalicelib.search.parser import parse
from chalicelib.search.render import render
from chalicelib.search.series import Accumulator
from tests.actors import MS, NOON_NS
from tests.search import naive
from tests.search.queries import metrics
from tests.search.traces import traces

ERROR = "an error of the query"
WINDOWS = st.builds(
    Window,
    st.sampled_from((NOON_NS - 1000 * MS, NOON_NS, NOON_NS + MS)),
    st.sampled_from((NOON_NS + 2 * MS, NOON_NS + 2000 * MS)),
)
STEPS = st.sampled_from((None, 500 * MS, 700 * MS))


def collected(query, window, step_ns, corpus):
    accumulator = Accumulator(query, window, step_ns, max_series=10_000)
    try:
        for trace in corpus:
            accumulator.add(trace, accumulator.window)
    except QueryError:
        return ERROR
    return as_samples(accumulator.series())


def as_samples(series):
    return {
        tuple((name, (value.type.value, value.value)) for name, value in each.labels): dict(each.samples)
        for each in series
    }


def collected_naively(query, window, step_ns, corpus):
    try:
        return naive.metrics(query, window, step_ns, corpus)
    except QueryError:
        return ERROR


@settings(max_examples=200, deadline=None)
@given(metrics(), WINDOWS, STEPS, st.lists(traces(max_size=5), max_size=3))
def test_any_metrics_query_gives_the_series_that_naive_counting_gives(query, window, step_ns, corpus):
    result = collected(query, window, step_ns, corpus)
    expected = collected_naively(query, window, step_ns, corpus)
    if ERROR in (result, expected):
        assert result == expected
        return
    assert result.keys() == expected.keys()
    for labels, samples in expected.items():
        assert result[labels] == pytest.approx(samples, rel=1e-9, nan_ok=False), labels


@given(metrics(), st.lists(traces(max_size=5), max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_traces_and_their_parts_changes_nothing(query, corpus, rnd: random.Random):
    window = Window(NOON_NS, NOON_NS + 2000 * MS)
    whole = Accumulator(query, window, 500 * MS, exemplars=3, max_series=3)
    pieces = Accumulator(query, window, 500 * MS, exemplars=3, max_series=3)
    middle = NOON_NS + 2 * MS
    added = [(trace, part) for trace in corpus for part in (Window(NOON_NS, middle), Window(middle, window.end_ns))]
    rnd.shuffle(added)
    try:
        for trace in corpus:
            whole.add(trace, window)
        for trace, part in added:
            pieces.add(trace, part)
    except QueryError:
        return
    assert pieces.series() == whole.series()
    assert pieces.notes == whole.notes


@given(metrics())
def test_generated_queries_can_be_written_and_read_back(query):
    assert parse(render(query)) == query
