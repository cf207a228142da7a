"""The oracle and the generator that whole corpora are searched with, on a corpus of a hundred orders."""

import random

import msgspec
import pytest

from chalicelib.model.windows import Window
from chalicelib.search.evaluation import compile_search
from chalicelib.search.parser import parse
from chalicelib.search.plan import plan
from chalicelib.search.render import render
from chalicelib.search.series import Accumulator
from tests.actors import MS, NOON_NS, trace
from tests.search import naive
from tests.search.corpus_queries import metrics_about, searches_about
from tests.search.planned import satisfies
from tests.search.traces import stored


def orders(count):
    """Traces of the demo shop that differ in their amounts, their pace, and in what went missing."""
    rnd = random.Random(5)
    return [stored(*_order(rnd), trace_id=f"{number:032x}") for number in range(count)]


def _order(rnd):
    pace, amount = rnd.choice((1, 2, 5)), rnd.choice((5, 20, 99.5))
    kept = [each for each in trace() if rnd.random() < 0.9] or trace()
    return [
        msgspec.structs.replace(
            each,
            end_ns=each.start_ns + (each.end_ns - each.start_ns) * pace,
            attributes={**each.attributes, "amount": amount},
        )
        for each in kept
    ]


CORPUS = orders(100)


@pytest.mark.parametrize("query", searches_about(CORPUS, 60), ids=render)
def test_a_search_over_a_corpus_finds_what_the_naive_one_finds_and_its_plan_covers_it(query):
    assert parse(render(query)) == query
    search, condition = compile_search(query), plan(query)
    for each in CORPUS:
        found = [[matched.span for matched in spanset.spans] for spanset in search(each)]
        assert found == [spans for spans, _ in naive.search(query, each)]
        assert not found or satisfies(condition, each)


@pytest.mark.parametrize("query", metrics_about(CORPUS, 20), ids=render)
def test_series_over_a_corpus_are_what_naive_counting_gives(query):
    window = Window(NOON_NS, NOON_NS + 6000 * MS)
    accumulator = Accumulator(query, window, 1000 * MS, max_series=1000)
    for each in CORPUS:
        accumulator.add(each, window)
    found = {
        tuple((name, (value.type.value, value.value)) for name, value in series.labels): dict(series.samples)
        for series in accumulator.series()
    }
    expected = naive.metrics(query, window, 1000 * MS, CORPUS)
    assert found.keys() == expected.keys()
    for labels, samples in expected.items():
        assert found[labels] == pytest.approx(samples)


def test_most_queries_about_a_corpus_find_something_and_few_find_everything():
    counts = [sum(bool(compile_search(query)(each)) for each in CORPUS) for query in searches_about(CORPUS, 60)]
    assert sum(count > 0 for count in counts) > 30
    assert sum(count == len(CORPUS) for count in counts) < 30
