"""The stream's batches as segments."""

import json

import msgspec
import pytest

from chalicelib.model.arrival import BadRecord
from chalicelib.model.block import Block
from chalicelib.model.errors import StoreError
from chalicelib.model.view import SYSTEM_TENANT
from chalicelib.search.index import Index
from chalicelib.storage.view_names import is_late_note, parse_segment
from chalicelib.views.index import Indexed, index
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.mortal import Killed
from tests.views.pipeline import Pipeline, found_in, trace_id_of
from tests.views.traffic import S, spans_of

NOON = NOON_NS // S
HOUR_SEGMENTS = f"seg#{NOON}"


@pytest.fixture
def pipeline():
    return Pipeline(clock=Clock(NOON_NS))


def posted(pipeline, trace, names, **chosen):
    return pipeline.post(spans_of(trace, list(names), pipeline.clock.at_ns), **chosen)


def segments(pipeline, tenant=TENANT):
    return pipeline.views._views[tenant, HOUR_SEGMENTS]


def letters(pipeline):
    found = pipeline.views._views[SYSTEM_TENANT, f"dead#{NOON // 86400 * 86400}"]
    return {sort: json.loads(view.body) for sort, view in found.items()}


def test_the_blocks_of_a_window_become_one_segment_with_a_row_for_each_trace(pipeline):
    arrivals = [posted(pipeline, "one", "ab"), posted(pipeline, "two", "a"), posted(pipeline, "one", "cd")]
    pipeline.deliver(arrivals)
    [view] = segments(pipeline).values()
    found = Index.unpack(view.body)
    rows = {row.trace_id: row.span_count for row in found.rows(found.everything)}
    assert rows == {trace_id_of("one"): 4, trace_id_of("two"): 1}
    assert parse_segment(view.sort)[:2] == (NOON, arrivals[0].sequence)


def test_windows_and_tenants_are_kept_apart(pipeline):
    arrivals = [posted(pipeline, "one", "a"), posted(pipeline, "one", "a", tenant="acme")]
    pipeline.clock.advance_s(60)
    arrivals.append(posted(pipeline, "two", "a"))
    pipeline.deliver(arrivals)
    assert [parse_segment(sort).window for sort in sorted(segments(pipeline))] == [NOON, NOON + 60]
    assert len(segments(pipeline, "acme")) == 1
    assert found_in(pipeline.views, ("seg#",)) == {
        (TENANT, trace_id_of("one")),
        (TENANT, trace_id_of("two")),
        ("acme", trace_id_of("one")),
    }


def test_a_batch_that_comes_again_lands_on_itself(pipeline):
    arrivals = [posted(pipeline, "one", "a"), posted(pipeline, "two", "a")]
    pipeline.deliver(arrivals)
    before = dict(segments(pipeline))
    pipeline.deliver(arrivals)
    assert {sort: view.body for sort, view in segments(pipeline).items()} == {
        sort: view.body for sort, view in before.items()
    }


def test_a_consolidated_block_is_in_segments_already(pipeline):
    arrival = posted(pipeline, "one", "a")
    covering = msgspec.structs.replace(arrival.kept, covers=(b"0" * 12,))
    indexed = index(pipeline.services, [msgspec.structs.replace(arrival, kept=covering)], pipeline.clock.deadline())
    assert indexed == Indexed(indexed=0, skipped=1, dead=0, segments=0)
    assert not segments(pipeline)


def test_what_cannot_be_read_is_a_dead_letter_and_the_others_go_on(pipeline):
    good, other = posted(pipeline, "one", "a"), posted(pipeline, "two", "a")
    block = Block(trace_id=trace_id_of("two"), payload=b"\x0a\x09short", span_count=1)
    broken = msgspec.structs.replace(other, kept=msgspec.structs.replace(other.kept, block=block))
    bad = BadRecord(reason="no such format", keys={"pk": "00ff"}, sequence="77")
    indexed = index(pipeline.services, [broken, good], pipeline.clock.deadline(), [bad])
    assert indexed == Indexed(indexed=1, skipped=0, dead=2, segments=1)
    assert found_in(pipeline.views, ("seg#",)) == {(TENANT, trace_id_of("one"))}
    found = letters(pipeline)
    assert found["77"] == {"reason": "no such format", "pk": "00ff"}
    assert "not OTLP" in found[broken.sequence]["reason"]
    assert found[broken.sequence]["trace_id"] == trace_id_of("two")
    assert pipeline.telemetry.counts["records_dead"] == 2
    assert len(pipeline.telemetry.warnings) == 2


def test_a_store_that_fails_is_told_so_that_the_batch_comes_again(pipeline):
    with pytest.raises(StoreError):
        index(pipeline.services, [posted(pipeline, "one", "a")], pipeline.clock.deadline(in_s=0))


def test_it_counts_and_tells_how_far_behind_it_is(pipeline):
    arrivals = [posted(pipeline, "one", "a"), posted(pipeline, "two", "a")]
    pipeline.clock.advance_s(2.5)
    pipeline.deliver(arrivals)
    counts = pipeline.telemetry.counts
    assert (counts["records_indexed"], counts["segments_written"], counts["index_lag_ms"]) == (2, 1, 2500)


def test_a_tenant_is_noted_as_active_before_its_first_segment_is_put_and_once_a_day(pipeline):
    arrival = posted(pipeline, "one", "a")
    pipeline.fuse.left = 1
    with pytest.raises(Killed):
        pipeline.deliver([arrival])
    pipeline.fuse.left = None
    day = (SYSTEM_TENANT, f"tenants#{NOON // 86400 * 86400}")
    assert list(pipeline.views._views[day]) == [TENANT]
    pipeline.deliver([arrival])
    pipeline.views._views[day].clear()
    pipeline.deliver([arrival])
    assert not pipeline.views._views[day]


def test_a_segment_for_a_window_that_is_due_leaves_a_note_and_work(pipeline):
    arrival = posted(pipeline, "one", "a")
    pipeline.clock.advance_s(165)
    indexed = index(pipeline.services, [arrival], pipeline.clock.deadline())
    assert indexed.late == ((TENANT, NOON),)
    [message] = pipeline.queue.take()
    assert json.loads(message) == {"do": "seal", "tenant": TENANT, "window": NOON, "piece": "-"}
    [note] = pipeline.views._views[TENANT, f"sealed#{NOON}"]
    assert is_late_note(note)


def test_a_segment_in_time_leaves_no_work(pipeline):
    arrival = posted(pipeline, "one", "a")
    pipeline.clock.advance_s(150)
    assert index(pipeline.services, [arrival], pipeline.clock.deadline()).late == ()
    assert pipeline.queue.take() == []


def test_a_block_that_is_sent_again_minutes_later_is_in_a_segment_of_every_window_that_it_changes(pipeline):
    """Windows 0 and 1 were one stretch. Once the second block is in window 9, 0 is a stretch of its own."""
    first = posted(pipeline, "one", "a")
    pipeline.clock.advance_s(60)
    spans = spans_of("one", ["b"], pipeline.clock.at_ns)
    second = pipeline.post(spans)
    pipeline.deliver([first, second])
    pipeline.clock.advance_s(480)
    again = pipeline.post(spans)
    assert again.replaces_ms == second.kept.arrived_ms
    indexed = index(pipeline.services, [again], pipeline.clock.deadline())
    assert indexed.late == ((TENANT, NOON), (TENANT, NOON + 60))
    assert indexed.segments == 3


def test_a_block_that_is_sent_again_at_once_changes_nothing(pipeline):
    spans = spans_of("one", ["a"], pipeline.clock.at_ns)
    pipeline.post(spans)
    pipeline.clock.advance_s(5)
    assert index(pipeline.services, [pipeline.post(spans)], pipeline.clock.deadline()).segments == 1


def test_a_trace_whose_blocks_are_all_sent_again_is_read_once(pipeline):
    """A sender that tries a large trace again minutes later: each of its blocks has moved to another window."""
    parts = [spans_of("one", [name], pipeline.clock.at_ns) for name in "abcdef"]
    pipeline.deliver([pipeline.post(spans) for spans in parts])
    pipeline.clock.advance_s(480)
    again = [pipeline.post(spans) for spans in parts]
    reads = []
    read_kept = pipeline.facts.read_kept

    def noted(tenant, trace_id, deadline, **how):
        reads.append(trace_id)
        return read_kept(tenant, trace_id, deadline, **how)

    pipeline.facts.read_kept = noted
    indexed = index(pipeline.services, again, pipeline.clock.deadline())
    assert reads == [trace_id_of("one")[16:]]
    assert indexed.late == ((TENANT, NOON),)
