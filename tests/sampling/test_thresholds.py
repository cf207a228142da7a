from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.probability import MAX_THRESHOLD, adjusted_count_of, parse
from chalicelib.sampling.thresholds import NEVER, of_percentage, of_probability, raised, randomness
from tests.actors import span

THRESHOLDS = st.integers(0, MAX_THRESHOLD)


def digits(threshold: int) -> str:
    return f"{threshold:014x}".rstrip("0") or "0"


@pytest.mark.parametrize(
    ("one_in", "precision", "th"),
    [
        (1, 4, "0"),
        (2, 3, "8"),
        (2, 5, "8"),
        (3, 3, "aab"),
        (3, 4, "aaab"),
        (3, 5, "aaaab"),
        (4, 4, "c"),
        (5, 3, "ccd"),
        (5, 4, "cccd"),
        (8, 4, "e"),
        (10, 3, "e66"),
        (10, 4, "e666"),
        (10, 5, "e6666"),
        (16, 4, "f"),
        (100, 3, "fd71"),
        (100, 4, "fd70a"),
        (100, 5, "fd70a4"),
        (1000, 3, "ffbe7"),
        (1000, 4, "ffbe77"),
        (1000, 5, "ffbe76d"),
        (1_000_000, 3, "ffffef4"),
        (1_000_000, 4, "ffffef39"),
        (1_000_000, 5, "ffffef391"),
    ],
)
def test_one_in_so_many_has_the_threshold_of_the_specification(one_in, precision, th):
    assert digits(of_probability(Fraction(1, one_in), precision)) == th


@pytest.mark.parametrize(
    ("percentage", "threshold"),
    [(100, 0), (50, 1 << 55), (25, 3 << 54), (0, NEVER), (1e-15, 0xFFFFFFFFFFFFFF), (99.999, 0x0000A7C6000000)],
)
def test_a_percentage_is_a_threshold(percentage, threshold):
    assert of_percentage(percentage) == threshold


@given(st.floats(1e-12, 100))
def test_what_a_percentage_keeps_is_what_it_says_to_four_digits(percentage):
    kept = (NEVER - of_percentage(percentage)) / NEVER
    assert kept == pytest.approx(percentage / 100, rel=1 / 4096)


def test_a_trace_is_as_random_as_the_end_of_its_id():
    assert randomness("0af7651916cd43dd8448eb211c80319c", [span("a")]) == 0x48EB211C80319C


def test_randomness_that_is_told_wins_and_the_roots_over_another_spans():
    root = span("root", trace_state="ot=rv:0000000000000a")
    child = span("child", parent=root, trace_state="ot=th:8;rv:00000000000001")
    assert randomness("f" * 32, [child]) == 1
    assert randomness("f" * 32, [child, root]) == randomness("f" * 32, [root, child]) == 10


@given(THRESHOLDS, THRESHOLDS)
def test_a_threshold_only_rises(own, new):
    state = f"vendor=1,ot=rv:0123456789abcd;th:{digits(own)};x:y"
    after = raised(state, new)
    assert parse(after).threshold == max(own, new)
    assert (parse(after).randomness, parse(after).others) == (0x0123456789ABCD, (("x", "y"),))
    assert "vendor=1" in after
    assert raised(after, new) == after


def test_a_span_without_a_threshold_takes_the_one_it_passed_at_the_front_of_its_list():
    assert raised("", 3 << 54) == "ot=th:c"
    assert raised("vendor=1,other=2", 3 << 54) == "ot=th:c,vendor=1,other=2"
    assert adjusted_count_of(raised("", 3 << 54)) == 4_000_000


def test_what_has_no_room_stays_as_it_was():
    full = "ot=" + ";".join(f"k{number}:{'v' * 25}" for number in range(9))
    assert raised(full, 1) == full
