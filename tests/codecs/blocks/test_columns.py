from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.blocks import columns
from tests.codecs.blocks.golden import PAYLOAD, TRACE_ID
from tests.strategies import traces

THE_TRACE = bytes.fromhex(TRACE_ID)
HEAD = b"\x0a\x10" + THE_TRACE + b"\x12\x08"
UUID = b"\x12&\n$9aa9b4ef-1f14-4f3a-b467-f89c25348eaf"
TIMES = b"\x39" + bytes(8) + b"\x41" + b"\x01" + bytes(7)

# What a span is made of, and what only looks so: any order of these is a payload that must come back.
FRAGMENTS = [
    HEAD,
    b"spanid-1",
    b"spanid-2",
    b"\x22\x08parent-1",
    b"\x22\x08spanid-1",
    b"\x2a\x04name",
    b"\x2a\x80\x01",
    b"\x30\x02",
    TIMES,
    b"\x39",
    b"\x41",
    b"\x2a",
    b"\x30",
    UUID,
    UUID[:20],
    UUID.upper(),
    b"\xc0",
    b"\xc1",
    bytes(range(0xF5, 0x100)),
    b"",
]


def there_and_back(payload, trace_id=THE_TRACE):
    return columns.join(*columns.split(payload, trace_id), trace_id)


@given(message=traces())
def test_the_payload_of_any_trace_comes_back(message):
    payload = message.SerializeToString()
    trace_ids = {s.trace_id for r in message.resource_spans for c in r.scope_spans for s in c.spans} | {THE_TRACE}
    for trace_id in trace_ids:
        assert there_and_back(payload, trace_id) == payload


@settings(max_examples=1000)
@given(parts=st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=12), max_size=30))
def test_whatever_looks_like_a_span_comes_back(parts):
    payload = b"".join(parts)
    assert there_and_back(payload) == payload


def test_ids_times_and_uuids_leave_the_text():
    apart, text = columns.split(PAYLOAD, THE_TRACE)
    assert THE_TRACE not in apart + text
    assert b"9aa9b4ef" not in apart + text
    assert bytes.fromhex("9aa9b4ef") in apart
    assert apart.count(bytes.fromhex("b7ad6b7169203331")) == 2  # the span, and the link to it; as a parent, a number
    assert len(apart) + len(text) < len(PAYLOAD) - 4 * 16 - 20


def test_what_holds_no_span_of_the_trace_is_all_text():
    assert columns.split(b"no spans here", THE_TRACE) == (b"", b"no spans here")
    assert columns.split(PAYLOAD, bytes(16)) == (b"", PAYLOAD)
    assert columns.split(HEAD + b"short", THE_TRACE) == (b"", HEAD + b"short")
    assert there_and_back(HEAD + b"spanid-1") == HEAD + b"spanid-1"


def test_a_text_that_uses_up_every_mark_stays_as_it_is():
    payload = PAYLOAD + bytes([0xC0, 0xC1, *range(0xF5, 0x100)])
    assert columns.split(payload, THE_TRACE) == (b"", payload)


def test_durations_may_be_negative_and_times_anything_of_64_bits():
    for start, end in pairwise([0, 2**64 - 1, 0, 2**63, 1, 2**63]):
        times = b"\x39" + start.to_bytes(8, "little") + b"\x41" + end.to_bytes(8, "little")
        payload = HEAD + b"spanid-1\x2a\x01n\x30\x02" + times + HEAD + b"spanid-2" + TIMES
        assert there_and_back(payload) == payload


def test_hundreds_of_parents_outside_the_block_come_back():
    payload = b"".join(HEAD + b"%08d\x22\x08parent%02x" % (number, number % 256) + TIMES for number in range(600))
    assert there_and_back(payload) == payload


def test_columns_cut_short_at_any_byte_are_refused():
    apart, text = columns.split(PAYLOAD, THE_TRACE)
    for end in range(1, len(apart)):
        with pytest.raises(ValueError):  # noqa: PT011  # which end is missing differs
            columns.join(apart[:end], text, THE_TRACE)


@given(apart=st.binary(max_size=60), text=st.binary(max_size=60))
def test_columns_of_any_bytes_give_a_value_error_at_most(apart, text):
    with suppress(ValueError):
        columns.join(apart, text, THE_TRACE)
