from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rollups.sketches import (
    BUCKETS_PER_OCTAVE,
    MAX_BUCKET,
    RELATIVE_ERROR,
    UNKNOWN,
    ZERO,
    boundaries,
    bucket_of,
    duration_of,
    mean,
    quantile,
    total,
)
from tests.rollups.sketching import added, sketch_of, subtracted

DURATIONS = st.integers(0, 2**64 - 1) | st.integers(0, 100) | st.integers(0, 63).map(lambda octave: 1 << octave)
MANY = st.lists(DURATIONS, min_size=1, max_size=60)
PERCENTS = st.integers(0, 100)


def test_the_stated_error_is_under_four_and_a_half_percent():
    assert RELATIVE_ERROR < 0.045


@given(DURATIONS)
def test_a_duration_lies_between_the_boundaries_of_its_bucket(duration_ns: int):
    bucket = bucket_of(duration_ns)
    if duration_ns == 0:
        assert bucket == ZERO
        return
    assert boundaries()[bucket] <= duration_ns
    assert bucket == MAX_BUCKET or duration_ns < boundaries()[bucket + 1]


def test_boundaries_are_the_integers_not_below_the_powers_of_the_base():
    for bucket, boundary in enumerate(boundaries()):
        assert boundary**BUCKETS_PER_OCTAVE >= 1 << bucket
        assert (boundary - 1) ** BUCKETS_PER_OCTAVE < 1 << bucket


@given(DURATIONS.filter(bool))
def test_the_duration_of_a_bucket_is_near_all_that_are_in_it(duration_ns: int):
    assert duration_of(bucket_of(duration_ns)) == pytest.approx(duration_ns, rel=RELATIVE_ERROR + 1e-9)


@given(MANY, PERCENTS)
def test_quantiles_are_the_exact_ones_within_the_stated_error(durations: list[int], percent: int):
    rank = max(1, ceil(Fraction(percent, 100) * len(durations)))
    exact = sorted(durations)[rank - 1]
    assert quantile(sketch_of(durations), percent / 100) == pytest.approx(exact, rel=RELATIVE_ERROR + 1e-9)


@given(MANY)
def test_the_mean_is_within_the_stated_error(durations: list[int]):
    assert mean(sketch_of(durations)) == pytest.approx(sum(durations) / len(durations), rel=RELATIVE_ERROR + 1e-9)


@given(MANY, MANY)
def test_sketches_are_merged_and_taken_apart_again(some: list[int], others: list[int]):
    both = added(sketch_of(some), sketch_of(others))
    assert both == sketch_of(some + others)
    assert subtracted(both, sketch_of(others)) == sketch_of(some)


@given(MANY, PERCENTS, st.integers(1, 10**12))
def test_quantiles_do_not_depend_on_the_unit_of_the_counts(durations: list[int], percent: int, unit: int):
    sketch = sketch_of(durations)
    scaled = {bucket: count * unit for bucket, count in sketch.items()}
    assert quantile(scaled, percent / 100) == quantile(sketch, percent / 100)


def test_what_has_no_known_end_counts_as_a_call_and_in_no_quantile():
    sketch = {bucket_of(-1): 5, bucket_of(1000): 1}
    assert UNKNOWN in sketch
    assert total(sketch) == 6
    assert quantile(sketch, 0.01) == duration_of(bucket_of(1000))


@pytest.mark.parametrize("sketch", [{}, {UNKNOWN: 3}, {7: -1}])
def test_nothing_known_has_no_quantile_and_no_mean(sketch: dict[int, int]):
    assert quantile(sketch, 0.5) is None
    assert mean(sketch) is None
