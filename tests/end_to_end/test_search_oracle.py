"""Search against brute force: whatever is asked, and whatever is sealed, the API finds what a naive reader finds.

Two seeded corpora (corpus.py): MANY_QUERIES of every kind about states.FEW traces, in each state that a deployment
can be in, and FEWER about twenty thousand. Queries are made of what the corpora hold (searches.py); the naive reader
(truth.py) knows what was sent and shares no code with the search but the parser.
"""

import random
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import pytest

from chalicelib.model.windows import Window
from chalicelib.settings import Settings
from tests.end_to_end.corpus import DAY, HOUR, LASTS_NS, MINUTE, SMALL, corpus
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.searches import Searches
from tests.end_to_end.states import STATES, State, played, unsealed
from tests.end_to_end.truth import Answer, Truth, is_answerable, within

MANY_QUERIES = 250
FEWER = 20

# What views answer exactly, or nearly: few values by any comparison, many by equality, and numbers by their size.
NARROW = (
    '{ .http.request.method = "DELETE" }',
    '{ span.user.id = "u-09012" }',
    '{ .rare = "only in 1200" }',
    "{ .rare != nil }",
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


class Question(NamedTuple):
    """`pages`: on about how many the answer is to come."""

    query: str
    window: Window
    pages: int


@cache
def questions() -> list[Question]:
    """About the small corpus."""
    truth = unsealed().truth
    answerable = (text for text in Searches(random.Random(1), truth.traces()) if is_answerable(truth, text))
    chance = random.Random(2)
    return [
        Question(text, window(chance), chance.choice((1, 1, 1, 1, 2, 3))) for text in islice(answerable, MANY_QUERIES)
    ]


def window(chance: random.Random) -> Window:
    """All the time in which anything can be, some hours around the corpus, or minutes in it."""
    begin_ns = unsealed().corpus.end_ns - LASTS_NS
    lot = chance.random()
    if lot < 0.04:
        return Window(0, begin_ns + 9 * DAY)
    if lot < 0.25:
        return Window(begin_ns - 3 * HOUR, begin_ns + 3 * HOUR)
    start_ns = begin_ns + chance.randrange(-10 * MINUTE, LASTS_NS)
    return Window(start_ns, start_ns + chance.choice((3 * MINUTE, 20 * MINUTE, 30 * MINUTE)) + chance.randrange(MINUTE))


ASKED = {
    "before anything is sealed": slice(0, 50),
    "with every other window sealed": slice(25, 75),
    "after sealing": slice(0, MANY_QUERIES),
    "with late spans": slice(100, 150),
    "sealed again": slice(150, 200),
    "rebuilt": slice(200, 250),
}


@pytest.mark.parametrize("state", ASKED)
def test_every_search_finds_what_a_naive_reader_finds(state):
    assert list(disagreements(STATES[state](), questions()[ASKED[state]])) == []


def test_searches_of_many_traces_find_what_a_naive_reader_finds():
    assert list(disagreements(large(), questions_about_many())) == []


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
    """About the large corpus; none that finds more than a hundredth of it."""
    truth, chance = large().truth, random.Random(4)
    texts = (text for text in Searches(chance, truth.traces()) if is_answerable(truth, text))
    return [Question(text, window(chance), 1) for text in islice((t for t in texts if finds_few(truth, t)), FEWER)]


def finds_few(truth: Truth, text: str) -> bool:
    return len(truth.search(text)) <= 200


def disagreements(state: State, asked: list[Question]) -> Iterator[str]:
    for question in asked:
        expected = within(state.truth.search(question.query), question.window)
        limit = min(1000, len(expected) // question.pages + 1)
        found = search(state.deployment, question.query, question.window, limit)
        if [short(trace) for trace in found] != list(map(told, expected)):
            yield f"{question}: {difference(found, expected)}"


def search(deployment: Deployment, query: str, window: Window, limit: int) -> list[Any]:
    """The traces on all pages, of which only the last may have room left."""
    pages = list(deployment.search_pages(query, window, limit=limit, spss=100))
    assert all(len(page["traces"]) == limit for page in pages[:-1])
    return [trace for page in pages for trace in page["traces"]]


def short(found: Any) -> Any:
    """What the API says of a trace."""
    spansets = [
        (each["matched"], [span["spanId"] for span in each["spans"]], len(each["attributes"]))
        for each in found["spanSets"]
    ]
    start_ns, last_ns = int(found["startTimeUnixNano"]), found["durationNs"]
    return found["traceId"], start_ns, last_ns, found["spanCount"], found["errorCount"], spansets


def told(answer: Answer) -> Any:
    """What the API should say of a trace: for each of the first 100 spansets its first 100 spans."""
    trace, spansets = answer
    errors = sum(span.status_code == 2 for span in trace.spans)
    sets = [(len(spans), spans[:100], len(said)) for spans, said in spansets[:100]]
    return trace.trace_id, trace.start_ns, trace.end_ns - trace.start_ns, len(trace.spans), errors, sets


def difference(found: list[Any], expected: list[Answer]) -> str:
    there, right = [each["traceId"] for each in found], [each.trace.trace_id for each in expected]
    if there == right:
        pairs = zip(map(short, found), map(told, expected), strict=True)
        return next(f"{one} is not {other}" for one, other in pairs if one != other)
    missing, surplus = sorted(set(right) - set(there)), sorted(set(there) - set(right))
    return f"{len(there)} of {len(right)}; missing {missing[:3]}, too many {surplus[:3]}"
