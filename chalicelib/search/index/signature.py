"""The bit-sliced signature: equality with the many values that are not listed, at some 1 % of false candidates.

A row that has a value sets HASHES of the signature's bits, chosen by a hash of key and value. What is kept is, for
each bit, which rows set it (a *slice*), so that a question reads HASHES slices and ANDs them. Rows differ: one trace
has five ids in it, another five thousand. So that the one does not drown and the other does not pay for it, a row
takes as many *slots* of at most `capacity` values as it needs, none if it has no such value, and slices are over slots.

    slices in the signature, size of what follows (varints); slots of each row (a column, squeezed);
    slices, of as many bits each as there are slots, lowest bit of a byte first, without gaps
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.search.index import bitmaps, columns
from chalicelib.search.index.cursors import Cursor
from chalicelib.search.index.frames import expand, squeeze

HASHES = 5
EIGHTHS_PER_VALUE = 74  # of a bit, of a slot as full as most: 1 % of false candidates with five hashes
_LEAST_CAPACITY = 8
_NUMBERS = Struct(f"<{HASHES}I")
Hashed = tuple[int, ...]


def hashed(identity: bytes) -> Hashed:
    """Numbers that follow from `identity` alone, in every process: one for each hash, 32 bits each."""
    return _NUMBERS.unpack(blake2b(identity, digest_size=_NUMBERS.size).digest())


def write(values: Sequence[Sequence[Hashed]]) -> bytes:
    """The signature of rows with these hashed values. Nothing at all where no row has any."""
    counts = sorted(len(each) for each in values if each)
    if not counts:
        return b""
    capacity = max(_LEAST_CAPACITY, counts[len(counts) * 9 // 10])
    slice_count = _slice_count(counts, capacity)
    slot_counts = [-(-len(each) // capacity) for each in values]
    slot_count = sum(slot_counts)
    bits = bytearray((slice_count * slot_count + 7) // 8)
    slot = 0
    for each in values:
        for start in range(0, len(each), capacity):
            for value in each[start : start + capacity]:
                for number in value:
                    at = number % slice_count * slot_count + slot
                    bits[at >> 3] |= 1 << (at & 7)
            slot += 1
    slots = squeeze(columns.write(slot_counts))
    return b"".join((write_varint(slice_count), write_varint(len(slots)), slots, bytes(bits)))


def _slice_count(counts: Sequence[int], capacity: int) -> int:
    """Between what full slots would need and what slots need on average, in whole numbers: those are exact."""
    together = sum(min(count, capacity) for count in counts)
    return (together + capacity * len(counts)) * EIGHTHS_PER_VALUE // (2 * 8 * len(counts))


class Signature:
    """A signature that was kept. Raises ValueError for bytes that are none."""

    def __init__(self, kept: bytes, row_count: int) -> None:
        self._row_count = row_count
        self._slice_count = 0
        self._slots: Sequence[int] = ()
        if not kept:
            return
        cursor = Cursor(kept)
        self._slice_count = cursor.number()
        slots = Cursor(expand(cursor.chunk()))
        self._slots = columns.Column(slots, row_count).all()
        self._slot_count = sum(self._slots)
        self._bits = kept[cursor.at :]
        if not self._slice_count or (self._slice_count * self._slot_count + 7) // 8 != len(self._bits):
            raise ValueError("a signature of another size")

    def rows_with(self, value: Hashed) -> int:
        """The rows that may have the hashed `value`, as an int."""
        if not self._slice_count:
            return 0
        found = (1 << self._slot_count) - 1
        for number in value:
            start = number % self._slice_count * self._slot_count
            end = start + self._slot_count
            found &= int.from_bytes(self._bits[start >> 3 : (end + 7) >> 3], "little") >> (start & 7)
        return self._rows(found) if found else 0

    def _rows(self, slots: int) -> int:
        rows = [row for row, count in enumerate(self._slots) for _ in range(count)]
        return bitmaps.of_rows((rows[slot] for slot in bitmaps.rows_of(slots)), self._row_count)
