"""Search by a dialect's own rules, against every trace there is."""

import random

import pytest

from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.windows import Window
from chalicelib.query.matching import Asked, Match, find_traces
from tests.in_memory import TENANT, services_in_memory
from tests.query.worlds import HOUR, MINUTE, every_trace, tell
from tests.recording import BrokenStore
from tests.views.pipeline import Pipeline


@pytest.fixture(scope="module", params=[0, 900], ids=["live", "settled"])
def pipeline(request):
    made = Pipeline()
    tell(made, seed=1, count=200)
    if request.param:
        made.settle(request.param)
    return made


def ask(pipeline, window, *, query="", limit=1000, budget_bytes=1_000_000, is_wanted=lambda _trace: True):
    asked = Asked(
        query=query,
        window=window,
        match=lambda trace: match_of(trace, window) if is_wanted(trace) else None,
        limit=limit,
        budget_bytes=budget_bytes,
    )
    return find_traces(pipeline.services, TENANT, asked, pipeline.clock.deadline())


def match_of(trace, window):
    """Told by the last of its spans that starts in the window, so that order and start differ."""
    times = [trace.time_ns(span) for span in trace.spans]
    inside = [at_ns for at_ns in times if window.start_ns <= at_ns < window.end_ns]
    return Match(max(inside), trace.trace_id, 100) if inside else None


def expected(pipeline, window, is_wanted=lambda _trace: True):
    found = [(match_of(trace, window), trace) for trace in every_trace(pipeline) if is_wanted(trace)]
    matches = sorted(((match.at_ns, match.answer) for match, _ in found if match is not None), reverse=True)
    return [trace_id for _, trace_id in matches]


def windows(pipeline):
    chance = random.Random(3)
    end_ns = pipeline.clock.at_ns
    yield Window(end_ns - 8 * HOUR, end_ns + 1)
    for _ in range(12):
        start_ns = end_ns - chance.randrange(5 * HOUR)
        yield Window(start_ns, start_ns + chance.choice([MINUTE, 20 * MINUTE, HOUR, 3 * HOUR]))


def test_every_trace_with_a_span_in_the_window_is_asked_and_answers_come_newest_first(pipeline):
    for window in windows(pipeline):
        assert ask(pipeline, window).answers == expected(pipeline, window)


@pytest.mark.parametrize("limit", [1, 3, 17])
def test_the_newest_are_found_however_few_are_wanted(pipeline, limit):
    for window in windows(pipeline):
        assert ask(pipeline, window, limit=limit).answers == expected(pipeline, window)[:limit]


def test_few_wanted_are_found_without_reading_everything(pipeline):
    window = next(windows(pipeline))
    assert ask(pipeline, window, limit=2).scanned.traces < ask(pipeline, window).scanned.traces / 2


def test_the_dialect_decides_and_the_query_only_chooses_candidates(pipeline):
    window = next(windows(pipeline))

    def is_wanted(trace):
        return any(span.status_code == 2 for span in trace.spans) and len(trace.spans) % 2 == 0

    found = ask(pipeline, window, query="{ status = error }", is_wanted=is_wanted)
    assert found.answers == expected(pipeline, window, is_wanted)
    assert found.scanned.traces < ask(pipeline, window).scanned.traces


def test_answers_that_do_not_fit_are_left_out_and_said_so(pipeline):
    window = next(windows(pipeline))
    found = ask(pipeline, window, budget_bytes=350)
    assert found.answers == expected(pipeline, window)[:3]
    assert found.partial == "only 3 traces fit into the answer"
    assert len(ask(pipeline, window, budget_bytes=1).answers) == 1


def test_at_the_deadline_the_answer_is_what_there_is(pipeline):
    asked = Asked(query="", window=next(windows(pipeline)), match=lambda _: None, limit=5, budget_bytes=1)
    found = find_traces(pipeline.services, TENANT, asked, pipeline.clock.deadline(3))
    assert found.partial == "the deadline was reached"


def test_an_empty_window_finds_nothing_and_a_query_that_is_none_is_told(pipeline):
    assert ask(pipeline, Window(5, 5)).answers == []
    with pytest.raises(QueryError):
        ask(pipeline, Window(0, 5), query="{ no query")


def test_a_store_that_fails_is_told(pipeline):
    broken = services_in_memory(views=BrokenStore(StoreError("away")), now_ns=pipeline.clock.now_ns)
    asked = Asked(query="", window=next(windows(pipeline)), match=lambda _: None, limit=5, budget_bytes=1)
    with pytest.raises(StoreError):
        find_traces(broken, TENANT, asked, pipeline.clock.deadline())
