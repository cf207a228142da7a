"""Thresholds are those of the specification's own examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.probability import (
    COUNT_UNIT,
    MAX_MEMBERS,
    MAX_THRESHOLD,
    OtState,
    adjusted_count,
    adjusted_count_of,
    parse,
    randomness_of,
    replace,
)

KEYS = st.from_regex(r"[a-z][a-z0-9]{0,3}", fullmatch=True).filter(lambda key: key not in ("th", "rv"))
VALUES = st.from_regex(r"[A-Za-z0-9._-]{0,6}", fullmatch=True)
NUMBERS = st.none() | st.integers(0, MAX_THRESHOLD)
STATES = st.builds(
    OtState,
    threshold=NUMBERS,
    randomness=NUMBERS,
    others=st.lists(st.tuples(KEYS, VALUES), max_size=3, unique_by=lambda pair: pair[0]).map(tuple),
)


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 1), ("8", 2), ("c", 4), ("fd70a4", 100.000095), ("e666", 65536 / 6554), ("ffffffffffffff", 2**56)],
)
def test_a_span_stands_for_as_many_as_its_threshold_lets_through(text: str, count: float):
    assert adjusted_count_of(f"ot=th:{text}") == pytest.approx(count * COUNT_UNIT, rel=1e-7)


@pytest.mark.parametrize("text", ["", "ot=", "vendor=th:8", "ot=th:", "ot=th:X", "ot=th:8A", "ot=th:123456789abcdef"])
def test_a_span_without_a_readable_threshold_counts_once(text: str):
    assert adjusted_count_of(text) == COUNT_UNIT


def test_a_threshold_is_padded_on_the_right_and_found_among_other_members():
    state = parse("congo=t61rcWkgMzE, ot=p:7;th:c;rv:0123456789abcd ,rojo=1")
    assert state == OtState(threshold=0xC << 52, randomness=0x0123456789ABCD, others=(("p", "7"),))


def test_randomness_that_is_not_fourteen_digits_is_ignored():
    state = parse("ot=rv:123")
    assert state.randomness is None
    assert randomness_of(state, "5b8efff798038103d269b633813fc60c") == 0x69B633813FC60C


def test_explicit_randomness_wins_over_the_trace_id():
    assert randomness_of(parse("ot=rv:00000000000005"), "f" * 32) == 5


def test_a_threshold_out_of_range_is_refused():
    with pytest.raises(ValueError, match="72057594037927936"):
        adjusted_count(1 << 56)


@given(STATES)
def test_what_is_written_is_read_again(state: OtState):
    assert parse(replace("a=1", state)) == state


def test_a_member_that_was_changed_moves_to_the_front_and_the_others_stay():
    assert replace("a=1,ot=k:v,b=2", OtState(threshold=1 << 55, others=(("k", "v"),))) == "ot=th:8;k:v,a=1,b=2"


def test_the_last_member_makes_room_where_there_are_too_many():
    full = ",".join(f"k{number}=1" for number in range(MAX_MEMBERS))
    assert replace(full, OtState(threshold=0)) == "ot=th:0," + full.rpartition(",")[0]


def test_a_value_that_would_be_too_long_is_not_written():
    full = "ot=k:" + "v" * 250
    assert replace(full, OtState(threshold=1, others=parse(full).others)) == full


def test_a_state_with_nothing_to_say_has_no_member():
    assert replace("ot=th:8,a=1", OtState()) == "a=1"


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error(text: str):
    assert parse(text) is not None
    assert parse("ot=" + text) is not None
