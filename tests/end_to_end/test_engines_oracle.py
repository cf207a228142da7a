"""Search against brute force on the real stores: DynamoDB as moto and as dynalite play it.

What the facts table is told comes as stream records, in JSON, to functions.index_stream; windows are sealed by
functions.seal. moto is asked about few traces, because it takes longer the more there is; the volume is dynalite's.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, NamedTuple

import pytest

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.functions.index_stream import index_stream
from chalicelib.local.tap import FactsTap
from chalicelib.model.windows import Window
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.tables import create_missing_tables
from tests.clocks import NOON_NS, Clock
from tests.end_to_end.agreement import Question, disagreements
from tests.end_to_end.asking import ask_for
from tests.end_to_end.backend import Backend
from tests.end_to_end.corpus import HOUR, Corpus, corpus
from tests.end_to_end.searches import Searches
from tests.end_to_end.sums import edges, summed
from tests.end_to_end.truth import Truth, is_answerable
from tests.engines import FACTS_TABLE, TABLE_NAMES, dynalite, has_dynalite, moto_tables
from tests.functions.events import Context

COUNT = 20
WINDOW_S = 900  # so that there are few windows to seal and few hours to look at
AROUND = Window(NOON_NS - HOUR, NOON_NS + 3 * HOUR)


@contextmanager
def dynalite_tables() -> Iterator[Connection]:
    with dynalite() as connection:
        create_missing_tables(connection.client(), TABLE_NAMES)
        yield connection


class Engine(NamedTuple):
    """Where the tables are, and how many traces it copes with."""

    tables: Callable[[], AbstractContextManager[Connection]]
    traces: int


ENGINES = {"moto": Engine(moto_tables, traces=40), "dynalite": Engine(dynalite_tables, traces=200)}


class Played(NamedTuple):
    """What was sent to a backend, and its stream."""

    backend: Backend
    tap: FactsTap
    truth: Truth
    sent: Corpus


@pytest.fixture(params=ENGINES)
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    engine = ENGINES[request.param]
    if request.param == "dynalite" and not has_dynalite():
        pytest.skip("dynalite is not installed: make setup-clients, which needs Node")
    with engine.tables() as connection:
        backend = Backend(connection, clock=Clock(), seal_window_s=WINDOW_S)
        yield Played(backend, FactsTap(connection.client(), FACTS_TABLE), Truth(), corpus(9, engine.traces))


def test_what_was_sent_is_found_before_and_after_sealing_and_counted(played):
    backend, _, truth, sent = played
    play(played, sent.posts)
    asked = questions(truth)
    assert list(disagreements(backend, truth, asked[:COUNT])) == []
    backend.seal(minutes=20)
    assert list(disagreements(backend, truth, asked[COUNT:])) == []
    play(played, sent.late)
    assert list(disagreements(backend, truth, asked[: COUNT // 2])) == []
    backend.seal(minutes=20)
    assert list(disagreements(backend, truth, asked[COUNT // 2 : COUNT])) == []
    graph = ask_for(backend, "/v1/graph", AROUND)
    calls = {(edge["client"], edge["server"], edge["connection"]): edge["red"]["calls"] for edge in graph["edges"]}
    assert calls == {what: counts.calls for what, counts in summed(edges(truth.traces()), AROUND).items()}


def questions(truth: Truth) -> list[Question]:
    answerable = (text for text in Searches(random.Random(1), truth.traces()) if is_answerable(truth, text))
    return [Question(text, AROUND, 1 + number % 3) for number, text in enumerate(islice(answerable, 2 * COUNT))]


def play(played: Played, posts: Any) -> None:
    """Take the posts; the stream tells of them out of order, in several events, one of which comes twice."""
    backend, tap, truth, _ = played
    for post in posts:
        backend.clock.at_ns = max(backend.clock.at_ns, post.at_ns)
        truth.tell(post._replace(at_ns=backend.clock.at_ns))
        assert backend.post(from_spans(post.spans)).status == 200
    records = tap.take(10_000, wait_s=0)
    random.Random(2).shuffle(records)
    events = [{"Records": records[start : start + 30]} for start in range(0, len(records), 30)]
    for event in [*events, *events[:1]]:
        index_stream(backend.services, event, Context(backend.clock))
