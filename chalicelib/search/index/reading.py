"""Bytes to answers."""

from typing import Self

from chalicelib.model.windows import Window
from chalicelib.search.conditions import SpanMatch, TraceCondition, TraceMatch
from chalicelib.search.index import bitmaps
from chalicelib.search.index.catalog import CatalogKey, catalog
from chalicelib.search.index.matching import CompileRegex, Matcher
from chalicelib.search.index.rows import Row
from chalicelib.search.index.sections import Sections


class Index:
    """The rows of one packed body. Sections are read when they are first needed.

    A set of rows is an int: bit i stands for row i. Every method raises ValueError when it comes to bytes that no
    `pack` made.
    """

    def __init__(self, sections: Sections) -> None:
        self._sections = sections

    @classmethod
    def unpack(cls, body: bytes, *, whole: bool = False) -> Self:
        """The index in `body`. `whole`: each row is of a whole trace, so that its duration is that of the trace.

        Raises ValueError for a version this code does not know, and for what is no index.
        """
        return cls(Sections.of(body, whole=whole))

    def __len__(self) -> int:
        """The number of rows."""
        return self._sections.row_count

    @property
    def everything(self) -> int:
        """The bitmap of every row."""
        return self._sections.everything

    def match(self, leaf: SpanMatch | TraceMatch, compile_regex: CompileRegex) -> int:
        """The rows that might satisfy `leaf`. Raises what `compile_regex` raises."""
        return Matcher(self._sections, compile_regex).match(leaf)

    def match_tree(self, condition: TraceCondition, compile_regex: CompileRegex) -> int:
        """The rows that might satisfy `condition`, each by what this index has of its trace."""
        return Matcher(self._sections, compile_regex).match(condition)

    def rows(self, bitmap: int) -> list[Row]:
        """What is known of those rows, in their order."""
        return [self._sections.columns.row(row) for row in bitmaps.rows_of(bitmap)] if bitmap else []

    def extents(self, bitmap: int) -> list[tuple[str, Window]]:
        """Of those rows the trace id, and when it starts and ends: less work than `rows`."""
        return [self._sections.columns.extent(row) for row in bitmaps.rows_of(bitmap)] if bitmap else []

    def trace_ids(self) -> list[str]:
        """The trace id of each row, in the order of rows (which is not that of ids)."""
        return self._sections.trace_ids()

    def find(self, trace_ids: set[str]) -> int:
        """The rows of these traces."""
        return self._sections.rows_where(trace_id in trace_ids for trace_id in self._sections.trace_ids())

    def catalog(self) -> list[CatalogKey]:
        """The attributes and intrinsics that the rows have, by scope and name; see CatalogKey."""
        return catalog(self._sections.dictionary)
