"""Search against brute force: whatever is asked, and whatever is sealed, the API finds what a naive reader finds.

MANY_QUERIES of every kind about states.FEW traces of a seeded corpus (corpus.py), in each state that a deployment can
be in; test_large_search_oracle.py asks less of more. Queries are made of what the corpus holds (searches.py); the naive
reader (truth.py) knows what was sent and shares no code with the search but the parser.
"""

import random
from functools import cache
from itertools import islice

import pytest

from tests.end_to_end.agreement import Question, disagreements, window
from tests.end_to_end.searches import Searches
from tests.end_to_end.states import STATES, unsealed
from tests.end_to_end.truth import is_answerable

MANY_QUERIES = 220


@cache
def questions() -> list[Question]:
    """About the small corpus."""
    truth = unsealed().truth
    answerable = (text for text in Searches(random.Random(1), truth.traces()) if is_answerable(truth, text))
    chance = random.Random(2)
    return [
        Question(text, window(chance), chance.choice((1, 1, 1, 1, 2, 3))) for text in islice(answerable, MANY_QUERIES)
    ]


ASKED = {
    "before anything is sealed": slice(0, 50),
    "with every other window sealed": slice(25, 65),
    "after sealing": slice(0, MANY_QUERIES),
    "with late spans": slice(60, 110),
    "sealed again": slice(110, 150),
    "rebuilt": slice(150, 190),
}


@pytest.mark.parametrize("state", ASKED)
def test_every_search_finds_what_a_naive_reader_finds(state):
    deployment, truth, _ = STATES[state]()
    assert list(disagreements(deployment, truth, questions()[ASKED[state]])) == []
