from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from threading import Barrier

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs import blocks
from chalicelib.model.block import Block
from tests.codecs.blocks.golden import PACKED, PAYLOAD, TRACE_ID

ALL_FORMATS = sorted(blocks.FORMATS)


def pack(payload, number=blocks.CURRENT_FORMAT):
    return blocks.pack(Block(trace_id=TRACE_ID, payload=payload, span_count=1), number)


def unpack(packed):
    return blocks.unpack(packed, TRACE_ID)


NO_COLUMNS = b"\0"


def claiming(size_bytes):
    """The head of a frame of format 1 that claims so many bytes: one segment, four bytes of content size."""
    return b"\xa0" + size_bytes.to_bytes(4, "little")


@given(payload=st.binary(max_size=4000), number=st.sampled_from(ALL_FORMATS))
def test_a_payload_comes_back_from_every_format(payload, number):
    assert unpack(pack(payload, number)) == payload


@pytest.mark.parametrize("number", ALL_FORMATS)
@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_791, 65_792, 400_000, blocks.MAX_UNPACKED_BYTES])
def test_sizes_at_which_the_frame_header_changes_come_back(size, number):
    payload = Random(size).randbytes(size)
    assert unpack(pack(payload, number)) == payload


def test_what_is_written_is_of_the_newest_format():
    assert pack(PAYLOAD).format == blocks.CURRENT_FORMAT == max(ALL_FORMATS)


@pytest.mark.parametrize("number", ALL_FORMATS)
def test_bytes_that_were_packed_when_a_format_was_published_are_still_read(number):
    assert unpack(blocks.Packed(number, bytes.fromhex(PACKED[number]))) == PAYLOAD


def test_the_same_payload_packs_to_the_same_bytes():
    assert len({pack(PAYLOAD).data for _ in range(5)}) == 1


@pytest.mark.parametrize("number", [-1, 2, 255])
def test_a_format_of_a_later_version_is_refused_by_its_number(number):
    with pytest.raises(ValueError, match=f"block format {number} is not one this version knows"):
        unpack(blocks.Packed(number, b"whatever"))
    with pytest.raises(ValueError, match=f"block format {number}"):
        pack(PAYLOAD, number)


@pytest.mark.parametrize("number", ALL_FORMATS)
def test_a_block_cut_short_at_any_byte_is_refused(number):
    packed = pack(PAYLOAD, number).data
    for end in range(len(packed)):
        with pytest.raises(ValueError, match=r"cannot be unpacked|claims"):
            unpack(blocks.Packed(number, packed[:end]))


@pytest.mark.parametrize("number", ALL_FORMATS)
def test_bytes_after_the_block_are_refused(number):
    packed = pack(PAYLOAD, number).data
    for tail in (b"\0", packed):
        with pytest.raises(ValueError, match="cannot be unpacked"):
            unpack(blocks.Packed(number, packed + tail))


@given(data=st.binary(max_size=300), number=st.sampled_from(ALL_FORMATS))
def test_bytes_that_are_no_block_give_a_value_error_at_most(data, number):
    with suppress(ValueError):
        assert len(unpack(blocks.Packed(number, data))) <= blocks.MAX_UNPACKED_BYTES


@given(place=st.integers(0, 10_000), flip=st.integers(1, 255), number=st.sampled_from(ALL_FORMATS))
def test_a_changed_byte_never_asks_for_more_memory_than_the_limit(place, flip, number):
    packed = bytearray(pack(PAYLOAD, number).data)
    packed[place % len(packed)] ^= flip
    with suppress(ValueError):
        assert len(unpack(blocks.Packed(number, bytes(packed)))) <= blocks.MAX_UNPACKED_BYTES


def test_a_block_that_claims_more_than_the_limit_is_refused_before_memory_is_given():
    with pytest.raises(ValueError, match="claims 4194305 bytes"):
        unpack(blocks.Packed(1, NO_COLUMNS + claiming(blocks.MAX_UNPACKED_BYTES + 1) + bytes(20)))


def test_a_block_that_does_not_say_its_size_is_refused():
    endless = zstandard.ZstdCompressor(write_content_size=False).compress(PAYLOAD)
    with pytest.raises(ValueError, match="claims"):
        unpack(blocks.Packed(0, endless))


def test_a_block_that_holds_more_than_it_claims_is_refused():
    packed = bytearray(pack(bytes(300), 1).data)
    assert packed[2:4] == (300 - 256).to_bytes(2, "little")
    packed[2:4] = (20).to_bytes(2, "little")
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpack(blocks.Packed(1, bytes(packed)))


def test_a_payload_that_could_not_be_read_again_is_not_packed():
    with pytest.raises(ValueError, match="over the limit"):
        pack(bytes(blocks.MAX_UNPACKED_BYTES + 1))


def test_threads_pack_and_unpack_at_the_same_time():
    payloads = [Random(number).randbytes(50) * 200 + PAYLOAD for number in range(8)]
    alone = [pack(payload).data for payload in payloads]
    together = Barrier(8)

    def work(index):
        together.wait()
        packed = [pack(payloads[index]) for _ in range(200)]
        return {each.data for each in packed}, {unpack(each) for each in packed}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert found == [({data}, {payload}) for data, payload in zip(alone, payloads, strict=True)]
