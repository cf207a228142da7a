"""TraceQL metrics against brute force: the samples are those of counting every span that was sent, one by one.

COUNT generated queries about a corpus of TRACES, through the API, in each state that a deployment can be in.
"""

import random
from functools import cache
from itertools import islice
from typing import Any

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window
from chalicelib.search.render import render
from chalicelib.search.syntax import Query
from tests.end_to_end.asking import ask_for
from tests.end_to_end.corpus import HOUR, LASTS_NS, MINUTE, S
from tests.end_to_end.states import STATES, State, unsealed
from tests.search.corpus_queries import metrics_about

TRACES = 250
COUNT = 20


@cache
def queries() -> list[Query]:
    truth = unsealed(TRACES).truth
    made = metrics_about(truth.traces(), 3 * COUNT)
    return list(islice((query for query in made if is_answerable(truth, query)), COUNT))


def is_answerable(truth, query) -> bool:
    try:
        truth.series(query, Window(0, 2**62), None)
    except QueryError:
        return False
    return True


@pytest.mark.parametrize("name", STATES)
def test_series_are_what_naive_counting_gives(name):
    state, chance = STATES[name](TRACES), random.Random(3)
    for query in queries():
        window, step_ns = window_and_step(chance, state)
        expected = state.truth.series(query, window, step_ns)
        found = ask(state, render(query), window, step_ns)
        assert found.keys() == shown(expected).keys(), (render(query), window, step_ns)
        for labels, samples in shown(expected).items():
            assert found[labels] == pytest.approx(samples), (render(query), window, step_ns, labels)


def window_and_step(chance: random.Random, state: State) -> tuple[Window, int | None]:
    begin_ns = state.corpus.end_ns - LASTS_NS
    start_ns = begin_ns + chance.choice((-2 * HOUR, chance.randrange(LASTS_NS)))
    end_ns = start_ns + chance.choice((4 * HOUR, 17 * MINUTE + chance.randrange(MINUTE)))
    return Window(start_ns, end_ns), chance.choice((None, 60 * S, 7 * MINUTE, HOUR))


def ask(state: State, query: str, window: Window, step_ns: int | None) -> dict[Any, dict[int, float]]:
    form = {"instant": "true"} if step_ns is None else {"step": f"{step_ns // S}s"}
    answer = ask_for(state.deployment, "/v1/metrics/query", window, q=query, limit=1000, **form)
    return {
        tuple((label["key"], repr(label["value"])) for label in series["labels"]): dict(map(tuple, series["samples"]))
        for series in answer["series"]
    }


def shown(expected: dict[Any, dict[int, float]]) -> dict[Any, dict[int, float]]:
    """Samples as JSON has them: labels without the types that it cannot tell."""
    return {tuple((name, repr(value)) for name, (_, value) in labels): samples for labels, samples in expected.items()}
