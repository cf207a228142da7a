"""Kept blocks as one trace."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.otlp.grouping import group
from chalicelib.codecs.stored import stored_trace
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.errors import StoreError
from chalicelib.storage.port import MAX_PAYLOAD_BYTES
from tests.actors import TRACE_ID, span, trace, with_fields
from tests.keeping import NOON_MS, kept
from tests.strategies import traces

EMPTY_RESOURCE_SPANS = b"\x0a\x00"


def test_a_trace_is_its_blocks_spans_by_start_whatever_the_order_of_blocks():
    spans = trace()
    blocks = [kept(spans[4:]), kept(spans[:6]), kept(spans[:2])]
    found = stored_trace(blocks)
    assert found.trace_id == TRACE_ID
    assert [each.name for each in found.spans] == [
        each.name for each in sorted(spans, key=lambda each: (each.start_ns, each.span_id))
    ]
    random.Random(1).shuffle(blocks)
    assert stored_trace(blocks) == found


def test_no_blocks_are_no_trace():
    assert stored_trace([]) is None


def test_a_trace_arrived_with_its_first_block():
    early, late = kept([span("a")], NOON_MS), kept([span("b")], NOON_MS + 5)
    assert stored_trace([late, early]).arrived_ms == NOON_MS


def test_a_consolidated_block_arrived_with_the_first_it_stands_for():
    whole = kept([span("a"), span("b")], NOON_MS + 5, first_arrived_ms=NOON_MS)
    assert stored_trace([whole, kept([span("c")], NOON_MS + 1)]).arrived_ms == NOON_MS


def test_what_a_consolidated_block_covers_is_told_once():
    part = kept([span("a")])
    whole = kept([with_fields(span("a"), trace_state="ot=th:8")], covers=[part])
    assert [each.trace_state for each in stored_trace([part, whole]).spans] == ["ot=th:8"]


def test_a_block_that_is_not_otlp_is_the_stores_fault():
    broken = msgspec.structs.replace(
        kept([span("a")]), block=Block(trace_id=TRACE_ID, payload=b"\x0a\x09short", span_count=1)
    )
    with pytest.raises(StoreError, match=f"trace {TRACE_ID} is not OTLP"):
        stored_trace([broken])


@given(traces(), st.booleans())
def test_a_block_alone_gives_the_spans_that_it_gives_beside_others_with_the_same(message, repeats):
    """The one is read as it is, the others by way of a merge."""
    for block in group([message], MAX_PAYLOAD_BYTES).blocks:
        payload = block.payload * (1 + repeats)
        alone = kept_as(block.trace_id, payload)
        beside = [alone, kept_as(block.trace_id, payload + EMPTY_RESOURCE_SPANS)]
        assert repr(stored_trace([alone])) == repr(stored_trace(beside))  # NaN differs from itself


def kept_as(trace_id, payload):
    block = Block(trace_id=trace_id, payload=payload, span_count=1)
    return KeptBlock(block=block, digest=payload_digest(payload), arrived_ms=NOON_MS, expires_at_s=2**40)
