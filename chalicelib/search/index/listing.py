"""What is listed of the terms of an index, and what is left to its signature.

A value that is listed has its set of rows, so that any question about it is answered exactly; one that is not costs
some ten bits of signature for each row that has it, and can only be asked for. Numbers of a key are listed all or none:
what stands for them are the magnitudes, which ranges can be asked of. Texts are listed

- all, if the key has few: then regular expressions and orders are exact too. Names are what people search by, and may
  be more;
- else those that so many rows have that listing them takes no more bytes than the signature would.

What is counted here are guesses of bytes after compression, all in eighths of a byte.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from chalicelib.model.attributes import SERVICE_NAME
from chalicelib.search.index import signature
from chalicelib.search.index.entry import EVENT_NAME, NAME, RESOURCE, SCOPE_NAME
from chalicelib.search.index.magnitudes import magnitude
from chalicelib.search.index.terms import Type, join, key_of, number_identity, read_number, split, write_magnitude

_SIGNATURE = 10
_CHARACTER = 2
_RECORD = 16
_ROW = 3
_SLACK = 128  # what it may cost to list all of a key's values rather than none
_SLACK_OF_NAMES = 4096
_MOST_VALUES = 2048

_NAMES = frozenset((NAME, EVENT_NAME, SCOPE_NAME, key_of(RESOURCE, SERVICE_NAME)))

_TEXTS = frozenset((Type.TEXT, Type.LONG_TEXT))
_NUMBERS = frozenset((Type.INT, Type.FLOAT))
Rows = Sequence[int]


class Record(NamedTuple):
    """`value` (bytes as type says, see dictionary.py) of a key and the rows that have it, ascending."""

    type: int
    value: bytes
    rows: Rows


class Listed(NamedTuple):
    """A key: the rows that have it, its records by type and value, and what the signature has to hold of it."""

    key: bytes
    rows: Rows
    records: list[Record]
    unlisted: list[tuple[signature.Hashed, Rows]]  # a value, and its rows


def listings(postings: Mapping[bytes, Rows]) -> Iterator[Listed]:
    """Each key of the terms in `postings`, ascending."""
    keys: dict[bytes, list[Record]] = defaultdict(list)
    for term in sorted(postings):
        key, kind, value = split(term)
        keys[key].append(Record(kind, value, postings[term]))
    for key, records in keys.items():
        yield _listing(key, records)


def _listing(key: bytes, records: list[Record]) -> Listed:
    texts = [record for record in records if record.type == Type.TEXT]
    numbers = [record for record in records if record.type in _NUMBERS]
    kept = [record for record in records if record.type not in _TEXTS | _NUMBERS]
    left = [record for record in records if record.type == Type.LONG_TEXT]
    slack = _SLACK_OF_NAMES if key in _NAMES else _SLACK
    for found, is_worth_listing in ((texts, _is_text_worth_listing), (numbers, _never)):
        if _are_worth_listing(found, slack):
            kept += found
        else:
            for record in found:
                (kept if is_worth_listing(record) else left).append(record)
    return Listed(
        key=key,
        rows=_rows_of(records),
        records=sorted(kept + _stand_ins(left)),
        unlisted=[(signature.hashed(_identity(key, record)), record.rows) for record in left],
    )


def _are_worth_listing(records: Sequence[Record], slack: int) -> bool:
    if len(records) > _MOST_VALUES:
        return False
    row_count = sum(len(record.rows) for record in records)
    character_count = sum(len(record.value) for record in records)
    cost = _RECORD * len(records) + _CHARACTER * character_count + _ROW * row_count
    return cost <= slack + _SIGNATURE * row_count


def _is_text_worth_listing(record: Record) -> bool:
    return _RECORD + _CHARACTER * len(record.value) <= (_SIGNATURE - _ROW) * len(record.rows)


def _never(_: Record) -> bool:
    return False


def _stand_ins(records: Sequence[Record]) -> list[Record]:
    """What is listed in place of values that are not: which rows have such a text, or a number of which magnitude."""
    groups: dict[tuple[int, bytes], list[Record]] = defaultdict(list)
    for record in records:
        if record.type in _TEXTS:
            groups[Type.UNLISTED_TEXT, b""].append(record)
        else:
            bucket = write_magnitude(magnitude(read_number(record.type, record.value)))
            groups[Type.UNLISTED_NUMBER, bytes([record.type]) + bucket].append(record)
    return [Record(kind, value, _rows_of(group)) for (kind, value), group in groups.items()]


def _rows_of(records: Sequence[Record]) -> Rows:
    if len(records) == 1:
        return records[0].rows
    return sorted({row for record in records for row in record.rows})


def _identity(key: bytes, record: Record) -> bytes:
    """What the signature hashes of a value."""
    if record.type in _NUMBERS:
        return number_identity(key, read_number(record.type, record.value))
    return join(key, record.type, record.value)
