"""One window sealed: what is put, what is set aside, and what is left to others."""

import json

import msgspec
import pytest

from chalicelib.model.block import Block, payload_digest
from chalicelib.model.errors import UnreadableBlock
from chalicelib.model.view import SYSTEM_TENANT
from chalicelib.rollups.pieces import WHOLE
from chalicelib.settings import Settings
from chalicelib.storage.view_names import parse_marker_body
from chalicelib.views.seal import seal_window
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.mortal import Killed
from tests.views.pipeline import Pipeline, found_in, offline, settled, summed, trace_id_of
from tests.views.traffic import S, spans_of

NOON = NOON_NS // S
DIGESTS = ("dig#",)


def pipeline_of(**settings):
    return Pipeline(settings=Settings(**settings), clock=Clock(NOON_NS))


@pytest.fixture
def pipeline():
    return pipeline_of()


def post(pipeline, *traces, names="abc", age_s=0):
    pipeline.deliver(
        [pipeline.post(spans_of(trace, list(names), pipeline.clock.at_ns - age_s * S)) for trace in traces]
    )


def seal(pipeline, window=NOON, piece=WHOLE, in_s=50.0):
    seal_window(pipeline.services, TENANT, window, piece, pipeline.clock.deadline(in_s))


def markers(pipeline):
    return {
        sort: parse_marker_body(view.body)
        for sort, view in pipeline.views._views[TENANT, f"sealed#{NOON}"].items()
        if "+" not in sort
    }


def test_a_window_becomes_a_digest_and_a_rollup_in_each_hour_of_its_spans_and_a_marker(pipeline):
    post(pipeline, "one")
    post(pipeline, "two", age_s=3600)
    pipeline.clock.advance_s(165)
    seal(pipeline)
    assert found_in(pipeline.views, (f"dig#{NOON}",)) == {(TENANT, trace_id_of("one"))}
    assert found_in(pipeline.views, (f"dig#{NOON - 3600}",)) == {(TENANT, trace_id_of("two"))}
    assert summed(pipeline.views) == offline(pipeline.facts)
    [marker] = markers(pipeline).values()
    assert marker == (True, ((NOON - 3600, 1), (NOON, 1)))


def test_nothing_is_put_before_the_window_is_due(pipeline):
    post(pipeline, "one")
    pipeline.clock.advance_s(164)
    seal(pipeline)
    assert not settled(pipeline.views)


def test_a_window_without_segments_is_not_marked(pipeline):
    pipeline.clock.advance_s(165)
    seal(pipeline)
    assert not pipeline.views._views[TENANT, f"sealed#{NOON}"]


def test_a_late_block_reseals_the_trace_and_the_sums_are_right(pipeline):
    post(pipeline, "one", names="ab")
    pipeline.settle()
    post(pipeline, "one", names="cd")
    pipeline.settle()
    assert summed(pipeline.views) == offline(pipeline.facts)
    assert len([key for key in settled(pipeline.views) if key[1].startswith("rol#")]) == 2


def test_a_late_segment_takes_part_in_a_seal_that_is_under_way(pipeline):
    """The seal has read the window's segments when another one comes; its work is lost, say."""
    post(pipeline, "one")
    late = pipeline.post(spans_of("two", ["a"], NOON_NS))
    pipeline.clock.advance_s(165)
    calls = iter(range(100))

    def interrupt():
        if next(calls) == 3:
            pipeline.deliver([late])
            pipeline.queue.take()

    pipeline.fuse.on_call = interrupt
    seal(pipeline)
    assert found_in(pipeline.views, DIGESTS) == {(TENANT, trace_id_of("one")), (TENANT, trace_id_of("two"))}
    assert summed(pipeline.views) == offline(pipeline.facts)


def test_a_seal_that_dies_at_any_call_is_made_good_by_the_next(pipeline):
    post(pipeline, "one")
    post(pipeline, "two", age_s=3600)
    pipeline.clock.advance_s(165)
    for call in range(1000):
        pipeline.fuse.left = call
        try:
            seal(pipeline)
            break
        except Killed:
            pipeline.fuse.left = None
            assert not any(marker.is_sealed for marker in markers(pipeline).values()) or call > 10
            seal(pipeline)
            assert summed(pipeline.views) == offline(pipeline.facts)
            pipeline.views.drop()
            pipeline.deliver(pipeline.facts.told)
    assert call > 10


def test_a_trace_that_cannot_be_read_is_set_aside(pipeline):
    post(pipeline, "one", "two")
    broken = Block(trace_id=trace_id_of("two"), payload=b"\x0a\x09short", span_count=1)
    kept = pipeline.facts.told[-1].kept
    kept = msgspec.structs.replace(kept, block=broken, digest=payload_digest(broken.payload))
    pipeline.facts.consolidate(TENANT, kept, pipeline.clock.deadline())
    pipeline.clock.advance_s(165)
    seal(pipeline)
    assert found_in(pipeline.views, DIGESTS) == {(TENANT, trace_id_of("one"))}
    [letter] = pipeline.views._views[SYSTEM_TENANT, f"dead#{NOON // 86400 * 86400}"].values()
    assert letter.sort == f"{TENANT}#{NOON}#{trace_id_of('two')}"
    assert "not OTLP" in json.loads(letter.body)["reason"]
    assert pipeline.telemetry.counts["traces_dead"] == 1


def test_a_trace_that_the_store_cannot_read_is_set_aside_too(pipeline):
    post(pipeline, "one", "two")
    read_kept = pipeline.facts.read_kept

    def unreadable(tenant, trace_id, deadline, **how):
        if trace_id_of("two").endswith(trace_id):
            raise UnreadableBlock("a block of format 9")
        return read_kept(tenant, trace_id, deadline, **how)

    pipeline.facts.read_kept = unreadable
    pipeline.clock.advance_s(165)
    seal(pipeline)
    assert found_in(pipeline.views, DIGESTS) == {(TENANT, trace_id_of("one"))}
    assert [marker.is_sealed for marker in markers(pipeline).values()] == [True]


def test_a_window_of_many_traces_is_sealed_in_pieces_by_others():
    pipeline = pipeline_of(seal_piece_traces=5)
    post(pipeline, *(f"trace {number}" for number in range(20)))
    pipeline.clock.advance_s(165)
    seal(pipeline)
    assert not settled(pipeline.views)
    messages = pipeline.queue.take()
    pipeline.queue.send(messages, pipeline.clock.deadline())
    assert len(messages) > 3
    pipeline.work()
    assert summed(pipeline.views) == offline(pipeline.facts)
    assert len(found_in(pipeline.views, DIGESTS)) == 20
    assert settled(pipeline.rebuilt()) == settled(pipeline.views)


def test_a_window_that_grows_past_a_piece_is_counted_by_its_pieces_and_not_by_what_it_was_before():
    pipeline = pipeline_of(seal_piece_traces=5)
    post(pipeline, "a", "b", "c", age_s=3600)
    late = [pipeline.post(spans_of(trace, ["a"], NOON_NS)) for trace in "defg"]
    pipeline.settle()
    pipeline.deliver(late)
    pipeline.settle()
    assert len(markers(pipeline)) > 2
    assert summed(pipeline.views) == offline(pipeline.facts)


def test_a_piece_for_which_there_is_no_time_is_cut_and_handed_over():
    pipeline = pipeline_of()
    post(pipeline, *(f"trace {number}" for number in range(40)))
    pipeline.clock.advance_s(165)
    pipeline.fuse.on_call = lambda: pipeline.clock.advance_s(0.25)
    seal(pipeline, in_s=11)
    pipeline.fuse.on_call = lambda: None
    assert sorted(json.loads(message)["piece"] for message in pipeline.queue._waiting) == ["-0", "-1"]
    pipeline.work()
    assert summed(pipeline.views) == offline(pipeline.facts)
    seal(pipeline)
    assert sorted(json.loads(message)["piece"] for message in pipeline.queue.take()) == ["-0", "-1"]


def test_with_next_to_no_time_a_window_is_handed_over_whole(pipeline):
    post(pipeline, "one")
    pipeline.clock.advance_s(165)
    seal(pipeline, in_s=9)
    assert [json.loads(message)["piece"] for message in pipeline.queue.take()] == ["-"]


def test_a_window_is_not_sealed_again_when_what_it_was_made_of_may_be_gone(pipeline):
    post(pipeline, "one")
    late = pipeline.post(spans_of("two", ["a"], NOON_NS))
    pipeline.settle()
    before = settled(pipeline.views)
    pipeline.clock.advance_s(21 * 3600)
    pipeline.deliver([late])
    pipeline.work()
    assert settled(pipeline.views) == before
    [message] = [fields for said, fields in pipeline.telemetry.warnings if said == "dead letter"]
    assert "rebuild" in message["reason"]


def test_a_window_that_was_never_sealed_is_sealed_however_late(pipeline):
    arrival = pipeline.post(spans_of("one", ["a"], NOON_NS))
    pipeline.clock.advance_s(30 * 3600)
    pipeline.deliver([arrival])
    pipeline.work()
    assert found_in(pipeline.views, DIGESTS) == {(TENANT, trace_id_of("one"))}


@pytest.mark.parametrize("call", range(1, 14))
def test_what_a_slow_seal_puts_late_into_another_hour_does_not_stay_there(pipeline, call):
    """While it is under way, a sender's retry takes the block that began there to another window, sealed again by then.

    The marker that the quicker seal leaves knows nothing of that hour.
    """
    post(pipeline, "one")
    old = spans_of("two", ["a"], NOON_NS - 3 * 3600 * S)
    pipeline.deliver([pipeline.post(old)])
    pipeline.clock.advance_s(165)
    calls = iter(range(1000))

    def interrupt():
        if next(calls) == call:
            pipeline.deliver([pipeline.post(old)])
            pipeline.work()

    pipeline.fuse.on_call = interrupt
    seal(pipeline)
    pipeline.fuse.on_call = lambda: None
    pipeline.settle()
    assert summed(pipeline.views) == offline(pipeline.facts)
