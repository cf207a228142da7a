"""How much an index lets through that does not match, on a seeded corpus: no change should add to it."""

import pytest

from chalicelib.search.conditions import Compare, SpanMatch
from chalicelib.search.index import Index, entry_of, pack, remembering
from chalicelib.search.syntax import Attribute, AttributeScope, Operator, Static, StaticType
from tests.search.index.corpus import corpus, questions
from tests.search.index.naive import compile_regex, satisfies

ROWS = 2000
REQUEST_ID = Attribute(AttributeScope.SPAN, "aws.request_id")


@pytest.fixture(scope="module")
def traces():
    return corpus(300)


@pytest.fixture(scope="module")
def large():
    return Index.unpack(pack([entry_of(trace) for trace in corpus(ROWS)]))


def matched(index, condition, compile_once):
    return {row.trace_id for row in index.rows(index.match(SpanMatch(condition), compile_once))}


def test_questions_about_a_corpus_miss_nothing_and_are_mostly_answered_exactly(traces):
    index, compile_once = Index.unpack(pack([entry_of(trace) for trace in traces])), remembering(compile_regex)
    wrong = asked = 0
    for condition in questions(traces, 250):
        holding = {trace.trace_id for trace in traces if satisfies(trace, SpanMatch(condition))}
        candidates = matched(index, condition, compile_once)
        assert holding <= candidates, condition
        wrong += len(candidates - holding)
        asked += len(traces) - len(holding)
    assert wrong / asked < 0.07  # mostly regular expressions over ids, and one span's conditions met by two


def test_one_row_in_a_hundred_is_let_through_by_equality_with_an_id_that_no_row_has(large):
    candidates = 0
    for number in range(300):
        compare = Compare(REQUEST_ID, Operator.EQUAL, Static(StaticType.STRING, f"NO-SUCH-ID-{number}"))
        candidates += large.match(SpanMatch(compare), compile_regex).bit_count()
    rows_with_ids = next(key.row_count for key in large.catalog() if key.field == REQUEST_ID)
    assert candidates / 300 / rows_with_ids < 0.0125
