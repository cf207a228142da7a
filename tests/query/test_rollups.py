"""What rollups answer, over views that the pipeline made, against rollups of all facts at once."""

import msgspec
import pytest

from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.view import View
from chalicelib.model.windows import Window, hour_of
from chalicelib.query.rollups import (
    RedRequest,
    graph_report,
    operations_report,
    red_report,
    services_report,
)
from chalicelib.rollups import packing, red
from chalicelib.rollups.graph import graph
from chalicelib.rollups.red import Wanted
from chalicelib.rollups.rollup import coarsen
from chalicelib.storage.view_names import PieceName, piece_sort, rollup_partition
from tests.in_memory import TENANT
from tests.query.worlds import HOUR, MINUTE, S, tell
from tests.views.pipeline import Pipeline, offline


@pytest.fixture(scope="module")
def settled():
    """Five hours of traces, the older ones merged."""
    pipeline = Pipeline()
    tell(pipeline, seed=21, count=200)
    pipeline.settle(3600)
    assert [partition for _, partition in pipeline.views._views if partition.startswith("roh#")]
    return pipeline


@pytest.fixture(scope="module")
def sums(settled):
    return {hour: rollup for (_, hour), rollup in offline(settled.facts).items()}


def windows(pipeline):
    end_ns = pipeline.clock.at_ns // MINUTE * MINUTE
    hour_ns = end_ns // HOUR * HOUR
    return [
        Window(hour_ns - 8 * HOUR, hour_ns),
        Window(hour_ns - 3 * HOUR, hour_ns - 2 * HOUR),
        Window(end_ns - 200 * MINUTE, end_ns - 95 * MINUTE),
    ]


def test_services_are_those_of_all_facts(settled, sums):
    for window in windows(settled):
        report = services_report(settled.services, TENANT, window, settled.clock.deadline())
        assert report.services == red.services(sums, window)
        assert report.partial is None
    assert {each.service for each in report.services} <= {"a", "b", "c"}


def test_operations_are_those_of_all_facts(settled, sums):
    for window in windows(settled):
        report = operations_report(settled.services, TENANT, "a", window, settled.clock.deadline())
        assert report.operations == red.operations(sums, window, "a")
    assert operations_report(settled.services, TENANT, "x", window, settled.clock.deadline()).operations == ()


def test_the_graph_is_that_of_all_facts(settled, sums):
    for window in windows(settled):
        report = graph_report(settled.services, TENANT, window, settled.clock.deadline())
        drawn = graph(sums, window)
        assert (report.nodes, report.edges) == (drawn.nodes, drawn.edges)
    assert report.edges


@pytest.mark.parametrize("step_s", [60, 300, 3600, 7200])
@pytest.mark.parametrize("by", [frozenset(), frozenset({"service", "kind"})])
def test_red_by_step_is_that_of_all_facts(settled, sums, step_s, by):
    for window in windows(settled):
        request = RedRequest(window=window, step_s=step_s, wanted=Wanted(kinds=frozenset({"server"})), by=by)
        report = red_report(settled.services, TENANT, request, settled.clock.deadline())
        whole = Window(window.start_ns // (step_s * S) * (step_s * S), -(-window.end_ns // (step_s * S)) * (step_s * S))
        assert report.series == red.red_series(sums, whole, step_s, request.wanted, by)
        assert report.step_s == step_s
        assert report.covered.start_time_unix_nano == str(whole.start_ns)


def test_merged_hours_are_read_instead_of_their_minutes(settled):
    hour_ns = settled.clock.at_ns // HOUR * HOUR
    deadline = settled.clock.deadline()
    whole = services_report(settled.services, TENANT, Window(hour_ns - 4 * HOUR, hour_ns - 3 * HOUR), deadline)
    cut = services_report(settled.services, TENANT, Window(hour_ns - 4 * HOUR, hour_ns - 3 * HOUR - 1), deadline)
    assert whole.scanned.views < cut.scanned.views / 5


def test_a_tenant_without_spans_has_no_services():
    empty = Pipeline()
    window = Window(empty.clock.at_ns - HOUR, empty.clock.at_ns)
    assert services_report(empty.services, TENANT, window, empty.clock.deadline()).services == ()
    assert services_report(empty.services, TENANT, Window(0, HOUR), empty.clock.deadline()).services == ()


def test_at_the_deadline_the_newest_hours_are_told():
    pipeline = Pipeline()
    tell(pipeline, seed=22, count=50, hours=2)
    pipeline.settle(900)
    window = Window(pipeline.clock.at_ns - 200 * HOUR, pipeline.clock.at_ns)
    pipeline.fuse.on_call = lambda: pipeline.clock.advance_s(1)
    report = services_report(pipeline.services, TENANT, window, pipeline.clock.deadline())
    assert report.partial == "the deadline was reached"
    assert report.services
    assert window.start_ns < int(report.covered.start_time_unix_nano) < window.end_ns


def test_a_rollup_that_cannot_be_read_is_an_error():
    pipeline = Pipeline()
    hour = hour_of(pipeline.clock.at_ns)
    broken = View(
        partition=rollup_partition(hour), sort=piece_sort(PieceName(hour, "-")), body=b"\xff", expires_at_s=2**40
    )
    pipeline.views.put(TENANT, [broken], pipeline.clock.deadline())
    window = Window(hour * S, hour * S + HOUR)
    with pytest.raises(StoreError, match="cannot be read"):
        services_report(pipeline.services, TENANT, window, pipeline.clock.deadline())


def with_an_hour_that_lost_its_minutes():
    """What packing does to an hour of thousands of operations, each in every minute."""
    pipeline = Pipeline()
    tell(pipeline, seed=23, count=20, hours=1)
    pipeline.settle(900)
    [(tenant, partition)] = [key for key in pipeline.views._views if key[1].startswith("rol#")][:1]
    views = pipeline.views._views[tenant, partition]
    for sort, view in views.items():
        body = packing.pack(coarsen(packing.unpack(view.body)))
        views[sort] = msgspec.structs.replace(view, body=body)
    start_ns = int(partition.removeprefix("rol#")) * S
    return pipeline, Window(start_ns, start_ns + HOUR)


def red_of(pipeline, window, step_s):
    request = RedRequest(window=window, step_s=step_s, wanted=Wanted(), by=frozenset())
    return red_report(pipeline.services, TENANT, request, pipeline.clock.deadline())


def test_an_hour_that_is_known_as_a_whole_only_is_told_so():
    pipeline, window = with_an_hour_that_lost_its_minutes()
    with pytest.raises(QueryError, match="a step of 3600 s"):
        red_of(pipeline, window, 60)
    by_the_hour = red_of(pipeline, window, 3600)
    assert len(by_the_hour.series[0].points) == 1
    assert red_of(pipeline, window, None).series == by_the_hour.series


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"window": Window(5, 5)}, "range"),
        ({"step_s": 30}, "multiple"),
        ({"step_s": 90}, "multiple"),
        ({"window": Window(0, 10**9 * S), "step_s": 60}, "steps"),
        ({"by": frozenset({"color"})}, "color"),
    ],
)
def test_a_question_that_cannot_be_asked_is_the_askers_fault(settled, wrong, message):
    request = {"window": Window(0, HOUR), "step_s": 60, "wanted": Wanted(), "by": frozenset()} | wrong
    with pytest.raises(QueryError, match=message):
        red_report(settled.services, TENANT, RedRequest(**request), settled.clock.deadline())
