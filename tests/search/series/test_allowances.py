"""What a metrics query may hold in memory: told before it is held."""

import pytest

from chalicelib.model.errors import AnswerTooLarge
from chalicelib.model.windows import Window
from chalicelib.search.parser import parse
from chalicelib.search.series import Accumulator
from chalicelib.search.series.limits import MAX_SAMPLES, Allowance
from tests.actors import NOON_NS, span
from tests.search.traces import stored

S = 1_000_000_000
STEPS = 10_000
TEN_THOUSAND_SECONDS = Window(NOON_NS, NOON_NS + STEPS * S)


def asked(query: str, *traces, max_series: int = 1_000) -> Accumulator:
    accumulator = Accumulator(parse(query), TEN_THOUSAND_SECONDS, S, max_series=max_series)
    for trace in traces:
        accumulator.add(trace, TEN_THOUSAND_SECONDS)
    return accumulator


@pytest.mark.parametrize(
    "query", ["{ } | rate() by(name)", "{ } | compare({ status = error }, 1000)", "({ } | rate() by(name)) * 2"]
)
def test_more_samples_than_an_answer_may_hold_are_refused_in_words_that_say_how_to_ask_for_less(query):
    accumulator = asked(query, *(stored(span(str(n))) for n in range(40)))
    with pytest.raises(AnswerTooLarge, match="larger step"):
        accumulator.series()


def test_as_many_as_fit_are_answered():
    fits = MAX_SAMPLES // STEPS
    assert len(asked("{ } | rate() by(name)", *(stored(span(str(n))) for n in range(fits))).series()) == fits


def test_of_a_comparison_only_the_series_that_come_out_count():
    traces = [stored(span(str(n))) for n in range(100)]
    accumulator = asked("{ } | compare({ status = error }, 1000)", *traces, max_series=5)
    assert len(accumulator.series()) == 5
    assert accumulator.notes


def test_what_is_given_back_may_be_taken_again():
    allowance = Allowance(3, "things")
    allowance.take(3)
    allowance.take(-1)
    allowance.take(1)
    with pytest.raises(AnswerTooLarge, match="more than 3 things"):
        allowance.take(1)
