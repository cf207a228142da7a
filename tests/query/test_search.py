"""Search, over views that the pipeline made."""

import random

import pytest

from chalicelib.model.windows import Window
from chalicelib.query.search import SearchRequest, search
from tests.in_memory import TENANT
from tests.query.worlds import HOUR, MINUTE, QUERIES, every_trace, naive_search, tell
from tests.views.pipeline import Pipeline

BUDGET = 4_000_000


def ask(pipeline, query="", window=None, **fields):
    window = window or Window(0, pipeline.clock.at_ns + 24 * HOUR)
    request = SearchRequest(query=query, window=window, **{"budget_bytes": BUDGET, "limit": 1000} | fields)
    return search(pipeline.services, TENANT, request, pipeline.clock.deadline())


def ask_all(pipeline, query, window, **fields):
    """The ids on all pages."""
    page = ask(pipeline, query, window, **fields)
    found = [trace.trace_id for trace in page.traces]
    while page.cursor is not None:
        page = ask(pipeline, query, window, cursor=page.cursor, **fields)
        found += [trace.trace_id for trace in page.traces]
    return found


@pytest.fixture(scope="module")
def live():
    """Four hours of traces, the last minutes of which are not sealed."""
    pipeline = Pipeline()
    tell(pipeline, seed=1, count=300)
    return pipeline


@pytest.fixture(scope="module")
def settled():
    pipeline = Pipeline()
    tell(pipeline, seed=2, count=300)
    pipeline.settle(900)
    return pipeline


def windows(pipeline, seed):
    """The whole time, hours, and stretches that begin and end anywhere."""
    chance = random.Random(seed)
    end_ns = pipeline.clock.at_ns
    whole = Window(end_ns - 6 * HOUR, end_ns + 1)
    yield whole
    hour_ns = end_ns // HOUR * HOUR
    yield from (Window(hour_ns - n * HOUR, hour_ns - (n - 1) * HOUR) for n in range(3))
    for _ in range(4):
        start_ns = chance.randrange(whole.start_ns, end_ns)
        yield Window(start_ns, start_ns + chance.choice((MINUTE, 20 * MINUTE, 2 * HOUR)))


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_not_sealed_yet_is_found_like_everything_else(live, query):
    traces = every_trace(live)
    for window in windows(live, 1):
        assert ask_all(live, query, window) == naive_search(traces, query, window), window


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_sealed_is_found_by_its_digests(settled, query):
    traces = every_trace(settled)
    for window in windows(settled, 2):
        assert ask_all(settled, query, window) == naive_search(traces, query, window), window


@pytest.mark.parametrize("limit", [1, 7])
@pytest.mark.parametrize("query", ["", "{ status = error }"])
def test_pages_together_are_the_answer(live, query, limit):
    window = Window(live.clock.at_ns - 6 * HOUR, live.clock.at_ns)
    assert ask_all(live, query, window, limit=limit) == naive_search(every_trace(live), query, window)
