"""Search, over views that the pipeline made."""

import random

import msgspec
import pytest

from chalicelib.model.block import Block
from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.windows import Window
from chalicelib.query.search import SearchRequest, search
from chalicelib.query.summaries import CUT_MARK
from chalicelib.settings import Settings
from tests.actors import FRONTEND, MS, NOON_NS, TRACE_ID, failure, span
from tests.clocks import Clock
from tests.in_memory import TENANT, services_in_memory
from tests.query.worlds import HOUR, MINUTE, QUERIES, every_trace, naive_search, tell
from tests.recording import BrokenStore
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


def test_a_limit_reached_early_leaves_the_other_hours_unread(settled):
    window = Window(settled.clock.at_ns - 200 * HOUR, settled.clock.at_ns)
    page = ask(settled, "", window, limit=1)
    assert len(page.traces) == 1
    assert page.cursor is not None
    assert page.partial is None
    assert page.scanned.hours < 5


def test_the_last_page_has_no_cursor(settled):
    assert ask(settled).cursor is None


def slow(pipeline, seconds):
    """Every read of a store takes so long from now on."""
    pipeline.fuse.on_call = lambda: pipeline.clock.advance_s(seconds)


@pytest.fixture
def slowing():
    pipeline = Pipeline()
    tell(pipeline, seed=3, count=60, hours=2)
    pipeline.settle(900)
    yield pipeline
    slow(pipeline, 0)


def test_at_the_deadline_the_answer_is_partial_and_a_cursor_goes_on(slowing):
    window = Window(slowing.clock.at_ns - 4 * HOUR, slowing.clock.at_ns)
    expected = naive_search(every_trace(slowing), "{ status != ok }", window)
    slow(slowing, 1)
    page = ask(slowing, "{ status != ok }", window)
    assert page.partial == "the deadline was reached"
    assert page.cursor is not None
    assert 0 < len(page.traces) < len(expected)
    slow(slowing, 0)
    rest = ask(slowing, "{ status != ok }", window, cursor=page.cursor)
    assert [trace.trace_id for trace in page.traces + rest.traces] == expected


def test_a_page_keeps_to_its_budget(settled):
    whole = ask(settled)
    weights = [len(msgspec.json.encode(trace)) + 1 for trace in whole.traces]
    page = ask(settled, budget_bytes=sum(weights[:10]))
    assert page.traces == whole.traces[:10]
    assert page.partial is None
    assert ask(settled, cursor=page.cursor).traces == whole.traces[10:]


def test_one_trace_past_the_budget_gets_out_on_a_page_of_its_own(settled):
    assert len(ask(settled, budget_bytes=1).traces) == 1


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1], lambda text: "B" + text[1:], lambda text: text + "A", str.lower]
)
def test_a_spoilt_cursor_is_the_askers_fault(settled, spoil):
    cursor = ask(settled, limit=1).cursor
    with pytest.raises(QueryError, match="is not one that was given out for this question"):
        ask(settled, cursor=spoil(cursor))


def test_a_cursor_belongs_to_its_query(settled):
    with pytest.raises(QueryError, match="cursor"):
        ask(settled, "{ status = error }", cursor=ask(settled, limit=1).cursor)


def test_a_range_may_be_as_large_as_one_likes(settled):
    assert len(ask(settled, window=Window(-(10**30), 10**30)).traces) == len(every_trace(settled))


def test_a_cursor_carries_its_range(settled):
    first = ask(settled, limit=1)
    other = Window(0, 1)
    assert ask(settled, window=other, cursor=first.cursor).traces == ask(settled).traces[1:]


@pytest.mark.parametrize(
    ("query", "where"),
    [("{ status = }", (1, 12)), ("{ } |\n nonsense", (2, 2))],
)
def test_a_query_that_is_no_traceql_is_told_where(settled, query, where):
    with pytest.raises(QueryError) as told:
        ask(settled, query)
    assert (told.value.line, told.value.column) == where


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"query": "{ } | rate()"}, "metrics"),
        ({"query": "{" + " " * 20_000 + "}"}, "bytes"),
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"spans_per_spanset": 101}, "spans"),
        ({"window": Window(5, 5)}, "range"),
    ],
)
def test_a_question_that_cannot_be_asked_is_the_askers_fault(settled, wrong, message):
    with pytest.raises(QueryError, match=message):
        ask(settled, **wrong)


def test_nothing_is_found_before_anything_came():
    assert ask(Pipeline()).traces == ()


def test_another_tenants_traces_are_not_found(settled):
    request = SearchRequest(window=Window(0, settled.clock.at_ns), budget_bytes=BUDGET)
    assert search(settled.services, "other", request, settled.clock.deadline()).traces == ()


def world_of(*spans, **settings):
    """A pipeline that has these spans of noon, each sent by itself."""
    pipeline = Pipeline(clock=Clock(NOON_NS), settings=Settings(**settings))
    pipeline.deliver([pipeline.post([span]) for span in spans])
    return pipeline


def test_a_summary_tells_root_services_and_what_matched():
    gateway = span("POST /orders", at=(0, 900), resource=FRONTEND)
    charges = [span(f"charge {n}", parent=gateway, at=(n, 10), attributes={"n": n}, **failure()) for n in range(5)]
    [found] = ask(world_of(gateway, *charges), "{ span.n >= 1 }", spans_per_spanset=2).traces
    assert (found.trace_id, found.root_service, found.root_name) == (TRACE_ID, "frontend", "POST /orders")
    assert (found.start_time_unix_nano, found.duration_ns) == (str(NOON_NS), 900 * MS)
    assert (found.span_count, found.error_count, found.service_count) == (6, 5, 2)
    assert [(each.service, each.span_count, each.error_count) for each in found.services] == [
        ("checkout", 5, 5),
        ("frontend", 1, 0),
    ]
    [spanset] = found.span_sets
    assert spanset.matched == 4
    assert [(each.name, each.service, each.duration_ns) for each in spanset.spans] == [
        ("charge 1", "checkout", 9 * MS),
        ("charge 2", "checkout", 8 * MS),
    ]
    assert [(field.key, field.value) for field in spanset.spans[0].fields] == [("n", 1)]


def test_a_summary_is_small_whatever_was_sent():
    huge = {"text": "x" * 100_000, "list": ["y" * 10_000] * 10, "bytes": bytes(100_000)}
    query = "{ span.text != nil } | select(span.list, span.bytes)"
    [found] = ask(world_of(span("large", attributes=huge)), query).traces
    assert len(msgspec.json.encode(found)) < 10_000
    assert found.span_sets[0].spans[0].fields[0].value.endswith(CUT_MARK)


def test_a_trace_too_large_to_verify_is_named_and_the_others_are_found():
    small = span("small", trace_id="1" * 32)
    pipeline = world_of(*(span(f"part {n}") for n in range(50)), small, max_trace_bytes=5_000)
    page = ask(pipeline)
    assert [trace.trace_id for trace in page.traces] == [small.trace_id]
    assert TRACE_ID in page.partial
    assert page.cursor is None


def test_a_block_that_is_broken_does_not_hide_the_others():
    pipeline = world_of(span("broken"), span("good", trace_id="1" * 32))
    broken = Block(trace_id=TRACE_ID, payload=b"\x0a\x09short", span_count=1)
    pipeline.facts.write(TENANT, [broken], pipeline.clock.deadline())
    page = ask(pipeline)
    assert [trace.trace_id for trace in page.traces] == ["1" * 32]
    assert "not OTLP" in page.partial


def test_a_store_that_is_away_is_an_error_and_no_empty_answer():
    with pytest.raises(StoreError):
        search(
            services_in_memory(views=BrokenStore(StoreError("away")), now_ns=lambda: NOON_NS),
            TENANT,
            SearchRequest(window=Window(0, NOON_NS), budget_bytes=BUDGET),
            Clock(NOON_NS).deadline(),
        )
