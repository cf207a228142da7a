"""The terms that are listed: which keys there are, what values each has, and which rows have it.

Three sections, squeezed one by one:

    KEYS    the rows that overflow (length of a set, 0 for none, and the set); how many keys (varint); of each,
            ascending: the key (length and bytes), the length of its part of VALUES, how many sets appear there first
    VALUES  of each key: the set of the rows that have it; then records, ascending: type (1), length of the value,
            value, set
    SETS    how many (varint); a column of their lengths; the sets (bitmaps.py)

A set that stands for several things is kept once. Where one appears first it is written as 0, and is the next of
SETS; afterwards as how far back that is, from 1. Sets are in an order that brings like ones together.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.search.index import bitmaps, columns
from chalicelib.search.index.cursors import Cursor
from chalicelib.search.index.listing import Listed, Record


class Sections(NamedTuple):
    """As above, not squeezed."""

    keys: bytes
    values: bytes
    sets: bytes


def write(listed: Iterable[Listed], overflowing: Sequence[int], places: Sequence[int]) -> Sections:
    """The sections of `listed` and of the rows that overflow. Row r is to stand at places[r] in the index."""
    sets = _Sets(places)
    keys: list[bytes] = []
    values: list[bytes] = []
    for each in listed:
        known = len(sets.kept)
        part = b"".join((sets.reference(each.rows), *(_record(record, sets) for record in each.records)))
        values.append(part)
        keys += (_chunk(each.key), write_varint(len(part)), write_varint(len(sets.kept) - known))
    lengths = columns.write([len(kept) for kept in sets.kept])
    return Sections(
        keys=b"".join((_chunk(_set(overflowing, places) if overflowing else b""), write_varint(len(values)), *keys)),
        values=b"".join(values),
        sets=b"".join((write_varint(len(sets.kept)), lengths, *sets.kept)),
    )


class Part(NamedTuple):
    """What the index has of one key. `records` are (type, value, number of a set)."""

    present: int
    records: Sequence[tuple[int, bytes, int]]


class Dictionary:
    """What `write` kept. Sections are asked for when they are needed. Raises ValueError for what it did not write."""

    def __init__(self, section: Callable[[str], bytes], row_count: int) -> None:
        self._section = section
        self._row_count = row_count
        self._read_sets: dict[int, int] = {}
        self._parts: dict[bytes, Part | None] = {}

    def __iter__(self) -> Iterator[bytes]:
        """Every key, ascending."""
        return iter(self._places)

    def part(self, key: bytes) -> Part | None:
        """What there is of `key`; None if no row has it."""
        if key not in self._parts:
            self._parts[key] = self._read_part(key)
        return self._parts[key]

    def rows(self, number: int) -> int:
        """The rows of a set."""
        known = self._read_sets.get(number)
        if known is None:
            try:
                start, end = self._bounds[number], self._bounds[number + 1]
            except IndexError as broken:
                raise ValueError(f"no set {number}") from broken
            known = self._read_sets[number] = bitmaps.read(self._sets[start:end], self._row_count)
        return known

    @cached_property
    def overflowing(self) -> int:
        """The rows that have more terms than there is room for, and none here."""
        kept = Cursor(self._keys).chunk()
        return bitmaps.read(kept, self._row_count) if kept else 0

    @cached_property
    def _places(self) -> dict[bytes, tuple[int, int, int]]:
        """Of each key, where its values begin and end, and the number of the first new set there."""
        cursor = Cursor(self._keys)
        cursor.chunk()
        places = {}
        start = known = 0
        for _ in range(cursor.count()):
            key, end = cursor.chunk(), start + cursor.number()
            places[key] = start, end, known
            start, known = end, known + cursor.number()
        return places

    @cached_property
    def _keys(self) -> bytes:
        return self._section("keys")

    @cached_property
    def _values(self) -> bytes:
        return self._section("values")

    def _read_part(self, key: bytes) -> Part | None:
        place = self._places.get(key)
        if place is None:
            return None
        start, end, known = place
        cursor = Cursor(self._values[start:end])
        present, known = _resolve(cursor.number(), known)
        records = []
        while not cursor.at_end:
            [kind] = cursor.take(1)
            value = cursor.chunk()
            number, known = _resolve(cursor.number(), known)
            records.append((kind, value, number))
        return Part(present, records)

    @cached_property
    def _sets(self) -> bytes:
        return self._section("sets")

    @cached_property
    def _bounds(self) -> list[int]:
        cursor = Cursor(self._sets)
        count = cursor.number()
        if count > len(self._sets):
            raise ValueError(f"{count} sets in {len(self._sets)} bytes")
        lengths = columns.Column(cursor, count).all()
        bounds = list(accumulate(lengths, initial=cursor.at))
        if bounds[-1] != len(self._sets):
            raise ValueError("sets of another length")
        return bounds


class _Sets:
    """Sets of rows while an index is written: each once, as it is kept."""

    def __init__(self, places: Sequence[int]) -> None:
        self.kept: list[bytes] = []
        self._places = places
        self._numbers: dict[tuple[int, ...], int] = {}

    def reference(self, rows: Sequence[int]) -> bytes:
        """How to name the set of `rows` here, after it has been put among the others."""
        identity = tuple(rows)
        number = self._numbers.get(identity)
        if number is not None:
            return write_varint(len(self.kept) - number)
        self._numbers[identity] = len(self.kept)
        self.kept.append(_set(rows, self._places))
        return b"\0"


def _set(rows: Sequence[int], places: Sequence[int]) -> bytes:
    return bitmaps.write(sorted([places[row] for row in rows]), len(places))


def _resolve(reference: int, known: int) -> tuple[int, int]:
    """The number of the set that `reference` names where `known` have been, and how many there have been then."""
    if reference > known:
        raise ValueError(f"a set {reference} before the first")
    return (known - reference, known) if reference else (known, known + 1)


def _record(record: Record, sets: _Sets) -> bytes:
    return b"%c%b%b" % (record.type, _chunk(record.value), sets.reference(record.rows))


def _chunk(content: bytes) -> bytes:
    return write_varint(len(content)) + content
