"""Traces that are one to Zipkin, because their ids agree in the low 64 bits: sealed alone, and linked together."""

import pytest

from chalicelib.model.errors import UnreadableBlock
from chalicelib.rollups.pieces import piece_of
from chalicelib.settings import Settings
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import HALF_OF, Pipeline, linked, links_in, offline, settled, summed, trace_id_of
from tests.views.traffic import S, made_span, spans_of

# The frontend is called (a), checkout calls (b) and is called by itself (c). Without c, b seems to be called instead.
ALONE = {(TENANT, "frontend", "checkout"): (1, 0)}
TOGETHER = {(TENANT, "checkout", "checkout"): (1, 0)}


def pipeline_of(**settings):
    return Pipeline(settings=Settings(**settings), clock=Clock(NOON_NS))


@pytest.fixture
def pipeline():
    return pipeline_of()


def post(pipeline, trace, names):
    spans = spans_of(trace, list(names), NOON_NS)
    return pipeline.post(spans)


def check(pipeline, links):
    assert links_in(summed(pipeline.views)) == links
    assert summed(pipeline.views) == offline(pipeline.facts)
    assert linked(pipeline.facts) == links
    assert settled(pipeline.rebuilt()) == settled(pipeline.views)


def operations_in(pipeline):
    return {key[1] for added in summed(pipeline.views).values() for key in added.red}


def test_halves_that_come_together_are_linked(pipeline):
    pipeline.deliver([post(pipeline, "one", "ab"), post(pipeline, "half of one", "c")])
    pipeline.settle()
    check(pipeline, TOGETHER)


def test_a_half_that_comes_minutes_later_is_linked_when_it_is_sealed(pipeline):
    pipeline.deliver([post(pipeline, "one", "ab")])
    pipeline.settle()
    assert links_in(summed(pipeline.views)) == ALONE
    pipeline.deliver([post(pipeline, "half of one", "c")])
    pipeline.settle()
    check(pipeline, TOGETHER)


def test_halves_in_different_pieces_are_linked_once():
    name = next(
        f"trace {number}"
        for number in range(100)
        if piece_of(trace_id_of(f"trace {number}"), 1) != piece_of(trace_id_of(f"half of trace {number}"), 1)
    )
    pipeline = pipeline_of(seal_piece_traces=2)
    others = [post(pipeline, f"other {number}", "a") for number in range(6)]
    pipeline.deliver([post(pipeline, name, "ab"), post(pipeline, HALF_OF + name, "c"), *others])
    pipeline.settle()
    check(pipeline, TOGETHER)


def test_the_traces_of_another_tenant_are_others(pipeline):
    theirs = pipeline.post(spans_of("half of one", ["c"], NOON_NS), "acme")
    pipeline.deliver([post(pipeline, "one", "ab"), theirs])
    pipeline.settle()
    check(pipeline, ALONE)


def test_a_half_whose_post_is_tried_again_moves_and_is_linked_once(pipeline):
    """Its first window, and those in which the other half was sealed beside it, are sealed again."""
    half = spans_of("half of one", ["c"], NOON_NS)
    pipeline.deliver([pipeline.post(half)])
    pipeline.settle()
    pipeline.deliver([post(pipeline, "one", "ab")])
    pipeline.settle()
    assert links_in(summed(pipeline.views)) == TOGETHER
    pipeline.deliver([pipeline.post(half)])
    pipeline.settle()
    check(pipeline, TOGETHER)


def test_the_same_call_in_both_halves_counts_once(pipeline):
    pipeline.deliver([post(pipeline, "one", "abc"), post(pipeline, "half of one", "bc")])
    pipeline.settle()
    check(pipeline, TOGETHER)


def test_what_cannot_be_read_of_one_half_does_not_keep_the_other_from_being_sealed(pipeline):
    broken = post(pipeline, "half of one", "c")
    pipeline.deliver([post(pipeline, "one", "ab"), broken])
    read_kept = pipeline.facts.read_kept

    def unreadable(tenant, trace_id, deadline, **how):
        for kept in read_kept(tenant, trace_id, deadline, **how):
            if kept.block.trace_id == trace_id_of("half of one"):
                raise UnreadableBlock("a block of format 9")
            yield kept

    pipeline.facts.read_kept = unreadable
    pipeline.settle()
    assert operations_in(pipeline) == {"operation a", "operation b"}
    assert links_in(summed(pipeline.views)) == ALONE
    assert pipeline.telemetry.counts["traces_dead"] == 1


def test_halves_that_are_too_large_together_are_linked_alone():
    pipeline = pipeline_of(max_trace_bytes=150_000)
    for trace, names in (("one", "ab"), ("half of one", "c")):
        for name in names:
            span = made_span(trace, name, NOON_NS + ord(name) * S)
            span.attributes["padding"] = name * 60_000
            pipeline.deliver([pipeline.post([span])])
    pipeline.settle()
    assert links_in(summed(pipeline.views)) == ALONE
    assert operations_in(pipeline) == {"operation a", "operation b", "operation c"}
