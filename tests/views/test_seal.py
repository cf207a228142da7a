"""The tick: what is due, of whom, and in how much time."""

import json

import pytest

from chalicelib.model.errors import StoreError
from chalicelib.storage.view_names import parse_merged_body
from chalicelib.views import seal
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline, found_in, trace_id_of
from tests.views.traffic import S, spans_of

NOON = NOON_NS // S
DIGESTS = ("dig#",)


@pytest.fixture
def pipeline():
    return Pipeline(clock=Clock(NOON_NS))


def post(pipeline, trace, tenant=TENANT, age_s=0):
    spans = spans_of(trace, ["a", "b"], pipeline.clock.at_ns - age_s * S)
    pipeline.deliver([pipeline.post(spans, tenant)])


def merged(pipeline, hour=NOON):
    found = pipeline.views._views[TENANT, f"roh#{NOON // 86400 * 86400}"]
    view = found.get(str(hour))
    return None if view is None else parse_merged_body(view.body).until


def test_what_was_posted_is_in_a_digest_within_three_minutes(pipeline):
    post(pipeline, "one")
    pipeline.clock.advance_s(165)
    pipeline.tick()
    assert found_in(pipeline.views, DIGESTS) == {(TENANT, trace_id_of("one"))}


def test_every_active_tenants_windows_are_sealed(pipeline):
    post(pipeline, "one", "acme")
    post(pipeline, "two", "globex")
    pipeline.clock.advance_s(165)
    pipeline.tick()
    assert {tenant for tenant, _ in found_in(pipeline.views, DIGESTS)} == {"acme", "globex"}


def test_a_window_that_is_sealed_is_left_alone(pipeline):
    post(pipeline, "one")
    pipeline.settle()
    sealed = pipeline.telemetry.counts["pieces_sealed"]
    pipeline.settle()
    assert pipeline.telemetry.counts["pieces_sealed"] == sealed == 1


def test_windows_for_which_there_is_no_time_are_handed_over(pipeline):
    for number in range(3):
        post(pipeline, f"trace {number}")
        pipeline.clock.advance_s(60)
    pipeline.clock.advance_s(165)
    pipeline.fuse.on_call = lambda: pipeline.clock.advance_s(1)
    pipeline.tick(in_s=25)
    pipeline.fuse.on_call = lambda: None
    handed = [json.loads(message) for message in pipeline.queue._waiting]
    assert {message["do"] for message in handed} == {"seal"}
    assert handed
    pipeline.work()
    assert len(found_in(pipeline.views, DIGESTS)) == 3


def test_tenants_for_which_there_is_no_time_are_handed_over(pipeline):
    post(pipeline, "one", "acme")
    post(pipeline, "two", "globex")
    pipeline.clock.advance_s(165)
    pipeline.tick(in_s=9)
    handed = [json.loads(message) for message in pipeline.queue._waiting]
    assert [(message["do"], message["tenant"]) for message in handed] == [("tick", "acme"), ("tick", "globex")]
    pipeline.work()
    assert len(found_in(pipeline.views, DIGESTS)) == 2


def test_a_tenant_whose_store_fails_does_not_hold_up_the_others(pipeline):
    post(pipeline, "one", "acme")
    post(pipeline, "two", "globex")
    pipeline.clock.advance_s(165)
    read_kept = pipeline.facts.read_kept

    def failing(tenant, trace_id, deadline, **how):
        if tenant == "acme":
            raise StoreError("away")
        return read_kept(tenant, trace_id, deadline, **how)

    pipeline.facts.read_kept = failing
    pipeline.tick()
    assert {tenant for tenant, _ in found_in(pipeline.views, DIGESTS)} == {"globex"}
    assert pipeline.telemetry.counts["seals_failed"] == 1
    pipeline.facts.read_kept = read_kept
    pipeline.tick()
    assert {tenant for tenant, _ in found_in(pipeline.views, DIGESTS)} == {"acme", "globex"}


def test_what_nobody_came_to_for_hours_is_found_once_an_hour(pipeline):
    post(pipeline, "one")
    pipeline.clock.advance_s(5 * 3600)
    pipeline.tick()
    assert not found_in(pipeline.views, DIGESTS)
    pipeline.clock.advance_s(37 * 60)
    pipeline.tick()
    assert found_in(pipeline.views, DIGESTS) == {(TENANT, trace_id_of("one"))}


def test_windows_without_segments_are_asked_about_once(pipeline):
    post(pipeline, "one")
    pipeline.settle()
    calls = []
    pipeline.fuse.on_call = lambda: calls.append(1)
    pipeline.tick()
    first, calls[:] = len(calls), []
    pipeline.tick()
    assert len(calls) <= first
    assert len(calls) < 12


def test_an_hour_is_merged_a_quarter_of_an_hour_after_its_end(pipeline):
    post(pipeline, "one")
    pipeline.settle()
    pipeline.clock.at_ns = (NOON + 3600 + 900 + 164) * S
    pipeline.tick()
    assert merged(pipeline) is None
    pipeline.clock.advance_s(1)
    pipeline.tick()
    assert merged(pipeline) == NOON + 3600 + 900


def test_a_merge_that_was_missed_is_found_once_an_hour(pipeline):
    post(pipeline, "one")
    pipeline.settle()
    pipeline.clock.at_ns = (NOON + 5 * 3600 + 37 * 60) * S
    pipeline.tick()
    assert merged(pipeline) == NOON + 3600 + 900


def test_an_hour_of_which_more_came_within_a_day_is_merged_again_after_it(pipeline):
    post(pipeline, "one")
    pipeline.settle()
    pipeline.clock.at_ns = (NOON + 4 * 3600) * S
    post(pipeline, "two", age_s=4 * 3600)
    pipeline.settle()
    pipeline.clock.at_ns = (NOON + 4 * 3600 + 37 * 60) * S
    pipeline.tick()
    assert merged(pipeline) == NOON + 3600 + 900
    pipeline.clock.at_ns = (NOON + 25 * 3600 + 37 * 60) * S
    pipeline.tick()
    assert merged(pipeline) == NOON + 25 * 3600


def test_what_is_remembered_of_silence_goes_no_further_back_than_a_tick_looks(pipeline):
    """A container may live for hours without ever being the one that has the deep minute."""
    post(pipeline, "one", "acme")
    post(pipeline, "two", "globex")
    for _ in range(20):
        pipeline.clock.advance_s(1800)
        pipeline.tick()
    remembered = seal._empty[pipeline.services.views]
    windows = seal.LOOK_BACK_S // 60 + 1
    assert {tenant: len(quiet) <= windows for tenant, quiet in remembered.items()} == {"acme": True, "globex": True}
