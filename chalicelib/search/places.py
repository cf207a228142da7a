"""Where things stand in a query's text: for error messages, and for limits on what may be nested.

The nodes of syntax.py have no positions, so that they compare by what they say. The parser keeps a table of them
beside the tree for as long as it and the checker work.
"""

from typing import Any, NoReturn

from chalicelib.model.errors import QueryError

MAX_HEIGHT = 200  # of a tree; whoever walks one may do so recursively


def error_at(text: str, offset: int, detail: str) -> QueryError:
    """A QueryError about the code point at `offset` (from 0) of `text`."""
    line = text.count("\n", 0, offset) + 1
    return QueryError(detail, line=line, column=offset - text.rfind("\n", 0, offset))


class Places:
    """For each node of one query: its offset and its height. Nodes are told apart by identity."""

    def __init__(self, text: str = "") -> None:
        self._text = text
        self._marks: dict[int, tuple[Any, int, int]] = {}  # holds the nodes, so that no other takes over an identity

    def mark(self, node: Any, offset: int, *children: Any) -> None:
        """Note that `node` is at `offset` and has these children. Raises QueryError if it is too high.

        Members of enums are what they are wherever they stand: they get no place.
        """
        height = 1 + max((self._marks[id(child)][2] for child in children if id(child) in self._marks), default=0)
        if height > MAX_HEIGHT:
            raise error_at(
                self._text,
                offset,
                f"the query is more than {MAX_HEIGHT} operations deep here; brackets around parts of a long chain, "
                "or a regular expression in place of many comparisons, make it flatter",
            )
        self._marks[id(node)] = (node, offset, height)

    def fail(self, node: Any, detail: str) -> NoReturn:
        """Raise QueryError about `node`: with line and column where its place is known."""
        if id(node) in self._marks:
            raise error_at(self._text, self._marks[id(node)][1], detail)
        raise QueryError(detail)
