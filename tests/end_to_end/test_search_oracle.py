"""Search against brute force: whatever is asked, and whatever is sealed, the API finds what a naive reader finds.

Two seeded corpora (corpus.py): MANY_QUERIES of every kind about a thousand traces, in each state that a deployment
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
from tests.end_to_end.corpus import DAY, HOUR, LASTS_NS, MINUTE, SMALL, Corpus, corpus
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.searches import Searches
from tests.end_to_end.truth import Answer, Truth, is_answerable, within

MANY_QUERIES = 300
FEWER = 50


class State(NamedTuple):
    """A deployment at some moment, and what is true of it."""

    deployment: Deployment
    truth: Truth
    corpus: Corpus


class Question(NamedTuple):
    """`pages`: on about how many the answer is to come."""

    query: str
    window: Window
    pages: int


@cache
def unsealed() -> State:
    """Everything came, nothing is sealed; windows will be cut into pieces of twenty traces."""
    return played(corpus(7, 1000), Settings(seal_piece_traces=20))


@cache
def half_sealed() -> State:
    state = forked(unsealed())
    state.deployment.seal_half()
    return state


@cache
def sealed() -> State:
    state = forked(half_sealed())
    state.deployment.settle()
    return state


@cache
def with_late_spans() -> State:
    """Sealed, but that more came: of the same traces, of others, and some of it again."""
    deployment, truth, sent = forked(sealed())
    truth = truth.fork()
    deployment.play(sent.late)
    for post in sent.late:
        truth.tell(post)
    return State(deployment, truth, sent)


@cache
def sealed_again() -> State:
    state = forked(with_late_spans())
    state.deployment.settle()
    return state


@cache
def rebuilt() -> State:
    state = forked(sealed_again())
    state.deployment.rebuild()
    return state


@cache
def large() -> State:
    """Twenty thousand traces, of which about half are sealed."""
    state = played(corpus(8, 20_000, SMALL), Settings())
    state.deployment.seal_half()
    return state


def played(sent: Corpus, settings: Settings) -> State:
    deployment, truth = Deployment(1, settings), Truth()
    deployment.play(sent.posts)
    for post in sent.posts:
        truth.tell(post)
    return State(deployment, truth, sent)


def forked(state: State) -> State:
    return state._replace(deployment=state.deployment.fork())


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


STATES = {
    "before anything is sealed": (unsealed, slice(0, 100)),
    "with every other window sealed": (half_sealed, slice(50, 150)),
    "after sealing": (sealed, slice(0, 300)),
    "with late spans": (with_late_spans, slice(150, 230)),
    "sealed again": (sealed_again, slice(200, 300)),
    "rebuilt": (rebuilt, slice(0, 60)),
}


@pytest.mark.parametrize("name", STATES)
def test_every_search_finds_what_a_naive_reader_finds(name):
    make, some = STATES[name]
    assert list(disagreements(make(), questions()[some])) == []


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
