"""A store that takes its time: every endpoint answers before the gateway hangs up, and says what it left out.

Following its cursors gives everything, each thing once.
"""

from urllib.parse import quote

import pytest

from chalicelib.local.proxy import TIMEOUT_S
from tests.end_to_end.backend import Gateway
from tests.end_to_end.questions import EVERY, LINKED, S, is_partial
from tests.query.worlds import tell
from tests.views.pipeline import Pipeline, trace_id_of

TARGET = trace_id_of("trace 3")
QUESTIONS = [each.replace(LINKED, TARGET).replace("front%20of%20shop", "a") for each in EVERY]


@pytest.fixture(scope="module")
def world():
    pipeline = Pipeline()
    tell(pipeline, 5, 90, hours=2)
    pipeline.ended_ns = pipeline.clock.at_ns
    return pipeline


@pytest.fixture
def slow(world):
    """Asks with every call to a store taking so many seconds; the answer, and the seconds it took."""
    gateway = Gateway(world.services, world.clock)

    def ask(target: str, call_s: float):
        world.clock.at_ns = world.ended_ns
        world.fuse.on_call = lambda: world.clock.advance_s(call_s)
        reply = gateway.get(target)
        return reply, (world.clock.at_ns - world.ended_ns) / S

    yield ask
    world.fuse.on_call = lambda: None
    world.clock.at_ns = world.ended_ns


def in_range(world: Pipeline) -> str:
    end_s = world.ended_ns // S + 60
    return f"start={end_s - 3 * 3600}&end={end_s}"


@pytest.mark.parametrize("call_s", [0.5, 3])
def test_every_question_is_answered_before_the_gateway_hangs_up(world, slow, call_s):
    for question in QUESTIONS:
        reply, took_s = slow(question + in_range(world), call_s)
        assert took_s < TIMEOUT_S, question
        assert reply.status == 200, (question, reply)


def test_a_store_too_slow_for_anything_is_told_of(world, slow):
    for question in QUESTIONS:
        reply, _ = slow(question + in_range(world), 26)
        if reply.status == 503:
            assert reply.headers["retry-after"] == "1"
        else:
            assert reply.status == 200
            assert is_partial(reply.json()) or "/tempo/api/v2/traces" in question or "/tempo/api/traces" in question


def pages(slow, target: str, call_s: float):
    """Every page, by its cursors, as JSON; how many were cut short by time."""
    told = slow(target, call_s)[0].json()
    found = [told]
    while cursor := told.get("cursor"):
        reply, took_s = slow(f"{target}&cursor={quote(cursor)}", call_s)
        assert reply.status == 200, reply
        assert took_s < TIMEOUT_S
        told = reply.json()
        found.append(told)
        assert len(found) < 200
    return found


@pytest.mark.parametrize("query", ["", "{ duration > 1ns }", "{ } | count() > 1"])
def test_a_search_that_runs_out_of_time_goes_on_by_cursor_and_finds_everything_once(world, slow, query):
    target = f"/v1/search?limit=1000&q={quote(query)}&{in_range(world)}"
    [whole] = pages(slow, target, 0)
    parts = pages(slow, target, 0.5)
    assert any("partial" in each for each in parts)
    assert [trace for each in parts for trace in each["traces"]] == whole["traces"]


@pytest.mark.parametrize("query", ["{ } | rate() by (name)", "{ } | count_over_time() by (span.user)"])
def test_series_that_run_out_of_time_go_on_by_cursor_and_count_every_span_once(world, slow, query):
    target = f"/v1/metrics/query?step=300&q={quote(query)}&{in_range(world)}"
    [whole] = pages(slow, target, 0)
    parts = pages(slow, target, 0.3)
    assert len(parts) > 1
    assert nonzero(parts) == nonzero([whole])
    ends = [each["covered"]["endTimeUnixNano"] for each in parts]
    assert [each["covered"]["startTimeUnixNano"] for each in parts[:-1]] == ends[1:]


def nonzero(parts) -> list:
    return sorted(
        (str(series["labels"]), *sample)
        for part in parts
        for series in part["series"]
        for sample in series["samples"]
        if sample[1]
    )


def test_links_that_run_out_of_time_go_on_by_cursor_and_are_told_once(world, slow):
    target = f"/v1/traces/{TARGET}/links?"
    [whole] = pages(slow, target, 0)
    parts = pages(slow, target, 1.5)
    assert len(parts) > 1
    assert [link for each in parts for link in each["incoming"]] == whole["incoming"]
