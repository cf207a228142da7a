"""Sets of rows: as a Python int while they are used (bit i stands for row i), as few bytes as possible while kept.

A kept one begins with how it is kept:

    GAPS   how far each row is from the one before it, less one      for few rows
    RUNS   lengths of stretches: not in it, in it, not in it …       for rows that stand together
    BITS   the int, little-endian                                    for anything else

Gaps and runs are varints. Empty sets are never kept.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, pairwise

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.search.index.cursors import Cursor

GAPS, RUNS, BITS = 0, 1, 2


def of_rows(rows: Iterable[int], row_count: int) -> int:
    """The int of `rows`, each under `row_count`."""
    bits = bytearray((row_count + 7) // 8)
    for row in rows:
        bits[row >> 3] |= 1 << (row & 7)
    return int.from_bytes(bits, "little")


def rows_of(bitmap: int) -> list[int]:
    """The rows in `bitmap`, ascending."""
    rows = []
    for place, byte in enumerate(bitmap.to_bytes((bitmap.bit_length() + 7) // 8, "little")):
        if byte:
            rows += [8 * place + bit for bit in _BITS_OF[byte]]
    return rows


def write(rows: Sequence[int], row_count: int) -> bytes:
    """`rows`, ascending and at least one, in the way that takes fewest bytes."""
    gaps = [later - earlier - 1 for earlier, later in pairwise(chain((-1,), rows))]
    runs = _runs(gaps)
    kept = min((_varints(gaps), GAPS), (_varints(runs), RUNS), key=lambda each: (len(each[0]), each[1]))
    if len(kept[0]) > (row_count + 7) // 8:
        kept = (of_rows(rows, row_count).to_bytes((row_count + 7) // 8, "little"), BITS)
    return bytes([kept[1]]) + kept[0]


def read(kept: bytes, row_count: int) -> int:
    """The int that was kept, at most `row_count` bits of it. Raises ValueError for bytes that keep none."""
    if not kept or kept[0] > BITS:
        raise ValueError("no set of rows")
    if kept[0] == BITS:
        bitmap = int.from_bytes(kept[1:], "little")
    else:
        numbers = _read_varints(kept)
        bitmap = _read_gaps(numbers, row_count) if kept[0] == GAPS else _read_runs(numbers, row_count)
    if bitmap.bit_length() > row_count:
        raise ValueError(f"a set of more than {row_count} rows")
    return bitmap


def _read_gaps(gaps: Sequence[int], row_count: int) -> int:
    rows = list(accumulate((gap + 1 for gap in gaps), initial=-1))
    if rows[-1] >= row_count:
        raise ValueError(f"a row over {row_count}")
    return of_rows(rows[1:], row_count)


def _read_runs(runs: Sequence[int], row_count: int) -> int:
    if sum(runs) > row_count:
        raise ValueError(f"runs over {row_count} rows")
    ends = list(accumulate(runs))
    bitmap = 0
    for start, end in zip(ends[::2], ends[1::2], strict=False):
        bitmap |= (1 << end) - (1 << start)
    return bitmap


def _runs(gaps: Sequence[int]) -> list[int]:
    runs: list[int] = []
    for gap in gaps:
        if gap or not runs:
            runs += (gap, 1)
        else:
            runs[-1] += 1
    return runs


def _varints(numbers: Sequence[int]) -> bytes:
    if max(numbers, default=0) < 0x80:
        return bytes(numbers)
    return b"".join(map(write_varint, numbers))


def _read_varints(kept: bytes) -> Sequence[int]:
    if max(kept) < 0x80:
        return kept[1:]
    cursor = Cursor(kept, 1)
    numbers = []
    while not cursor.at_end:
        numbers.append(cursor.number())
    return numbers


_BITS_OF = [[bit for bit in range(8) if byte >> bit & 1] for byte in range(256)]
