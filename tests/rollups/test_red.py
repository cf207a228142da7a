import pytest

from chalicelib.model.rollups import RedSeries
from chalicelib.model.span import Kind, Span
from chalicelib.model.windows import Window
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.red import LABELS, Wanted, red_series
from chalicelib.rollups.rollup import Rollup, coarsen
from tests.actors import MS, NOON_NS, PAYMENTS, span
from tests.rollups.strategies import HOUR_NS, stored

NOON_S = NOON_NS // 10**9
DAY = Window(NOON_NS, NOON_NS + 24 * HOUR_NS)


def minutes(*offsets: int) -> dict[int, Rollup]:
    """A server span of checkout and a client span of payments in each of these minutes past noon."""
    made: list[Span] = []
    for minute in offsets:
        at = (minute * 60_000, minute * 60_000 + 10)
        made.append(span(f"serve {minute}", kind=Kind.SERVER, at=at))
        made.append(span(f"call {minute}", kind=Kind.CLIENT, at=at, resource=PAYMENTS))
    return contribution(stored(made))


def points(series: RedSeries) -> list[tuple[int, float]]:
    return [((point.start_s - NOON_S) // 60, point.red.calls) for point in series.points]


def test_calls_are_in_the_step_in_which_they_began():
    (series,) = red_series(minutes(0, 1, 4, 9), DAY, 300)
    assert points(series) == [(0, 6), (5, 2)]


def test_hours_follow_one_another():
    (series,) = red_series(minutes(59, 60, 61), DAY, 60)
    assert points(series) == [(59, 2), (60, 2), (61, 2)]


def test_only_minutes_in_the_window_count():
    window = Window(NOON_NS + 60 * 10**9, NOON_NS + 120 * 10**9)
    (series,) = red_series(minutes(0, 1, 2), window, 60)
    assert points(series) == [(1, 2)]


def test_there_is_a_series_for_each_combination_of_labels():
    found = red_series(minutes(0), DAY, 60, by=frozenset(["service", "kind"]))
    assert [(each.service, each.operation, each.kind) for each in found] == [
        ("checkout", None, "server"),
        ("payments", None, "client"),
    ]


@pytest.mark.parametrize(
    ("wanted", "calls"),
    [
        (Wanted(service="checkout"), 1),
        (Wanted(operation="call 0"), 1),
        (Wanted(kinds=frozenset(["server", "client"])), 2),
        (Wanted(service="checkout", kinds=frozenset(["client"])), None),
    ],
)
def test_only_what_is_wanted_is_counted(wanted: Wanted, calls: int | None):
    found = red_series(minutes(0), DAY, 60, wanted)
    assert [point.red.calls for each in found for point in each.points] == ([calls] if calls else [])


def test_coarsened_hours_are_read_by_hours():
    rollups = {hour: coarsen(rollup) for hour, rollup in minutes(0, 30, 60).items()}
    (series,) = red_series(rollups, DAY, 3600)
    assert points(series) == [(0, 4), (60, 2)]
    with pytest.raises(ValueError, match="finer than the hours"):
        red_series(rollups, DAY, 60)


@pytest.mark.parametrize("step_s", [0, -60, 90])
def test_a_step_that_is_no_whole_minute_is_refused(step_s: int):
    with pytest.raises(ValueError, match="not a multiple of 60"):
        red_series({}, DAY, step_s)


def test_an_unknown_label_is_refused():
    with pytest.raises(ValueError, match="not one of service, operation, kind"):
        red_series({}, DAY, 60, by=frozenset([*LABELS, "colour"]))


def test_durations_are_within_the_stated_error():
    (series,) = red_series(minutes(0), DAY, 60)
    latency = series.points[0].red.latency
    assert latency is not None
    for found_ns in (latency.mean_ns, latency.p50_ns, latency.p90_ns, latency.p95_ns, latency.p99_ns):
        assert found_ns == pytest.approx(10 * MS, rel=0.045)
