"""Sampling in the whole pipeline: what is dropped is not found, and counted all the same."""

import json
import random

import pytest

from chalicelib.codecs.stored import stored_trace
from chalicelib.model.span import Span
from chalicelib.propagation.probability import COUNT_UNIT
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.keys import ERRORS
from chalicelib.rollups.rollup import Sums
from tests.actors import MS, failure, span
from tests.clocks import NOON_NS
from tests.in_memory import TENANT
from tests.keeping import kept
from tests.views.pipeline import Added, Pipeline, added, found_in, settled, summed, trace_id_of

POLICIES = [
    {"name": "failures", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
    {"name": "some", "type": "probabilistic", "probabilistic": {"sampling_percentage": 20}},
    {"name": "few", "type": "rate_limiting", "rate_limiting": {"spans_per_second": 1}},
]


def trace(number: int, chance: random.Random) -> list[Span]:
    fields = failure() if chance.random() < 0.1 else {}
    starts = sorted(chance.randrange(60_000) for _ in range(chance.randrange(2, 7)))
    return [
        span(
            f"s{place}",
            trace_id=trace_id_of(str(number)),
            start_ns=NOON_NS + start * MS,
            end_ns=NOON_NS + (start + 5) * MS,
            **fields,
        )
        for place, start in enumerate(starts)
    ]


def counted(traces: list[list[Span]]) -> dict[tuple[str, int], Added]:
    sums = Sums()
    for spans in traces:
        whole = stored_trace([kept(spans, NOON_NS // MS)])
        assert whole is not None
        sums.add(contribution(whole))
    return added({TENANT: sums})


@pytest.fixture
def traces() -> list[list[Span]]:
    chance = random.Random(11)
    return [trace(number, chance) for number in range(120)]


@pytest.fixture
def pipeline(traces) -> Pipeline:
    """The traces in two posts each, half a minute apart, sealed."""
    made = Pipeline()
    made.sampling.put_sampling(TENANT, json.dumps({"policies": POLICIES}).encode())
    for part in (slice(0, 2), slice(2, None)):
        made.deliver([made.post(spans[part], undecided=True) for spans in traces if spans[part]])
        made.clock.advance_s(30)
    made.settle()
    return made


def found(pipeline: Pipeline) -> set[str]:
    return {trace_id for _, trace_id in found_in(pipeline.views, ("dig#",))}


def test_digests_have_the_kept_traces_and_rollups_all_of_them(pipeline, traces):
    failed = {spans[0].trace_id for spans in traces if spans[0].status_code}
    assert failed < found(pipeline)
    assert len(failed) + 10 < len(found(pipeline)) < 80
    assert summed(pipeline.views) == counted(traces)


def test_a_window_that_is_sealed_again_gives_the_same_views(pipeline, traces):
    before = settled(pipeline.views)
    for arrival in pipeline.facts.told[:50]:
        pipeline.deliver([arrival])
    pipeline.settle(60)
    assert settled(pipeline.views) == before
    assert summed(pipeline.views) == counted(traces)


def test_a_rebuild_gives_the_same_views_while_what_was_dropped_is_still_there(pipeline):
    assert settled(pipeline.rebuilt()) == settled(pipeline.views)


def test_what_is_found_can_be_read_after_a_day_and_nothing_else(pipeline, traces):
    pipeline.clock.advance_s(25 * 3600)
    for spans in traces:
        blocks = list(pipeline.facts.read(TENANT, spans[0].trace_id, pipeline.clock.deadline()))
        assert sum(block.span_count for block in blocks) == (len(spans) if spans[0].trace_id in found(pipeline) else 0)


def test_a_rebuild_a_day_later_counts_by_what_the_kept_traces_stand_for(pipeline, traces):
    pipeline.clock.advance_s(25 * 3600)
    spans = sum(len(one) for one in traces)
    estimate = sum(_span_count(rollup) for rollup in summed(pipeline.rebuilt()).values())
    assert sum(_span_count(rollup) for rollup in summed(pipeline.views).values()) == spans
    assert estimate == pytest.approx(spans, rel=0.3)


def _span_count(rollup: Added) -> float:
    return sum(count for key, count in rollup.red.items() if key[-1] != ERRORS) / COUNT_UNIT
