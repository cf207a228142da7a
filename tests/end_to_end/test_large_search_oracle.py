"""Search against brute force once more, about twenty thousand traces, a quarter of which is sealed.

COUNT generated queries, none of which finds more than a fifth, answer what the naive reader finds. And a search
reads little: the facts table cannot be scanned here, and counts whose blocks are asked for.
"""

import random
from functools import cache
from itertools import islice

import pytest

from chalicelib.model.windows import Window
from chalicelib.settings import Settings
from tests.clocks import NOON_NS
from tests.end_to_end.agreement import Question, disagreements, search
from tests.end_to_end.corpus import HOUR, LASTS_NS, MINUTE, SMALL, corpus
from tests.end_to_end.searches import Searches
from tests.end_to_end.states import State, played
from tests.end_to_end.truth import Truth, is_answerable, within

COUNT = 30

# What views answer exactly, or nearly: few values by any comparison, many by equality, and numbers by their size.
NARROW = (
    '{ .http.request.method = "DELETE" }',
    '{ span.user.id = "u-09012" }',
    '{ .rare = "only in 1200" }',
    "{ .rare != nil }",
    '{ span.region =~ "a[a-p]" }',
    '{ .db.system =~ "post.*|my.*" }',
    "{ .http.response.status_code >= 503 }",
    "{ .retry.count > 4 }",
    "{ .order.total > 400 }",
    "{ duration > 10s }",
    "{ traceDuration > 10m }",
    '{ name = "job 7" }',
    '{ name =~ "job [12].*" }',
    '{ statusMessage =~ ".*30 s" }',
    '{ event.exception.message = "no 7" }',
    '{ span."odd key {1}" = 9007199254740993 }',
    '{ name = "job 7" } >> { status = error }',
    '{ name =~ "job .*" } && { .db.system = "redis" }',
)
SPARE_READS = 120  # some 0.4 % of the traces look as if they had a value, of which there are many


def test_searches_of_many_traces_find_what_a_naive_reader_finds():
    assert list(disagreements(large().deployment, large().truth, questions_about_many())) == []


@pytest.mark.parametrize("query", NARROW)
def test_a_search_reads_little_more_than_what_it_finds(query):
    """Of twenty thousand traces; so no facts are scanned, and views name hardly anything that does not match."""
    state = large()
    expected = within(state.truth.search(query), everything())
    state.deployment.facts.reads.clear()
    found = search(state.deployment, query, everything(), 1000)
    assert [trace["traceId"] for trace in found] == [answer.trace.trace_id for answer in expected]
    assert state.deployment.facts.reads.total() <= 1.1 * len(expected) + SPARE_READS


def everything() -> Window:
    end_ns = large().corpus.end_ns
    return Window(end_ns - 4 * HOUR, end_ns + 2 * HOUR)


@cache
def large() -> State:
    """Twenty thousand traces, of which a quarter is sealed."""
    state = played(corpus(8, 20_000, SMALL), Settings())
    state.deployment.seal_some(0.25)
    return state


@cache
def questions_about_many() -> list[Question]:
    """About the large corpus; none that finds more than a fifth of it."""
    truth, chance = large().truth, random.Random(4)
    texts = (text for text in Searches(chance, truth.traces()) if is_answerable(truth, text))
    return [Question(text, minutes(chance), 1) for text in islice((t for t in texts if finds_few(truth, t)), COUNT)]


def minutes(chance: random.Random) -> Window:
    start_ns = NOON_NS + chance.randrange(LASTS_NS)
    return Window(start_ns, start_ns + chance.choice((1, 5, 10)) * MINUTE)


def finds_few(truth: Truth, text: str) -> bool:
    return len(truth.search(text)) <= 4000
