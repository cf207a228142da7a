import random
from statistics import fmean, stdev

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.probability import MAX_THRESHOLD
from chalicelib.sampling.budgets import Claim, granted
from chalicelib.sampling.thresholds import NEVER

CLAIMS = st.lists(st.builds(Claim, st.integers(0, MAX_THRESHOLD) | st.integers(0, 3), st.integers(1, 20)), max_size=30)


def kept(claims, budget):
    return [
        claim for claim, threshold in zip(claims, granted(claims, budget), strict=True) if claim.randomness >= threshold
    ]


def test_what_fits_is_all_kept_and_counts_as_one():
    assert granted([Claim(5, 3), Claim(9, 7)], 10) == [0, 0]
    assert granted([], 10) == []


def test_the_most_random_are_kept_and_the_threshold_is_just_above_the_first_that_was_not():
    assert granted([Claim(5, 3), Claim(9, 7), Claim(2, 1)], 9) == [6, 6, 6]


def test_what_is_over_the_budget_alone_is_never_kept_and_takes_nothing_from_others():
    assert granted([Claim(9, 11), Claim(5, 10)], 10) == [NEVER, 0]


def test_those_of_the_same_randomness_share_their_fate():
    assert kept([Claim(5, 6), Claim(5, 6)], 10) == []


@given(CLAIMS, st.integers(0, 60))
def test_what_is_kept_is_within_the_budget(claims, budget):
    assert sum(claim.weight for claim in kept(claims, budget)) <= budget


@given(CLAIMS, st.integers(0, 60), st.randoms())
def test_the_order_of_claims_does_not_matter(claims, budget, chance):
    told = dict(zip(claims, granted(claims, budget), strict=True))
    chance.shuffle(claims)
    assert dict(zip(claims, granted(claims, budget), strict=True)) == told


@given(st.lists(st.integers(0, MAX_THRESHOLD)), st.integers(0, 30), st.integers(1, 30))
def test_traces_of_one_size_that_a_small_budget_keeps_a_larger_one_keeps_too(randomnesses, budget, more):
    claims = [Claim(randomness, 1) for randomness in randomnesses]
    assert {*kept(claims, budget)} <= {*kept(claims, budget + more)}


def test_counts_of_what_is_kept_estimate_what_there_was_without_bias():
    """200 traces of 1 to 9 spans, the long ones slow: how many, how many spans and how many slow, from what is kept."""
    weights = [1 + number % 9 for number in range(200)]
    estimates = []
    for seed in range(2000):
        chance = random.Random(seed)
        claims = [Claim(chance.getrandbits(56), weight) for weight in weights]
        counts = [
            (claim.weight, NEVER / (NEVER - threshold))
            for claim, threshold in zip(claims, granted(claims, 300), strict=True)
            if claim.randomness >= threshold
        ]
        slow = sum(count for weight, count in counts if weight >= 8)
        estimates.append((sum(count for _, count in counts), sum(weight * count for weight, count in counts), slow))
    truths = (200, sum(weights), sum(weight >= 8 for weight in weights))
    for estimated, truth in zip(zip(*estimates, strict=True), truths, strict=True):
        error = stdev(estimated) / 2000**0.5
        assert abs(fmean(estimated) - truth) < 4 * error
        assert error < truth / 100
