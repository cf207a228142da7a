"""TraceQL text -> syntax.py.

    query    := pipeline [with(name=literal, ...)]
    pipeline := stage ('|' stage)*
    stage    := expression | by(...) | coalesce() | select(...) | metrics() [by(...)] comparison* | topk(n) | bottomk(n)

An `expression` is everything that has operators between its parts: spansets (`{ } >> { }`), numbers
(`count() > 2`), and series in brackets (`({ } | rate()) / 2`). They share one ladder of precedence, and what the
parts are decides what an operator makes of them; a wrong mixture is an error at the operator. Brackets around a
pipeline make an operand of it and otherwise leave no trace in the tree: `({ })` is `{ }`, and stages in brackets
become stages of the pipeline around them.

What a query costs before it is understood is bounded: its length (lexer.py), its brackets and its terms (cursor.py)
and the height of its tree (places.py).
"""

from typing import Any

import msgspec

from chalicelib.search import check
from chalicelib.search.cursor import Cursor
from chalicelib.search.lexer import END, WORD
from chalicelib.search.pipelines import NodeKind, kind_of, pipeline, stages_of
from chalicelib.search.places import Places
from chalicelib.search.syntax import Hint, Pipeline, Query


class Reading(msgspec.Struct, frozen=True):
    """A query, and where its parts stand in the text it was read from."""

    query: Query
    places: Places


def parse(text: str) -> Query:
    """The query that `text` is. Raises QueryError, with line and column, for what is no TraceQL or means nothing."""
    reading = read(text)
    check.check(reading.query, reading.places)
    return reading.query


def read(text: str) -> Reading:
    """As `parse`, for the grammar alone: `{ name = 3 }` passes. Raises QueryError with line and column."""
    cursor = Cursor(text)
    first = cursor.token
    node = pipeline(cursor)
    hints = _hints(cursor) if cursor.at_word("with") else ()
    if cursor.token.kind != END:
        cursor.unexpected("an operator, `|` or the end of the query")
    if kind_of(node) is NodeKind.NUMBER:
        raise cursor.error(
            first, "a query is about spans or series, and this is a number; compare it, as in `count() > 2`"
        )
    return Reading(Query(_root(cursor, node), hints), cursor.places)


def _root(cursor: Cursor, node: Any) -> Any:
    if kind_of(node) is NodeKind.SERIES:
        return node
    root = Pipeline(stages_of(node))
    cursor.places.mark(root, 0, node)
    return root


def _hints(cursor: Cursor) -> tuple[Hint, ...]:
    cursor.take()
    cursor.expect("(")
    hints = [_hint(cursor)]
    while cursor.take_if(","):
        hints.append(_hint(cursor))
    cursor.expect(")")
    return tuple(hints)


def _hint(cursor: Cursor) -> Hint:
    if cursor.token.kind != WORD:
        cursor.unexpected("the name of a hint")
    name = cursor.take().text
    cursor.expect("=")
    return Hint(name, cursor.literal(cursor.take_if("-")))
