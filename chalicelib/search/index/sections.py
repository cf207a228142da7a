"""The parts of a packed index, read when they are first needed. The layout is told in the package's docstring."""

from collections.abc import Iterable
from functools import cached_property
from itertools import compress
from typing import Self

from chalicelib.model.ids import TRACE_ID_BYTES
from chalicelib.search.index import bitmaps
from chalicelib.search.index.cursors import Cursor
from chalicelib.search.index.dictionary import Dictionary
from chalicelib.search.index.frames import expand
from chalicelib.search.index.rows import Rows
from chalicelib.search.index.signature import Signature

VERSION = 1
SECTIONS = ("ids", "rows", "keys", "values", "sets", "signature")


class Sections:
    """One index, by its sections as they are kept. Everything raises ValueError for bytes that were not written so."""

    def __init__(self, kept: dict[str, bytes], row_count: int, *, whole: bool) -> None:
        self._kept = kept
        self.row_count = row_count
        self.whole = whole

    @classmethod
    def of(cls, body: bytes, *, whole: bool) -> Self:
        """The sections of `body`."""
        if not body or body[0] != VERSION:
            raise ValueError(f"an index of version {body[0] if body else 'none'} is not one this code knows")
        cursor = Cursor(body, 1)
        row_count = cursor.number()
        lengths = [cursor.number() for _ in SECTIONS]
        kept = {name: cursor.take(length) for name, length in zip(SECTIONS, lengths, strict=True)}
        if not cursor.at_end or len(kept["ids"]) != TRACE_ID_BYTES * row_count:
            raise ValueError("an index that is not as long as it says")
        return cls(kept, row_count, whole=whole)

    @property
    def everything(self) -> int:
        """Every row."""
        return (1 << self.row_count) - 1

    def trace_ids(self) -> list[str]:
        """The trace id of each row."""
        digits = self._kept["ids"].hex()
        return [digits[start : start + 2 * TRACE_ID_BYTES] for start in range(0, len(digits), 2 * TRACE_ID_BYTES)]

    def rows_where(self, holds: Iterable[bool]) -> int:
        """The rows for which it holds, told row by row."""
        return bitmaps.of_rows(compress(range(self.row_count), holds), self.row_count)

    @cached_property
    def dictionary(self) -> Dictionary:
        """What is listed."""
        return Dictionary(lambda name: expand(self._kept[name]), self.row_count)

    @cached_property
    def signature(self) -> Signature:
        """What is not."""
        return Signature(self._kept["signature"], self.row_count)

    @cached_property
    def columns(self) -> Rows:
        """What is known of rows beside their terms."""
        return Rows(self._kept["ids"], expand(self._kept["rows"]))
