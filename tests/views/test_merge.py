"""Hours put together."""

import pytest

from chalicelib.codecs.stored import stored_trace
from chalicelib.rollups import packing
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.rollup import coarsen, total
from chalicelib.storage.view_names import MergedBody, parse_merged_body
from chalicelib.views.merge import merge, merge_if_missing
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline
from tests.views.traffic import S, spans_of

NOON = NOON_NS // S
UNTIL = NOON + 3600 + 900


@pytest.fixture
def pipeline():
    made = Pipeline(clock=Clock(NOON_NS))
    for number in range(3):
        post(made, f"trace {number}")
        made.clock.advance_s(60)
    made.settle()
    made.clock.at_ns = (UNTIL + 165) * S
    return made


def post(pipeline, trace, age_s=0):
    arrival = pipeline.post(spans_of(trace, ["a", "b", "c"], pipeline.clock.at_ns - age_s * S))
    pipeline.deliver([arrival])


def merged(pipeline) -> MergedBody:
    return parse_merged_body(pipeline.views._views[TENANT, f"roh#{NOON // 86400 * 86400}"][str(NOON)].body)


def whole(pipeline):
    rollups = [
        rollup
        for _, kept in pipeline.facts.scan()
        for hour, rollup in contribution(stored_trace([kept])).items()
        if hour == NOON
    ]
    return packing.pack(coarsen(total(rollups)))


def test_a_merged_hour_is_the_sum_of_its_rollups_without_minutes(pipeline):
    assert merge(pipeline.services, TENANT, NOON, pipeline.clock.deadline())
    assert merged(pipeline).until == UNTIL
    assert packing.unpack(merged(pipeline).packed).red == packing.unpack(whole(pipeline)).red


def test_an_hour_that_was_merged_is_left_alone(pipeline):
    assert merge_if_missing(pipeline.services, TENANT, NOON, pipeline.clock.deadline())
    assert not merge_if_missing(pipeline.services, TENANT, NOON, pipeline.clock.deadline())


def test_an_hour_without_rollups_is_not_merged(pipeline):
    assert not merge(pipeline.services, TENANT, NOON - 3600, pipeline.clock.deadline())


def test_an_hour_whose_merge_is_not_due_is_not_merged(pipeline):
    pipeline.clock.at_ns -= S
    assert not merge(pipeline.services, TENANT, NOON, pipeline.clock.deadline())


@pytest.fixture
def late(pipeline):
    """A block that arrived in the hour, of which the stream has not told yet."""
    pipeline.clock.at_ns = (NOON + 30) * S
    arrival = pipeline.post(spans_of("late", ["a", "b"], NOON_NS))
    pipeline.clock.at_ns = (UNTIL + 165) * S
    return arrival


def test_a_window_that_is_sealed_again_is_merged_again(pipeline, late):
    merge(pipeline.services, TENANT, NOON, pipeline.clock.deadline())
    pipeline.deliver([late])
    pipeline.work()
    assert packing.unpack(merged(pipeline).packed).red == packing.unpack(whole(pipeline)).red


def test_spans_that_come_after_the_merge_are_left_to_readers_of_the_later_windows(pipeline):
    merge(pipeline.services, TENANT, NOON, pipeline.clock.deadline())
    before = merged(pipeline)
    post(pipeline, "late", age_s=3600)
    pipeline.settle()
    assert merged(pipeline) == before
    later = [sort for sort in pipeline.views._views[TENANT, f"rol#{NOON}"] if sort >= str(UNTIL)]
    assert len(later) == 1


@pytest.mark.parametrize("call", range(4))
def test_of_two_who_merge_at_once_the_last_to_put_has_seen_everything(pipeline, late, call):
    """One has asked `call` times for something when a window is sealed again, and merged, and then it goes on."""
    calls = iter(range(1000))

    def interrupt():
        if next(calls) == call:
            pipeline.deliver([late])
            pipeline.work()

    pipeline.fuse.on_call = interrupt
    merge(pipeline.services, TENANT, NOON, pipeline.clock.deadline())
    assert packing.unpack(merged(pipeline).packed).red == packing.unpack(whole(pipeline)).red
