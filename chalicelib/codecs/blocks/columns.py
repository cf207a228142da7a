"""What does not compress, set apart from what does: ids and times of spans, and UUIDs, out of an OTLP payload.

A dictionary makes names and attributes cheap, so that half of a packed block would be random bytes, and those cost
more than themselves: they stand in the way of matches and spoil the statistics of the text around them. Here they
are moved into columns that zstd never sees. Span ids stay as they are, a parent becomes its number among them,
times become differences, UUIDs lose their hex, and the trace id, which the item's key holds, goes altogether.
What that saves: docs/adr/006-block-format.md.

It is done on bytes, by what upb's serialiser writes first in a span (trace.proto; fields in order of number):

    0a 10 <trace_id>  12 08 <span_id>  [22 08 <parent_span_id>]  [2a <name>]  [30 <kind>]  39 <start>  41 <end>

Nothing depends on these bytes being a span: whatever looks so is taken out, and put back the same. Links to spans
of the same trace begin likewise; of them the two ids are taken. What looks otherwise stays in the text.

    columns: span mark, UUID mark (one byte each, which the text does not otherwise hold),
             widths of a start and a duration (4 bits each), number of spans and of other parents (varints),
             span ids, other parents, parents, the earliest start, starts after it, durations, UUIDs
"""

import re
from collections.abc import Sequence
from itertools import islice
from struct import Struct, pack
from struct import error as StructError  # noqa: N812
from typing import NamedTuple

from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint, write_varint

_ID_BYTES = 8
_UUID_BYTES = 16

_PARENT = b"\x22\x08"
_NAME = 0x2A
_KIND = 0x30
_NAME_OR_KIND = (b"\x2a", b"\x30")
_START = 0x39
_END = 0x41
_TIMES = Struct("<BQBQ")
_times_at = _TIMES.unpack_from
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}  # of struct, by width
_U64 = 0xFFFF_FFFF_FFFF_FFFF

# A KeyValue's string of 36 characters that is a UUID in lower case.
_UUID_FRAME = b"\x12&\n$"
_UUID = re.compile(rb"\x12&\n\$([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")

# Bytes that UTF-8 never holds (Unicode 15, table 3-7), so that only numbers can.
_MARKS = tuple(bytes([mark]) for mark in (0xC0, 0xC1, *range(0xF5, 0x100)))

# What stands in the column of parents: nothing but the span id was taken; no parent; or a parent's number.
_ID_ALONE = 0
_NO_PARENT = 1
_FIRST_PARENT = 2


class _Taken(NamedTuple):
    """What was taken from spans, one after the other, and the text that is left of each.

    `parents` has None where a span has no parent, and ALONE where nothing but its id was taken; `starts_ns` and
    `ends_ns` are those of the others.
    """

    ids: list[bytes]
    parents: list[bytes | None]
    starts_ns: list[int]
    ends_ns: list[int]
    texts: list[bytes]


_ALONE = b""
_NOTHING_MORE = b"\0"  # no field: where a text ends at once, or after its name


def split(payload: bytes, trace_id: bytes) -> tuple[bytes, bytes]:
    """(columns, text) of `payload`; no columns, and all of it text, where nothing in it looks like a span."""
    head, *pieces = payload.split(_span_start(trace_id))
    if not pieces or min(map(len, pieces)) < _ID_BYTES:
        return b"", payload
    taken = _take(pieces)
    taken.texts.insert(0, head)
    rest = b"".join(taken.texts)
    marks = list(islice((mark for mark in _MARKS if mark not in rest), 2))
    if len(marks) < 2:
        return b"", payload
    span_mark, uuid_mark = marks
    parts = _UUID.split(span_mark.join(taken.texts))
    uuids = bytes.fromhex(b"".join(parts[1::2]).decode().replace("-", ""))
    return span_mark + uuid_mark + _columns(taken) + uuids, uuid_mark.join(parts[::2])


def join(columns: bytes, text: bytes, trace_id: bytes) -> bytes:
    """The payload that `split` gave `columns` and `text` for. Raises ValueError for columns that do not fit `text`."""
    if not columns:
        return text
    span_mark, uuid_mark = columns[:1], columns[1:2]
    try:
        fields, uuids = _read_columns(columns)
        head, *texts = _with_uuids(text, uuid_mark, uuids).split(span_mark)
        pieces = [_piece(*field, text) for field, text in zip(fields, texts, strict=True)]
    except (IndexError, StructError, BrokenMessageError) as broken:
        raise ValueError(f"columns that end too soon or count too far: {broken}") from broken
    return _span_start(trace_id).join([head, *pieces])


def _span_start(trace_id: bytes) -> bytes:
    return b"\x0a\x10" + trace_id + b"\x12\x08"


def _take(pieces: Sequence[bytes]) -> _Taken:
    """What can be taken from `pieces`, each of which begins with a span id."""
    parents: list[bytes | None] = []
    starts_ns: list[int] = []
    ends_ns: list[int] = []
    texts: list[bytes] = []
    for piece in pieces:
        parent_id = piece[10:18] if piece.startswith(_PARENT, 8) else None
        at = name_at = 8 if parent_id is None else 18
        try:
            at = _after_name_and_kind(piece, name_at)
            start_tag, start_ns, end_tag, end_ns = _times_at(piece, at)
        except (IndexError, StructError):
            start_tag = end_tag = 0
        tail = piece[at + _TIMES.size :]
        # Where times were is found again by passing over name and kind: nothing behind them may pass for either.
        if start_tag != _START or end_tag != _END or tail.startswith(_NAME_OR_KIND):
            parents.append(_ALONE)
            texts.append(piece[8:])
            continue
        parents.append(parent_id)
        starts_ns.append(start_ns)
        ends_ns.append(end_ns)
        texts.append(piece[name_at:at] + tail)
    return _Taken([piece[:8] for piece in pieces], parents, starts_ns, ends_ns, texts)


def _after_name_and_kind(text: bytes, at: int) -> int:
    """Where a name and a kind that may stand at `at` end, if each has a length or number of one byte."""
    if text[at] == _NAME:
        at += 2 + text[at + 1]
    return at + 2 if text[at] == _KIND else at


def _columns(taken: _Taken) -> bytes:
    """All columns but the marks and the UUIDs."""
    parents, others = _numbered(taken)
    earliest_ns = min(taken.starts_ns, default=0)
    starts_ns = [start_ns - earliest_ns for start_ns in taken.starts_ns]
    durations_ns = [(end - start) & _U64 for start, end in zip(taken.starts_ns, taken.ends_ns, strict=True)]
    start_bytes, duration_bytes = _width(max(starts_ns, default=0)), _width(max(durations_ns, default=0))
    parts = [
        bytes([start_bytes << 4 | duration_bytes]),
        write_varint(len(taken.ids)),
        write_varint(len(others)),
        *taken.ids,
        *others,
        _written(parents, _parent_bytes(len(taken.ids), len(others))),
        earliest_ns.to_bytes(8, "little"),
        _written(starts_ns, start_bytes),
        _written(durations_ns, duration_bytes),
    ]
    return b"".join(parts)


def _numbered(taken: _Taken) -> tuple[list[int], list[bytes]]:
    """The column of parents, and the ids in it that are of no span here."""
    numbers: dict[bytes | None, int] = {span_id: number for number, span_id in enumerate(taken.ids, _FIRST_PARENT)}
    numbers[_ALONE] = _ID_ALONE
    numbers[None] = _NO_PARENT
    known = len(numbers)
    first_other = _FIRST_PARENT + len(taken.ids) - known
    parents = [numbers.setdefault(parent, first_other + len(numbers)) for parent in taken.parents]
    return parents, [parent for parent in islice(numbers, known, None) if parent]


_Field = tuple[bytes, bytes | None, tuple[int, int] | None]  # a span's id, its parent's, its start and end


def _read_columns(columns: bytes) -> tuple[list[_Field], bytes]:
    """What was taken from each span, and the UUIDs that follow. Raises IndexError and BrokenMessageError."""
    start_bytes, duration_bytes = columns[2] >> 4, columns[2] & 0x0F
    span_count, at = read_varint(columns, 3)
    other_count, at = read_varint(columns, at)
    if (span_count + other_count) * _ID_BYTES > len(columns):  # before memory is given to numbers out of nowhere
        raise IndexError(f"{span_count} spans")
    ids = [columns[at + _ID_BYTES * n : at + _ID_BYTES * (n + 1)] for n in range(span_count + other_count)]
    at += _ID_BYTES * len(ids)
    parents, at = _read(columns, at, span_count, _parent_bytes(span_count, other_count))
    timed_count = span_count - parents.count(_ID_ALONE)
    (earliest_ns,), at = _read(columns, at, 1, 8)
    starts_ns, at = _read(columns, at, timed_count, start_bytes)
    durations_ns, at = _read(columns, at, timed_count, duration_bytes)
    times = (
        (earliest_ns + start_ns, (earliest_ns + start_ns + duration_ns) & _U64)
        for start_ns, duration_ns in zip(starts_ns, durations_ns, strict=True)
    )
    parent_ids = [None, None, *ids]
    fields = [
        (span_id, parent_ids[parent], None if parent == _ID_ALONE else next(times))
        for span_id, parent in zip(ids, parents, strict=False)
    ]
    return fields, columns[at:]


def _piece(span_id: bytes, parent_id: bytes | None, times: tuple[int, int] | None, text: bytes) -> bytes:
    if times is None:
        return span_id + text
    at = _after_name_and_kind(text + _NOTHING_MORE, 0)
    start_ns, end_ns = times
    parent = b"" if parent_id is None else _PARENT + parent_id
    return b"".join([span_id, parent, text[:at], _TIMES.pack(_START, start_ns, _END, end_ns), text[at:]])


def _with_uuids(text: bytes, mark: bytes, uuids: bytes) -> bytes:
    head, *parts = text.split(mark)
    if len(uuids) != _UUID_BYTES * len(parts):
        raise IndexError(f"{len(parts)} UUIDs in {len(uuids)} bytes")
    digits = uuids.hex().encode()
    places = range(0, len(digits), 2 * _UUID_BYTES)
    return b"".join([head, *(_uuid(digits[at : at + 32]) + part for at, part in zip(places, parts, strict=True))])


def _uuid(digits: bytes) -> bytes:
    return b"%b%b-%b-%b-%b-%b" % (_UUID_FRAME, digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])


def _width(largest: int) -> int:
    return (largest.bit_length() + 7) // 8


def _parent_bytes(span_count: int, other_count: int) -> int:
    return _width(_FIRST_PARENT + span_count + other_count)


def _written(numbers: Sequence[int], width: int) -> bytes:
    code = _CODES.get(width)
    if code is not None:
        return pack(f"<{len(numbers)}{code}", *numbers)
    return b"".join([number.to_bytes(width, "little") for number in numbers])


def _read(columns: bytes, at: int, count: int, width: int) -> tuple[list[int], int]:
    """`count` numbers of `width` bytes that stand at `at`, and where they end. Raises IndexError."""
    end = at + count * width
    if end > len(columns):
        raise IndexError(f"{count} numbers of {width} bytes")
    if width == 0:
        return [0] * count, end
    return [int.from_bytes(columns[place : place + width], "little") for place in range(at, end, width)], end
