"""Bodies that are whole by their checksum, and broken all the same."""

from zlib import crc32

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.rollups.columns import MAX_UNPACKED_BYTES, VERSION, ColumnReader, ColumnWriter
from chalicelib.rollups.packing import unpack

NUMBERS = st.lists(st.integers(0, 2**130) | st.integers(0, 200))


def body_of(columns: bytes) -> bytes:
    return bytes([VERSION]) + crc32(columns).to_bytes(4) + columns


@given(NUMBERS, st.lists(st.integers(-(2**100), 2**100)), st.lists(st.text(max_size=3)))
def test_columns_come_back(numbers: list[int], signed: list[int], names: list[str]):
    writer = ColumnWriter(["a", "b", "c"])
    for number in numbers:
        writer.put("a", number)
    for number in signed:
        writer.put_signed("b", number)
    for name in names:
        writer.put_name("c", name)
    reader = ColumnReader(writer.body(), ["a", "b", "c"])
    assert [reader.take("a") for _ in numbers] == numbers
    assert [reader.take_signed("b") for _ in signed] == signed
    assert [reader.take_name("c") for _ in names] == names
    reader.finish()


def test_what_was_not_taken_is_noticed():
    writer = ColumnWriter(["a"])
    writer.put("a", 1)
    with pytest.raises(ValueError, match="more in a column"):
        ColumnReader(writer.body(), ["a"]).finish()


def test_a_column_that_claims_too_much_is_refused_before_it_is_unpacked():
    bomb = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(
            1, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=True
        )
    ).compress(bytes(MAX_UNPACKED_BYTES + 1))
    with pytest.raises(ValueError, match="more than"):
        ColumnReader(body_of(write_varint(2 * len(bomb) + 1) + bomb), [])


def test_a_number_without_end_is_refused():
    column = b"\xff" * 1000
    with pytest.raises(ValueError, match="bits"):
        ColumnReader(body_of(b"\0" + write_varint(2 * len(column)) + column), ["a"])


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_as_what_they_are_and_nothing_else(columns: bytes):
    with pytest.raises(ValueError, match=r"rollup|number|codec|decode"):
        unpack(body_of(columns))


@given(st.lists(st.integers(0, 70), min_size=40, max_size=40), st.binary(max_size=20))
def test_any_numbers_are_a_rollup_or_a_value_error(numbers: list[int], names: bytes):
    """Every column holds the same few numbers: most of them make no sense together."""
    column = bytes(numbers)
    one = write_varint(2 * len(column)) + column
    try:
        unpack(body_of(write_varint(2 * len(names)) + names + one * 34))
    except ValueError:
        return
