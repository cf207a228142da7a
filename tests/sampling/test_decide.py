import json
import random
from collections.abc import Sequence
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.stored_trace import StoredTrace
from chalicelib.propagation.probability import MAX_THRESHOLD, adjusted_count
from chalicelib.sampling.decide import keeps, verdicts
from chalicelib.sampling.policies import parse
from chalicelib.sampling.thresholds import NEVER, of_percentage
from tests.actors import failure
from tests.sampling.traces import instruments, random_trace, trace

HALF = 1 << 55
QUARTER = 3 << 54  # the threshold that keeps a quarter
TEAM_A = {"attributes": {"team": "a"}}
TEAM_B = {"attributes": {"team": "b"}}


def policy(kind: str, **parameters: object) -> dict:
    return {"name": f"{kind} {json.dumps(parameters)}", "type": kind, kind: parameters}


def of_team(team: str, *, invert: bool = False) -> dict:
    return policy("string_attribute", key="team", values=[team], invert_match=invert)


def percent(number: float) -> dict:
    return policy("probabilistic", sampling_percentage=number)


def both(*parts: dict) -> dict:
    return policy("and", and_sub_policy=list(parts))


def drop(*parts: dict) -> dict:
    return policy("drop", drop_sub_policy=list(parts))


def composite(rate: int, *parts: tuple[dict, int]) -> dict:
    return policy(
        "composite",
        max_total_spans_per_second=rate,
        composite_sub_policy=[part for part, _ in parts],
        rate_allocation=[{"policy": part["name"], "percent": share} for part, share in parts],
    )


ALWAYS = policy("always_sample")
FAILED = policy("status_code", status_codes=["ERROR"])


def judged(policies: Sequence[dict], traces: Sequence[StoredTrace], *, window_s=1, share=1.0) -> list[int | None]:
    document = json.dumps({"policies": policies}).encode()
    return verdicts(
        parse(document), traces, window_s, share, instruments(size_bytes=lambda trace: 100 * len(trace.spans))
    )


def verdict(*policies: dict, **fields: object) -> int | None:
    return judged(policies, [trace(**fields)])[0]


def kept(policies: Sequence[dict], traces: Sequence[StoredTrace], **changed: float) -> list[StoredTrace]:
    found = zip(traces, judged(policies, traces, **changed), strict=True)
    return [one for one, threshold in found if keeps(threshold, one)]


def test_a_trace_that_no_policy_wants_has_no_threshold_and_is_not_kept():
    assert verdict(FAILED) is None
    assert not keeps(None, trace(MAX_THRESHOLD))


def test_a_trace_that_a_policy_wants_is_kept_and_counts_once():
    assert verdict(FAILED, **failure()) == 0
    assert keeps(0, trace(0))


def test_the_smallest_threshold_of_all_policies_counts():
    assert verdict(percent(25), percent(50), FAILED) == HALF
    assert verdict(percent(25), percent(50), FAILED, **failure()) == 0


def test_a_trace_is_kept_from_its_threshold_on():
    assert [keeps(HALF, trace(randomness)) for randomness in (HALF - 1, HALF, MAX_THRESHOLD)] == [False, True, True]
    assert not keeps(NEVER, trace(MAX_THRESHOLD))


def test_all_parts_of_an_and_must_agree_and_the_largest_threshold_counts():
    rule = both(of_team("a"), percent(50), percent(25))
    assert verdict(rule, **TEAM_A) == QUARTER
    assert verdict(rule, **TEAM_B) is None


def test_a_drop_wins_over_whoever_wants_the_trace():
    assert verdict(ALWAYS, drop(of_team("a"), FAILED), **TEAM_A, **failure()) is None
    assert verdict(ALWAYS, drop(of_team("a"), FAILED), **TEAM_A) == 0


def test_policies_that_rest_keep_everything():
    resting = parse(json.dumps({"policies": [FAILED], "enabled": False}).encode())
    assert verdicts(resting, [trace()], 1, 1.0, instruments()) == [0]


class TestInvertedConditions:
    """The table of the Collector's README, "inverted" decisions."""

    def test_alone_they_keep_what_does_not_match(self):
        assert verdict(of_team("a", invert=True), **TEAM_B) == 0
        assert verdict(of_team("a", invert=True), **TEAM_A) is None

    def test_what_they_match_is_lost_whatever_others_say(self):
        assert verdict(of_team("a", invert=True), ALWAYS, **TEAM_A) is None

    def test_they_keep_nothing_that_another_policy_does_not(self):
        assert verdict(of_team("a", invert=True), FAILED, **TEAM_B) is None
        assert verdict(of_team("a", invert=True), FAILED, **TEAM_B, **failure()) == 0
        assert verdict(of_team("a", invert=True), percent(50), **TEAM_B) == HALF

    def test_two_of_them_must_both_be_content(self):
        rules = (of_team("a", invert=True), of_team("c", invert=True))
        assert verdict(*rules, **TEAM_B) == 0
        assert verdict(*rules, **TEAM_A) is None

    def test_within_an_and_or_a_drop_they_are_conditions_like_others(self):
        assert verdict(both(of_team("a", invert=True), percent(50)), ALWAYS, **TEAM_A) == 0
        assert verdict(both(of_team("a", invert=True), percent(50)), **TEAM_B) == HALF
        assert verdict(drop(of_team("a", invert=True)), ALWAYS, **TEAM_B) is None
        assert verdict(drop(of_team("a", invert=True)), ALWAYS, **TEAM_A) == 0


class TestRates:
    def test_the_spans_of_a_window_are_its_length_times_the_rate(self):
        traces = [trace(randomness, span_count=2) for randomness in range(1, 11)]
        rule = [policy("rate_limiting", spans_per_second=2)]
        assert kept(rule, traces) == traces[-1:]
        assert kept(rule, traces, window_s=5) == traces[-5:]
        assert kept(rule, traces, window_s=5, share=0.5) == traces[-2:]
        assert judged(rule, traces, window_s=5) == [6] * 10

    def test_bytes_are_counted_likewise(self):
        traces = [trace(randomness, span_count=2) for randomness in range(1, 11)]
        assert kept([policy("bytes_limiting", bytes_per_second=450)], traces) == traces[-2:]

    def test_within_an_and_only_what_the_other_parts_keep_counts_against_the_rate(self):
        ours = [trace(randomness, **TEAM_A) for randomness in range(1, 11)]
        theirs = [trace(HALF + randomness, **TEAM_B) for randomness in range(1, 11)]
        rate = policy("rate_limiting", spans_per_second=3)
        assert kept([both(rate, of_team("a"))], [*ours, *theirs]) == ours[-3:]
        unlucky = [trace(HALF + randomness, **TEAM_A) for randomness in range(10)]
        assert kept([both(rate, percent(50))], [*ours, *unlucky]) == unlucky[-3:]

    def test_what_a_drop_takes_out_does_not_count_against_a_rate(self):
        ours = [trace(randomness, **TEAM_A) for randomness in range(1, 4)]
        health = [trace(HALF + randomness, **TEAM_B) for randomness in range(10)]
        assert kept([policy("rate_limiting", spans_per_second=3), drop(of_team("b"))], [*ours, *health]) == ours


class TestComposite:
    def test_each_part_has_its_share_of_the_rate(self):
        failed = [trace(randomness, **failure()) for randomness in range(1, 11)]
        fine = [trace(HALF + randomness) for randomness in range(1, 11)]
        rule = composite(10, (FAILED, 70), (ALWAYS, 30))
        assert kept([rule], [*failed, *fine]) == [*failed[-7:], *fine[-3:]]

    def test_a_trace_over_the_rate_of_its_part_is_not_offered_to_the_next(self):
        failed = [trace(randomness, **failure()) for randomness in range(1, 11)]
        assert len(kept([composite(10, (FAILED, 20), (ALWAYS, 80))], failed)) == 2

    def test_a_trace_that_no_part_wants_is_not_kept(self):
        assert verdict(composite(10, (FAILED, 50), (both(of_team("a"), percent(50)), 50))) is None

    def test_what_a_part_leaves_by_chance_it_keeps_to_itself(self):
        rule = composite(1000, (percent(25), 50), (ALWAYS, 50))
        assert judged([rule], [trace(0), trace(MAX_THRESHOLD)]) == [QUARTER, QUARTER]


POLICIES = [
    [percent(10), FAILED],
    [policy("rate_limiting", spans_per_second=60), both(of_team("a"), percent(30))],
    [both(of_team("b"), policy("rate_limiting", spans_per_second=40)), both(of_team("a"), percent(50)), FAILED],
    [composite(100, (FAILED, 30), (both(of_team("a"), percent(50)), 30), (ALWAYS, 40))],
    [policy("bytes_limiting", bytes_per_second=9000), percent(12.5)],
]


def shop(seed: int, count: int = 100) -> list[StoredTrace]:
    """Traces of two teams, of 1 to 5 spans; every tenth fails. Only their ids depend on the seed."""
    chance = random.Random(seed)
    teams = (TEAM_A, TEAM_B)
    return [
        random_trace(chance, 1 + number % 5, **teams[number % 2], **(failure() if number % 10 == 0 else {}))
        for number in range(count)
    ]


@pytest.mark.parametrize("policies", POLICIES)
def test_adjusted_counts_of_what_is_kept_estimate_what_there_was_without_bias(policies):
    estimates = []
    for seed in range(400):
        traces = shop(seed)
        counted = [
            (adjusted_count(threshold) / 1e6, one)
            for one, threshold in zip(traces, judged(policies, traces), strict=True)
            if threshold is not None and keeps(threshold, one)
        ]
        ours = sum(count for count, one in counted if one.spans[0].attributes == {"team": "a"})
        estimates.append(
            (sum(count for count, _ in counted), sum(len(one.spans) * count for count, one in counted), ours)
        )
    wanted = [one for one, threshold in zip(shop(0), judged(policies, shop(0)), strict=True) if threshold is not None]
    truths = (
        len(wanted),
        sum(len(one.spans) for one in wanted),
        sum(one.spans[0].attributes == {"team": "a"} for one in wanted),
    )
    for estimated, truth in zip(zip(*estimates, strict=True), truths, strict=True):
        error = stdev(estimated) / len(estimated) ** 0.5
        assert abs(fmean(estimated) - truth) < 4 * error + 1e-6
        assert error < truth / 20


@given(st.sampled_from(POLICIES), st.integers(0, 20), st.randoms())
def test_the_order_of_traces_does_not_change_a_verdict(policies, seed, chance):
    traces = shop(seed, 40)
    told = {one.trace_id: found for one, found in zip(traces, judged(policies, traces), strict=True)}
    chance.shuffle(traces)
    assert {one.trace_id: found for one, found in zip(traces, judged(policies, traces), strict=True)} == told


def test_everybody_who_keeps_a_share_of_traces_keeps_those_of_smaller_shares():
    traces = shop(3)
    ids = [{one.trace_id for one in kept([percent(number)], traces)} for number in (5, 20, 60, 100)]
    assert ids[0] < ids[1] < ids[2] < ids[3]
    assert of_percentage(100) == 0
