"""Views made again from facts alone, where a plain play (test_whatever_happens.py) does not lead."""

import json

import pytest

from chalicelib.views.rebuild import rebuild
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline, found_in, settled, summed
from tests.views.traffic import spans_of

FAILURES = {"policies": [{"name": "failures", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}]}
FINE, FAILED = ["a", "b"], ["d"]


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def arrive(pipeline: Pipeline, names: list[str], *, undecided: bool = False) -> None:
    """Spans of one trace, indexed and sealed."""
    pipeline.deliver([pipeline.post(spans_of("one", names, pipeline.clock.at_ns), undecided=undecided)])
    pipeline.settle()


def test_a_trace_that_was_dropped_at_first_and_kept_later_is_counted_as_it_was(pipeline):
    """The consolidated block arrived with the failure; what was counted without it arrived minutes earlier."""
    pipeline.sampling.put_sampling(TENANT, json.dumps(FAILURES).encode())
    arrive(pipeline, FINE, undecided=True)
    arrive(pipeline, FAILED, undecided=True)
    rebuilt = pipeline.rebuilt()
    assert summed(rebuilt) == summed(pipeline.views)
    assert found_in(rebuilt, ("dig#",)) == found_in(pipeline.views, ("dig#",))


def test_a_tick_that_runs_amid_a_rebuild_makes_nothing_be_missed(pipeline):
    """At its deep minute it seals windows of the day before, of which the rebuild has put half the segments so far."""
    first = pipeline.post(spans_of("one", FINE, pipeline.clock.at_ns))
    second = pipeline.post(spans_of("two", FINE, pipeline.clock.at_ns))
    pipeline.deliver([first, second])
    pipeline.settle()
    expected = settled(pipeline.views)
    pipeline.clock.advance_s(25 * 3600)

    def meanwhile(line: str) -> None:
        if "dropped" in line:
            pipeline.deliver([first])
            pipeline.work()

    rebuild(pipeline.services, pipeline.facts, pipeline.clock.deadline(), meanwhile)
    now = settled(pipeline.views)
    assert {key: now.get(key) for key in expected} == expected
