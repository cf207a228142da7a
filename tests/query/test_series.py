"""TraceQL metrics over views that the pipeline made."""

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window
from chalicelib.query.series import SeriesRequest, query_series
from chalicelib.search.parser import parse
from chalicelib.search.series import Accumulator, instant
from tests.in_memory import TENANT
from tests.query.worlds import HOUR, MINUTE, S, every_trace, tell
from tests.views.pipeline import Pipeline

QUERIES = (
    "{ } | rate()",
    "{ status = error } | count_over_time() by(resource.service.name)",
    '{ name = "GET /" } >> { status = error } | count_over_time()',
    '{ resource.service.name = "a" } && { resource.service.name = "b" } | count_over_time()',
    "{ } | quantile_over_time(duration, 0.5, 0.9) by(name)",
    "{ traceDuration > 20m } | count_over_time()",
    "({ status = error } | rate()) / ({ } | rate())",
    "{ } | compare({ status = error })",
    "{ } | rate() by(name) | topk(2)",
)


@pytest.fixture(scope="module")
def live():
    """Four hours of traces, the last minutes of which are not sealed."""
    pipeline = Pipeline()
    tell(pipeline, seed=11, count=200)
    return pipeline


@pytest.fixture
def slowing():
    pipeline = Pipeline()
    tell(pipeline, seed=12, count=60, hours=2)
    pipeline.settle(900)
    yield pipeline
    pipeline.fuse.on_call = lambda: None


def ask(pipeline, query, window, **fields):
    request = SeriesRequest(query=query, window=window, **{"step_ns": 5 * MINUTE} | fields)
    return query_series(pipeline.services, TENANT, request, pipeline.clock.deadline())


def naive(pipeline, query, window, step_ns=5 * MINUTE):
    accumulator = Accumulator(parse(query), window, step_ns, max_series=100)
    for trace in every_trace(pipeline):
        accumulator.add(trace, accumulator.window)
    return accumulator.series()


@pytest.mark.parametrize("query", QUERIES)
def test_every_span_is_counted_once_sealed_or_not(live, query):
    end_ns = live.clock.at_ns
    for window in (
        Window(end_ns - 5 * HOUR, end_ns),
        Window(end_ns - 100 * MINUTE, end_ns - 31 * MINUTE),
        Window(end_ns - 3 * MINUTE, end_ns),
    ):
        page = ask(live, query, window)
        assert list(page.series) == naive(live, query, window)
        assert page.partial is None
        assert page.cursor is None


def test_an_instant_query_has_one_sample_over_the_whole_range(live):
    window = Window(live.clock.at_ns - 100 * MINUTE - 1, live.clock.at_ns - 7)
    page = ask(live, "{ } | count_over_time()", window, is_instant=True)
    accumulator = instant(parse("{ } | count_over_time()"), window, max_series=100)
    for trace in every_trace(live):
        accumulator.add(trace, window)
    assert list(page.series) == accumulator.series()
    assert page.step_ns is None
    assert page.covered == window


def test_a_step_is_chosen_when_none_is_given(live):
    page = ask(live, "{ } | rate()", Window(live.clock.at_ns - 4 * HOUR, live.clock.at_ns), step_ns=None)
    assert page.step_ns == MINUTE


def test_at_the_deadline_whole_steps_are_told_and_a_cursor_asks_for_the_rest(slowing):
    window = Window(slowing.clock.at_ns - 3 * HOUR, slowing.clock.at_ns)
    expected = naive(slowing, "{ } | count_over_time()", window)[0].samples
    slowing.fuse.on_call = lambda: slowing.clock.advance_s(1)
    page = ask(slowing, "{ } | count_over_time()", window)
    assert page.partial == "the deadline was reached"
    assert page.covered.start_ns % (5 * MINUTE) == 0
    newer = [sample for series in page.series for sample in series.samples]
    assert newer == [sample for sample in expected if sample[0] * S >= page.covered.start_ns * 1000]
    slowing.fuse.on_call = lambda: None
    rest = ask(slowing, "{ } | count_over_time()", window, cursor=page.cursor)
    assert rest.partial is None
    assert [*rest.series[0].samples, *newer] == list(expected)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"query": "{ status = error }"}, "search"),
        ({"query": "{ } | rate("}, "rate|end|expected"),
        ({"query": ""}, "empty|expected|query"),
        ({"window": Window(5, 5)}, "range"),
        ({"max_series": 0}, "series"),
        ({"exemplars": 101}, "exemplars"),
        ({"step_ns": 1}, "intervals"),
        ({"cursor": "nonsense"}, "cursor"),
    ],
)
def test_a_question_that_cannot_be_asked_is_the_askers_fault(live, wrong, message):
    with pytest.raises(QueryError, match=message):
        ask(live, **{"query": "{ } | rate()", "window": Window(0, HOUR)} | wrong)
