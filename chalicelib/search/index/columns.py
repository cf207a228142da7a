"""One number for each row: their width in bytes, then the lowest byte of every number, the next byte of every one …

High bytes are much alike, and so compress well when they stand together.
"""

from collections.abc import Sequence
from itertools import chain

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.search.index.cursors import Cursor

_MAX_WIDTH = 16


def write(numbers: Sequence[int]) -> bytes:
    """A column of numbers that are not negative and have at most 128 bits. Raises ValueError for others."""
    width = (max(numbers, default=0).bit_length() + 7) // 8
    if width > _MAX_WIDTH or min(numbers, default=0) < 0:
        raise ValueError("a number that no column can hold")
    whole = b"".join([number.to_bytes(width, "little") for number in numbers])
    return bytes([width]) + b"".join(whole[place::width] for place in range(width))


class Column:
    """The next column of `cursor`, of `row_count` numbers. Raises ValueError where it ends too soon."""

    def __init__(self, cursor: Cursor, row_count: int) -> None:
        [width] = cursor.take(1)
        if width > _MAX_WIDTH:
            raise ValueError(f"a column of {width} bytes")
        self._row_count = row_count
        self._bytes = cursor.take(width * row_count)

    def __getitem__(self, row: int) -> int:
        return int.from_bytes(self._bytes[row :: self._row_count], "little")

    def all(self) -> Sequence[int]:
        """Every number, by row."""
        if len(self._bytes) == self._row_count:
            return self._bytes
        return [self[row] for row in range(self._row_count)]


def write_texts(texts: Sequence[str]) -> bytes:
    """A list of texts: how many, then length and UTF-8 of each."""
    encoded = [text.encode(errors="surrogatepass") for text in texts]
    return b"".join(chain((write_varint(len(texts)),), *((write_varint(len(each)), each) for each in encoded)))


def read_texts(cursor: Cursor) -> list[str]:
    """The next list of texts of `cursor`."""
    return [cursor.text() for _ in range(cursor.count())]
