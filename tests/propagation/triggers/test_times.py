import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.triggers import times
from tests.propagation.triggers.events import NOON_NS

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1))  # noqa: DTZ001  # the zone is drawn beside it
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, ZONES)
def test_any_moment_of_iso_8601_is_read_as_datetime_does(moment, zone):
    local = moment.replace(tzinfo=zone)
    expected = (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert times.of_iso(local.isoformat()) == max(expected, 0)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z", "2026-11-22T12:00:00", "2026-11-22 13:00:00+01:00",
     "2026-11-22T08:30:00-0330", "2026-11-22T12:00:00.000000000Z"],
)  # fmt: skip
def test_the_forms_that_services_write_are_the_same_noon(text):
    assert times.of_iso(text) == NOON_NS


@pytest.mark.parametrize(
    "value",
    [None, "", 7, "2026-11-22", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-40T00:00:00Z",
     "22/Nov/2026:12:00:00", "2026-11-22T12:00:0٣Z", "x" * 1000, "1900-01-01T00:00:00Z", "9999-01-01T00:00:00Z", []],
)  # fmt: skip
def test_what_is_no_time_is_zero(value):
    assert times.of_iso(value) == 0


@pytest.mark.parametrize("value", [NOON_NS // 10**6, str(NOON_NS // 10**6), NOON_NS / 1e6])
def test_milliseconds_are_numbers_or_digits(value):
    assert times.of_ms(value) == NOON_NS


@pytest.mark.parametrize("value", [NOON_NS // 10**9, NOON_NS / 1e9, NOON_NS // 10**6, "2026-11-22T12:00:00Z"])
def test_seconds_milliseconds_and_texts_are_told_apart(value):
    assert times.of_any(value) == NOON_NS


@pytest.mark.parametrize(
    "value",
    [None, True, "", "-1", -1, 0, math.nan, math.inf, -math.inf, 10**400, 1e300, "9" * 19, "9" * 400, [], "\u0661"],
)
def test_a_number_that_is_no_time_is_zero(value):
    assert (times.of_ms(value), times.of_s(value), times.of_any(value)) == (0, 0, 0)


def test_a_microsecond_of_a_float_is_kept():
    assert times.of_s(1545084650.987654) == 1545084650_987654000
