from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation import probability
from chalicelib.propagation.context import TraceContext
from chalicelib.tracing.sampling import KEEP_ALL, KEEP_NONE, sampler, threshold_of
from tests.tracing.lambda_world import PARENT, TRACE

LOW, HIGH = "0" * 31 + "1", "f" * 32  # ids of the least and the greatest randomness
trace_ids = st.integers(1, (1 << 128) - 1).map(lambda number: f"{number:032x}")


def parent(**fields):
    return TraceContext(TRACE, PARENT, **{"format": "w3c", "sampled": True, **fields})


def test_always_and_never_look_at_nothing():
    for above in (None, parent(sampled=False), parent(sampled=True)):
        assert sampler("always_on", 1)(TRACE, above)[0]
        assert not sampler("always_off", 1)(TRACE, above)[0]


def test_a_ratio_keeps_the_ids_of_most_randomness_and_says_its_threshold():
    decide = sampler("traceidratio", 0.25)
    assert decide(HIGH, None) == (True, "ot=th:c")
    assert decide(LOW, None) == (False, "")


def test_an_explicit_randomness_counts_instead_of_the_id():
    above = parent(trace_state="a=1,ot=rv:ffffffffffffff;k:v")
    assert sampler("traceidratio", 0.25)(LOW, above) == (True, "ot=th:c;rv:ffffffffffffff;k:v,a=1")


def test_a_threshold_that_is_no_longer_true_does_not_travel_on():
    above = parent(trace_state="ot=th:8")
    assert sampler("traceidratio", 0.25)(LOW, above) == (False, "")
    assert sampler("always_on", 1)(LOW, above) == (True, "ot=th:0")
    assert sampler("always_off", 1)(LOW, above) == (False, "")


@pytest.mark.parametrize("is_sampled", [True, False])
def test_a_parents_decision_is_followed(is_sampled):
    for name in ("parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"):
        assert sampler(name, 0.0)(TRACE, parent(sampled=is_sampled, trace_state="a=1")) == (is_sampled, "a=1")


@pytest.mark.parametrize("open_parent", [None, parent(sampled=None), parent(sampled=False, format="xray")])
def test_without_a_decision_or_with_x_rays_the_root_decides(open_parent):
    assert sampler("parentbased_always_on", 1)(TRACE, open_parent)[0]
    assert not sampler("parentbased_always_off", 1)(TRACE, open_parent)[0]


def test_x_rays_yes_does_not_decide_either():
    assert not sampler("parentbased_always_off", 1)(TRACE, parent(format="xray"))[0]


def test_debug_is_a_yes():
    assert sampler("parentbased_always_off", 1)(TRACE, parent(sampled=None, debug=True))[0]


def test_a_parents_threshold_that_contradicts_its_flag_is_dropped():
    assert sampler("parentbased_always_on", 1)(LOW, parent(trace_state="ot=th:8,a=1")) == (True, "a=1")
    assert sampler("parentbased_always_on", 1)(HIGH, parent(trace_state="ot=th:8,a=1")) == (True, "ot=th:8,a=1")


def test_what_is_hardly_anything_and_hardly_not_everything():
    assert threshold_of(0.0) == threshold_of(2.0**-57) == KEEP_NONE
    assert threshold_of(1.0) == KEEP_ALL
    assert threshold_of(2.0**-56) == probability.MAX_THRESHOLD
    assert 0 < threshold_of(1 - 1e-9) < 1 << 28


@given(st.floats(min_value=1e-12, max_value=1, exclude_max=True))
def test_the_threshold_is_the_ratio_to_five_digits(ratio):
    kept = Fraction(KEEP_NONE - threshold_of(ratio), KEEP_NONE)
    assert abs(kept / Fraction(ratio) - 1) < Fraction(1, 16**4)


@given(trace_ids, st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_smaller_ratio_keeps_a_subset(trace_id, one, other):
    less, more = sorted((one, other))
    assert not sampler("traceidratio", less)(trace_id, None)[0] or sampler("traceidratio", more)(trace_id, None)[0]


@given(trace_ids, st.floats(0.001, 0.999))
def test_the_tracestate_of_what_is_kept_proves_it(trace_id, ratio):
    is_kept, trace_state = sampler("traceidratio", ratio)(trace_id, None)
    said = probability.parse(trace_state)
    assert is_kept == (said.threshold is not None)
    assert not is_kept or probability.randomness_of(said, trace_id) >= said.threshold
