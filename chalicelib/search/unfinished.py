"""Queries that are still being written, as an editor sends them when it wants suggestions for the next word.

Of the braces that are there, the parts between `&&` that can be read are kept and the others are left out. An
attribute that stands alone is one whose name or comparison is not there yet. Nothing can be kept where `||` leaves
open what is on its other side, and nothing of a query whose braces may not all be needed.
"""

from collections.abc import Iterator, Sequence

from chalicelib.model.errors import QueryError
from chalicelib.search.lexer import END, Token, readable_tokens
from chalicelib.search.parser import parse
from chalicelib.search.syntax import Attribute, Intrinsic, Pipeline, SpansetFilter

OPENING, CLOSING = frozenset("({"), frozenset(")}")
MAX_PARTS = 64  # of one query; an editor asks at every key
LOOSE_OPERATORS = frozenset({"||", "!>", "!<", "!>>", "!<<", "!~", *"+-*/%^"})  # what they join is not all needed


def read_braces(text: str) -> list[list[SpansetFilter]]:
    """For each brace that must match, a filter for each part of it that can be read. Never raises."""
    found: list[list[SpansetFilter]] = []
    outside = set()
    rest = readable_tokens(text)
    for token in rest:
        outside.add(token.kind)
        if token.text == "compare":  # its braces need not match
            break
        if token.kind == "{" and len(found) < MAX_PARTS:
            found.append(_read_parts(text, list(_until_closed(rest))))
    return [] if outside & LOOSE_OPERATORS else found


def _until_closed(rest: Iterator[Token]) -> Iterator[Token]:
    depth = 0
    for token in rest:
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if depth < 0 or token.kind == END:
            return
        yield token


def _read_parts(text: str, inside: Sequence[Token]) -> list[SpansetFilter]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in inside:
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if depth == 0 and token.kind == "||":
            return []
        if depth == 0 and token.kind == "&&":
            parts.append([])
        else:
            parts[-1].append(token)
    return [spans for part in parts[:MAX_PARTS] if part and (spans := _read(text, part)) is not None]


def _read(text: str, part: Sequence[Token]) -> SpansetFilter | None:
    first, last = part[0], part[-1]
    try:
        root = parse(f"{{ {text[first.offset : last.offset + len(last.text)]} }}").root
    except QueryError:
        return None
    assert isinstance(root, Pipeline)
    [spans] = root.stages
    if isinstance(spans, SpansetFilter) and not isinstance(spans.expression, Attribute | Intrinsic):
        return spans
    return None
