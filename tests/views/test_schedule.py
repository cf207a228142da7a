"""When what is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.windows import HOUR_S
from chalicelib.settings import Settings
from chalicelib.views.schedule import (
    DAY_S,
    hours_to_merge,
    is_due,
    lag_s,
    may_seal_again,
    merge_untils,
    newest_due,
)

SETTINGS = Settings(seal_window_s=60, seal_quiet_s=60, seal_grace_s=45)
NOON = 1_767_268_800
NS = 10**9


def test_a_window_is_due_once_it_is_over_and_quiet_and_every_write_has_ended():
    assert lag_s(SETTINGS) == 165
    assert not is_due(NOON, SETTINGS, (NOON + 165) * NS - 1)
    assert is_due(NOON, SETTINGS, (NOON + 165) * NS)
    assert is_due(NOON, SETTINGS, (NOON + 160) * NS, early_s=5)


@given(st.integers(NOON, NOON + DAY_S))
def test_the_newest_window_that_is_due_is_due_and_the_next_is_not(now_s):
    newest = newest_due(SETTINGS, now_s * NS)
    assert newest % 60 == 0
    assert is_due(newest, SETTINGS, now_s * NS)
    assert not is_due(newest + 60, SETTINGS, now_s * NS)


@pytest.mark.parametrize(
    ("undecided_hours", "hours", "may"), [(24, 20, True), (24, 21, False), (6, 5, True), (6, 6, False)]
)
def test_a_window_is_sealed_again_only_while_all_that_it_was_made_of_is_there(undecided_hours, hours, may):
    settings = Settings(undecided_hours=undecided_hours)
    assert may_seal_again(NOON, settings, (NOON + hours * HOUR_S) * NS) == may


def test_an_hour_is_merged_a_quarter_of_an_hour_after_its_end_and_after_a_day():
    soon, later = NOON + HOUR_S + 900, NOON + HOUR_S + DAY_S
    assert merge_untils(NOON, SETTINGS, (soon + 164) * NS) == []
    assert merge_untils(NOON, SETTINGS, (soon + 165) * NS) == [soon]
    assert merge_untils(NOON, SETTINGS, (later + 165) * NS) == [soon, later]


@given(st.integers(NOON, NOON + DAY_S), st.integers(60, 3 * HOUR_S))
def test_the_hours_to_merge_are_those_with_a_merge_that_just_became_due(now_s, within_s):
    hours = range(NOON - 3 * DAY_S, NOON + 2 * DAY_S, HOUR_S)
    before, now = ([merge_untils(hour, SETTINGS, at * NS) for hour in hours] for at in (now_s - within_s, now_s))
    changed = [hour for hour, earlier, later in zip(hours, before, now, strict=True) if earlier != later]
    assert hours_to_merge(SETTINGS, now_s * NS, within_s) == changed
