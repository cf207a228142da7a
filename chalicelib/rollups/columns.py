"""Numbers and names in columns, each packed on its own: what is alike lies together, and zstd sees it.

A body is VERSION, a CRC-32 of the rest, and the columns in the order that writer and reader agree on. A column is its
length (varint, times two, plus one if what follows is a zstd frame) and its bytes. Numbers are varints. Names are kept
once each, in the order of their first use; a use is 0 for the next new name, or how many names back it lies. The
names' frame uses the dictionary of blocks, which is full of the words of spans.
"""

import re
from collections.abc import Iterable, Iterator
from re import Match
from zlib import crc32

import zstandard

from chalicelib.codecs.blocks import dictionary
from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint, write_varint

VERSION = 2
READABLE = (1, 2)  # what the columns of each mean is the business of packing.py
MAX_UNPACKED_BYTES = 32 * 1024 * 1024

_LEVEL = 19
_NAMES_LEVEL = 12  # a dictionary is read anew for each body, which costs 4 ms more at level 19
_LEAST_BYTES = 16  # no frame makes less of fewer
_DICTIONARY = 1  # the format of codecs/blocks whose dictionary is used
_CHECK_BYTES = 4
_FRAME = zstandard.FORMAT_ZSTD1_MAGICLESS
_ESCAPED = re.compile(r"\\.")
_MAX_NUMBER_BITS = 140  # sums of adjusted counts may need more than 64


class ColumnWriter:
    """Columns that are being filled."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._columns = {column: bytearray() for column in columns}
        self._names: dict[str, int] = {}

    def put(self, column: str, number: int) -> None:
        """Append a number, not negative."""
        numbers = self._columns[column]
        while number > 0x7F:
            numbers.append(number & 0x7F | 0x80)
            number >>= 7
        numbers.append(number)

    def put_signed(self, column: str, number: int) -> None:
        """Append a number that may be negative."""
        self.put(column, 2 * number if number >= 0 else -2 * number - 1)

    def put_name(self, column: str, name: str) -> None:
        """Append a use of a name."""
        count = len(self._names)
        self.put(column, count - self._names.setdefault(name, count))

    def body(self) -> bytes:
        """Everything, packed; the same columns give the same bytes within one version of zstd."""
        names = "".join(name.replace("\\", "\\\\").replace("\n", "\\n") + "\n" for name in self._names)
        compressor = _compressor(_LEVEL)
        packed = [_packed(bytes(column), compressor) for column in self._columns.values()]
        columns = b"".join([_packed(names.encode(), _compressor(_NAMES_LEVEL, dictionary(_DICTIONARY))), *packed])
        return bytes([VERSION]) + crc32(columns).to_bytes(_CHECK_BYTES) + columns


class ColumnReader:
    """The columns of a body, to be taken in the order in which they were put. Raises ValueError for a broken one."""

    def __init__(self, body: bytes, columns: Iterable[str]) -> None:
        if not body or body[0] not in READABLE:
            raise ValueError(f"a rollup of version {body[:1].hex() or 'none'} is not one this version knows")
        self.version = body[0]
        packed = body[1 + _CHECK_BYTES :]
        if crc32(packed).to_bytes(_CHECK_BYTES) != body[1 : 1 + _CHECK_BYTES]:
            raise ValueError("a rollup was changed since it was packed")
        unpacked = _unpacked_columns(packed)
        names = _next(unpacked).decode()
        self._new = iter([_ESCAPED.sub(_plain, name) for name in names.split("\n")[:-1]])
        self._names: list[str] = []
        self._columns = {column: iter(_numbers(_next(unpacked))) for column in columns}
        if next(unpacked, None) is not None:
            raise ValueError("a rollup has more columns than it should")

    def take(self, column: str) -> int:
        """The next number. Raises ValueError at the end of the column."""
        for number in self._columns[column]:
            return number
        raise ValueError(f"the column {column} of a rollup ends too soon")

    def take_signed(self, column: str) -> int:
        """The next number that may be negative."""
        number = self.take(column)
        return -(number >> 1) - 1 if number & 1 else number >> 1

    def take_name(self, column: str) -> str:
        """The next name."""
        back = self.take(column)
        if back == 0:
            for name in self._new:
                self._names.append(name)
                return name
        if not 0 < back <= len(self._names):
            raise ValueError(f"the column {column} of a rollup names what is not there")
        return self._names[-back]

    def finish(self) -> None:
        """Raises ValueError if something has not been taken."""
        for rest in (self._new, *self._columns.values()):
            for _ in rest:
                raise ValueError("a rollup has more in a column than it should")


def _packed(column: bytes, compressor: zstandard.ZstdCompressor) -> bytes:
    frame = compressor.compress(column) if len(column) >= _LEAST_BYTES else column
    if len(frame) < len(column):
        return write_varint(2 * len(frame) + 1) + frame
    return write_varint(2 * len(column)) + column


def _compressor(level: int, words: zstandard.ZstdCompressionDict | None = None) -> zstandard.ZstdCompressor:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, format=_FRAME, write_content_size=True, write_checksum=False, write_dict_id=False
    )
    return zstandard.ZstdCompressor(dict_data=words, compression_params=parameters)


def _unpacked_columns(packed: bytes) -> Iterator[bytes]:
    """Every column's bytes, the names' first; no more than MAX_UNPACKED_BYTES in all."""
    at, room_bytes, words = 0, MAX_UNPACKED_BYTES, dictionary(_DICTIONARY)
    while at < len(packed):
        try:
            size, at = read_varint(packed, at)
        except (IndexError, BrokenMessageError) as broken:
            raise ValueError(f"a column of a rollup has no length: {broken}") from broken
        column = packed[at : at + size // 2]
        if len(column) < size // 2:
            raise ValueError("a rollup ends within a column")
        at += len(column)
        column = _decompressed(column, words, room_bytes) if size & 1 else column
        room_bytes -= len(column)
        words = None
        yield column


def _next(columns: Iterator[bytes]) -> bytes:
    for column in columns:
        return column
    raise ValueError("a rollup has fewer columns than it should")


def _decompressed(frame: bytes, words: zstandard.ZstdCompressionDict | None, room_bytes: int) -> bytes:
    try:
        size_bytes = zstandard.get_frame_parameters(frame, format=_FRAME).content_size
        if size_bytes > room_bytes:  # also when it is not given, which zstd says by a huge number
            raise ValueError(f"a rollup claims to be of more than {MAX_UNPACKED_BYTES} bytes")
        decompressor = zstandard.ZstdDecompressor(dict_data=words, format=_FRAME)
        return decompressor.decompress(frame, max_output_size=size_bytes, allow_extra_data=False)
    except zstandard.ZstdError as broken:
        raise ValueError(f"a column of a rollup cannot be unpacked: {broken}") from broken


def _numbers(column: bytes) -> list[int]:
    if column.isascii():
        return list(column)
    numbers, number, shift = [], 0, 0
    for byte in column:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
        elif (shift := shift + 7) > _MAX_NUMBER_BITS:
            raise ValueError(f"a number of more than {_MAX_NUMBER_BITS} bits")
    if shift:
        raise ValueError("a column of a rollup ends within a number")
    return numbers


def _plain(escape: Match[str]) -> str:
    return "\n" if escape[0] == "\\n" else escape[0][1:]
