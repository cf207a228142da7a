"""Traces that do not fit into memory at once."""

import pytest

from chalicelib.model.block import held_bytes
from chalicelib.settings import Settings
from chalicelib.views import trace_blocks
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline, found_in, offline, settled, summed, trace_id_of
from tests.views.traffic import S, made_span

FOUND = {(TENANT, trace_id_of("long"))}
PADDING = "x" * 100_000


def pipeline_of(**settings):
    return Pipeline(settings=Settings(**settings), clock=Clock(NOON_NS))


def post(pipeline, names):
    """A block of 100 KB for each name."""
    for name in names:
        span = made_span("long", name, NOON_NS + ord(name) * S)
        span.attributes["padding"] = PADDING + name
        pipeline.deliver([pipeline.post([span])])


@pytest.fixture
def names():
    return [chr(ord("a") + number) for number in range(26)]


def test_a_trace_of_more_than_is_read_ahead_is_sealed_as_any_other(names):
    pipeline = pipeline_of()
    post(pipeline, names)
    assert sum(held_bytes(kept.block) for _, kept in pipeline.facts.scan()) > trace_blocks._SMALL_BYTES
    pipeline.settle()
    assert found_in(pipeline.views, ("dig#",)) == FOUND
    assert summed(pipeline.views) == offline(pipeline.facts)


def test_a_trace_of_more_than_may_be_held_counts_every_span(names):
    pipeline = pipeline_of(max_trace_bytes=1_000_000)
    post(pipeline, names)
    pipeline.settle()
    assert found_in(pipeline.views, ("dig#",)) == FOUND
    assert red_of(summed(pipeline.views)) == red_of(offline(pipeline.facts))


def test_a_trace_that_grows_past_what_may_be_held_is_counted_once(names):
    """What it counted while it was small is taken back, and every block counted alone."""
    pipeline = pipeline_of(max_trace_bytes=1_000_000)
    for some in (names[:5], names[5:20], names[20:]):
        post(pipeline, some)
        pipeline.settle()
    assert len([key for key in settled(pipeline.views) if key[1].startswith("rol#")]) == 3
    assert red_of(summed(pipeline.views)) == red_of(offline(pipeline.facts))
    assert settled(pipeline.rebuilt()) == settled(pipeline.views)


def red_of(sums):
    return {hour: rollup.red for hour, rollup in sums.items()}


def test_a_large_trace_under_sampling_is_told_of(names):
    pipeline = pipeline_of(max_trace_bytes=1_000_000)
    for name in names:
        span = made_span("long", name, NOON_NS)
        span.attributes["padding"] = PADDING
        pipeline.deliver([pipeline.post([span], undecided=True)])
    pipeline.settle()
    assert any("too large to be judged" in str(fields) for _, fields in pipeline.telemetry.warnings)
