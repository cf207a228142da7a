"""Field expressions: what stands in the braces of a spanset filter, and in by() and aggregates.

Operators bind as Tempo's do, loosest first: `&& ||` (alike, from left to right), comparisons, `+ -`, `!`, `* / %`, `^`
(from the right), unary minus. So `!a * b` is `!(a * b)`, and `-2 ^ 2` is `(-2) ^ 2`.
"""

from chalicelib.search.cursor import WORDS, Cursor, Grammar, Level
from chalicelib.search.lexer import FIELD, LITERAL, WORD, Token
from chalicelib.search.syntax import Attribute, Binary, FieldExpression, Intrinsic, Operator, Unary

NOT_POWER = 4
MINUS_POWER = 7
LEVELS = {
    **dict.fromkeys(("||", "&&"), Level(1)),
    **dict.fromkeys(("=", "!=", "=~", "!~", ">", ">=", "<", "<="), Level(2)),
    **dict.fromkeys(("+", "-"), Level(3)),
    **dict.fromkeys(("*", "/", "%"), Level(5)),
    "^": Level(6, from_right=True),
}
BARE_INTRINSICS = {
    "duration": Intrinsic.SPAN_DURATION,
    "name": Intrinsic.SPAN_NAME,
    "kind": Intrinsic.SPAN_KIND,
    "status": Intrinsic.SPAN_STATUS,
    "statusMessage": Intrinsic.SPAN_STATUS_MESSAGE,
    "childCount": Intrinsic.SPAN_CHILD_COUNT,
    "traceDuration": Intrinsic.TRACE_DURATION,
    "rootName": Intrinsic.TRACE_ROOT_NAME,
    "rootServiceName": Intrinsic.TRACE_ROOT_SERVICE,
    "nestedSetLeft": Intrinsic.NESTED_SET_LEFT,
    "nestedSetRight": Intrinsic.NESTED_SET_RIGHT,
    "nestedSetParent": Intrinsic.NESTED_SET_PARENT,
}


def field_expression(cursor: Cursor) -> FieldExpression:
    """The field expression that is next. Raises QueryError."""
    expression: FieldExpression = cursor.climb(_FIELDS)
    return expression


def field(cursor: Cursor) -> Attribute | Intrinsic:
    """The attribute or intrinsic that is next. Raises QueryError when there is something else."""
    token = cursor.token
    if token.kind == FIELD and isinstance(token.value, Attribute | Intrinsic):
        cursor.term(cursor.take())
        if isinstance(token.value, Attribute):
            cursor.places.mark(token.value, token.offset)
        return token.value
    if token.kind == WORD and token.text in BARE_INTRINSICS:
        cursor.term(cursor.take())
        return BARE_INTRINSICS[token.text]
    if token.kind == WORD and token.text not in WORDS:
        raise cursor.error(token, _unknown(token.text))
    return cursor.unexpected("an attribute or an intrinsic")


def _unknown(word: str) -> str:
    if word == "parent":
        return "the intrinsic `parent` is not supported; an attribute of the parent span is `parent.name`"
    return f"`{word[:60]}` is not an intrinsic; an attribute has a dot or a scope before it (`.{word[:60]}`)"


def _operand(cursor: Cursor) -> FieldExpression:
    token = cursor.token
    if cursor.take_if("("):
        inside = field_expression(cursor)
        cursor.expect(")")
        return inside
    if cursor.take_if("!"):
        return _unary(cursor, token, NOT_POWER)
    if cursor.take_if("-"):
        if cursor.token.kind == LITERAL or cursor.at_word("minInt", "maxInt"):
            return cursor.literal(token)
        return _unary(cursor, token, MINUS_POWER)
    if token.kind == LITERAL or (token.kind == WORD and token.text in WORDS):
        return cursor.literal()
    if token.kind in (FIELD, WORD):
        return field(cursor)
    return cursor.unexpected("an attribute, an intrinsic, a literal or a bracket")


def _unary(cursor: Cursor, operator: Token, power: int) -> Unary:
    operand = cursor.climb(_FIELDS, power)
    node = Unary(Operator(operator.kind), operand)
    cursor.places.mark(node, operator.offset, operand)
    return node


def _binary(cursor: Cursor, operator: Token, left: FieldExpression, right: FieldExpression) -> Binary:
    node = Binary(Operator(operator.kind), left, right)
    cursor.places.mark(node, operator.offset, left, right)
    return node


_FIELDS = Grammar(LEVELS, _operand, _binary)
