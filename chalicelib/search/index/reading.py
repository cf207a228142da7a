"""Bytes to answers."""

from typing import Self

from chalicelib.search.conditions import SpanMatch, TraceCondition, TraceMatch
from chalicelib.search.index.catalog import CatalogKey
from chalicelib.search.index.matching import CompileRegex
from chalicelib.search.index.rows import Row


class Index:
    """The rows of one packed body. Sections are read when they are first needed.

    A set of rows is an int: bit i stands for row i. Every method raises ValueError when it comes to bytes that no
    `pack` made.
    """

    @classmethod
    def unpack(cls, body: bytes, *, whole: bool = False) -> Self:
        """The index in `body`. `whole`: each row is of a whole trace, so that its duration is that of the trace.

        Raises ValueError for a version this code does not know, and for what is no index.
        """
        raise NotImplementedError

    def __len__(self) -> int:
        """The number of rows."""
        raise NotImplementedError

    @property
    def everything(self) -> int:
        """The bitmap of every row."""
        raise NotImplementedError

    def match(self, leaf: SpanMatch | TraceMatch, compile_regex: CompileRegex) -> int:
        """The rows that might satisfy `leaf`."""
        raise NotImplementedError

    def match_tree(self, condition: TraceCondition, compile_regex: CompileRegex) -> int:
        """The rows that might satisfy `condition`, each by what this index has of its trace."""
        raise NotImplementedError

    def rows(self, bitmap: int) -> list[Row]:
        """What is known of those rows, in their order."""
        raise NotImplementedError

    def trace_ids(self) -> list[str]:
        """The trace id of each row, in the order of rows (which is not that of ids)."""
        raise NotImplementedError

    def find(self, trace_ids: set[str]) -> int:
        """The rows of these traces."""
        raise NotImplementedError

    def catalog(self) -> list[CatalogKey]:
        """The attributes and intrinsics that the rows have, by scope and name."""
        raise NotImplementedError
