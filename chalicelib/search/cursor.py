"""Walking over a query's tokens, and climbing over operators by their precedence.

What fields, spansets, numbers and series have in common: a left operand, and then operators that bind at least as
tightly as is asked for. `Grammar` says which operators there are and what is made of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import msgspec

from chalicelib.search.lexer import INT_RANGE, LITERAL, WORD, Token, tokens
from chalicelib.search.places import Places, error_at
from chalicelib.search.syntax import NUMERIC, Static, StaticType

MAX_NESTING = 100  # brackets and prefixes within each other: the parser calls itself for each
MAX_TERMS = 1024  # fields, literals and filters in one query

WORDS = {
    "true": Static(StaticType.BOOL, value=True),
    "false": Static(StaticType.BOOL, value=False),
    "nil": Static(StaticType.NIL),
    "minInt": Static(StaticType.INT, -(2**63)),
    "maxInt": Static(StaticType.INT, 2**63 - 1),
    **{name: Static(StaticType.STATUS, name) for name in ("ok", "error", "unset")},
    **{
        name: Static(StaticType.KIND, name)
        for name in ("unspecified", "internal", "server", "client", "producer", "consumer")
    },
}
WHOLE_NUMBERS = frozenset({StaticType.INT, StaticType.DURATION})


class Level(msgspec.Struct, frozen=True):
    """How tightly an operator binds; of two that bind alike, the left one is first unless `from_right`."""

    power: int
    from_right: bool = False


class Grammar(msgspec.Struct, frozen=True):
    """`operand` reads what stands between operators; `combine` makes one node of operator, left and right."""

    levels: Mapping[str, Level]
    operand: Callable[["Cursor"], Any]
    combine: Callable[["Cursor", Token, Any, Any], Any]


class Cursor:
    """The next token of a text, and what was counted so far."""

    def __init__(self, text: str) -> None:
        self.places = Places(text)
        self._text = text
        self._tokens = tokens(text)
        self._nesting = 0
        self._terms = 0
        self.token = next(self._tokens)

    def take(self) -> Token:
        """The next token, which is then no longer next. Not to be called at the end."""
        taken, self.token = self.token, next(self._tokens)
        return taken

    def take_if(self, *kinds: str) -> Token | None:
        """As `take` when the next token is one of `kinds`; otherwise None."""
        return self.take() if self.token.kind in kinds else None

    def expect(self, kind: str) -> Token:
        """As `take`. Raises QueryError when the next token is of another kind."""
        if self.token.kind != kind:
            self.unexpected(f"`{kind}`")
        return self.take()

    def at_word(self, *words: str) -> bool:
        """Whether the next token is one of these words."""
        return self.token.kind == WORD and self.token.text in words

    def unexpected(self, wanted: str) -> NoReturn:
        """Raise QueryError about the next token, saying what was expected in its place."""
        raise self.error(self.token, f"expected {wanted}, found {self.token}")

    def error(self, token: Token, detail: str) -> Exception:
        """A QueryError that points at `token`."""
        return error_at(self._text, token.offset, detail)

    def term(self, token: Token) -> None:
        """Count one field, literal or filter. Raises QueryError when it is one too many."""
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self.error(token, f"a query of more than {MAX_TERMS} fields, literals and filters")

    def literal(self, minus: Token | None = None) -> Static:
        """The literal that is next, or its negative when `minus` was before it. Raises QueryError if there is none."""
        token = self.token
        if token.kind == LITERAL:
            value = self.take().value
        elif token.kind == WORD and token.text in WORDS:
            word = WORDS[self.take().text]
            value = Static(word.type, word.value)  # a node of its own, for a place of its own
        else:
            self.unexpected("a number" if minus else "a literal")
        assert isinstance(value, Static)
        self.term(token)
        value = self._negative(token, value) if minus else value
        if value.type in WHOLE_NUMBERS and value.value not in INT_RANGE:
            raise self.error(token, f"{token.text} does not fit into 64 bits")
        self.places.mark(value, (minus or token).offset)
        return value

    def _negative(self, token: Token, value: Static) -> Static:
        if value.type not in NUMERIC or not isinstance(value.value, int | float):
            raise self.error(token, f"expected a number after `-`, found {token}")
        return Static(value.type, -value.value)

    def climb(self, grammar: Grammar, least: int = 0) -> Any:
        """An expression of operators that bind at least with the power `least`. Raises QueryError."""
        if self._nesting >= MAX_NESTING:
            raise self.error(self.token, f"brackets and operators are nested more than {MAX_NESTING} deep here")
        self._nesting += 1
        left = grammar.operand(self)
        while (level := grammar.levels.get(self.token.kind)) is not None and level.power >= least:
            operator = self.take()
            right = self.climb(grammar, level.power + (not level.from_right))
            left = grammar.combine(self, operator, left, right)
        self._nesting -= 1
        return left
