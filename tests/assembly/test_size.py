"""Large traces: nothing recurses and nothing is quadratic, or these would not end."""

import subprocess
import sys

import msgspec
import pytest

from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Span
from tests.actors import NOON_NS, TRACE_ID
from tests.assembly.shapes import COUNT, PARENTS, large


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


def test_assembling_a_hundred_thousand_spans_takes_no_more_than_a_kilobyte_and_a_half_of_memory_each():
    command = [sys.executable, "-m", "tests.assembly.peak_memory", "random tree"]
    grown = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own program
    assert int(grown.stdout) < 1536
