"""Large traces: nothing recurses and nothing is quadratic, or these would not end."""

import random

import msgspec
import pytest

from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Span
from tests.actors import CHECKOUT, NOON_NS, PAYMENTS, TRACE_ID

COUNT = 100_000

PARENTS = {
    "chain": lambda number, rnd: number - 1,
    "star": lambda number, rnd: 0,
    "random tree": lambda number, rnd: rnd.randrange(number),
}


def large(shape: str) -> list[Span]:
    """Spans that nest like their shape, in a shuffled order."""
    rnd = random.Random(7)
    spans = [Span(trace_id=TRACE_ID, span_id=f"{1:016x}", start_ns=NOON_NS, end_ns=NOON_NS + 2 * COUNT)]
    for number in range(1, COUNT):
        parent = spans[PARENTS[shape](number, rnd)]
        resource = PAYMENTS if number % 2 else CHECKOUT
        times = {"start_ns": parent.start_ns + 1, "end_ns": max(parent.start_ns + 1, parent.end_ns - 1)}
        ids = {"span_id": f"{number + 1:016x}", "parent_id": parent.span_id}
        spans.append(Span(trace_id=TRACE_ID, resource=resource, **ids, **times))
    rnd.shuffle(spans)
    return spans


@pytest.mark.parametrize("shape", PARENTS)
def test_a_hundred_thousand_spans_of_any_shape_are_assembled_and_encoded(shape: str):
    trace = assemble(large(shape))
    assert len(trace.spans) == COUNT
    assert trace.summary.orphan_count == 0
    assert sum(segment.duration_ns for segment in trace.critical_path) == trace.summary.root_duration_ns
    assert len(msgspec.json.encode(trace)) < 600 * COUNT
    if shape == "chain":
        assert trace.summary.max_depth == COUNT - 1
        assert len(trace.critical_path) == 2 * COUNT - 1


def test_a_ring_of_a_hundred_thousand_spans_is_opened_once():
    ids = [f"{number + 1:016x}" for number in range(COUNT)]
    ring = [
        Span(
            trace_id=TRACE_ID, span_id=own, parent_id=ids[number - 1], start_ns=NOON_NS + number, end_ns=NOON_NS + COUNT
        )
        for number, own in enumerate(ids)
    ]
    trace = assemble(ring)
    assert trace.root_ids == (ids[0],)
    assert trace.summary.max_depth == COUNT - 1


def test_a_hundred_thousand_spans_with_two_ids_between_them_are_assembled():
    clash = [
        Span(trace_id=TRACE_ID, span_id=own, parent_id=other, start_ns=NOON_NS + number, end_ns=NOON_NS + COUNT)
        for number in range(COUNT // 2)
        for own, other in (("a" * 16, "b" * 16), ("b" * 16, "a" * 16))
    ]
    trace = assemble(clash)
    assert len(trace.spans) == COUNT
    assert {warned.code: warned.span_count for warned in trace.warnings}["id-used-twice"] == COUNT
