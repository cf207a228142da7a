"""What is written like a call: aggregates, stages that regroup or show, metrics functions, topk and bottomk.

Each reader begins at its word and ends behind its bracket (metrics functions behind their by(...)).
"""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.search.cursor import Cursor
from chalicelib.search.fields import field, field_expression
from chalicelib.search.lexer import LITERAL, Token
from chalicelib.search.syntax import (
    Aggregate,
    AggregateFunction,
    Attribute,
    Coalesce,
    Compare,
    GroupBy,
    Intrinsic,
    MetricsAggregate,
    MetricsFunction,
    Select,
    SpansetFilter,
    Static,
    StaticType,
    TopBottom,
)

T = TypeVar("T")

COUNTING = frozenset({MetricsFunction.RATE, MetricsFunction.COUNT_OVER_TIME})


def spanset_filter(cursor: Cursor) -> SpansetFilter:
    """`{ expression }` or `{ }`, which are next. Raises QueryError."""
    brace = cursor.expect("{")
    cursor.term(brace)
    expression = None if cursor.token.kind == "}" else field_expression(cursor)
    cursor.expect("}")
    node = SpansetFilter(expression)
    cursor.places.mark(node, brace.offset, expression)
    return node


def aggregate(cursor: Cursor) -> Aggregate:
    """`count()` or `max(expression)`. Raises QueryError."""
    word = cursor.take()
    function = AggregateFunction(word.text)
    cursor.term(cursor.expect("("))
    expression = None if function is AggregateFunction.COUNT else field_expression(cursor)
    cursor.expect(")")
    node = Aggregate(function, expression)
    cursor.places.mark(node, word.offset, expression)
    return node


def group_by(cursor: Cursor) -> GroupBy:
    """`by(expression)`. Raises QueryError."""
    word = cursor.take()
    cursor.expect("(")
    node = GroupBy(field_expression(cursor))
    cursor.expect(")")
    cursor.places.mark(node, word.offset, node.expression)
    return node


def coalesce(cursor: Cursor) -> Coalesce:
    """`coalesce()`. Raises QueryError."""
    word = cursor.take()
    cursor.expect("(")
    cursor.expect(")")
    node = Coalesce()
    cursor.places.mark(node, word.offset)
    return node


def select(cursor: Cursor) -> Select:
    """`select(field, ...)`. Raises QueryError."""
    word = cursor.take()
    node = Select(_fields(cursor))
    cursor.places.mark(node, word.offset)
    return node


def metrics_aggregate(cursor: Cursor) -> MetricsAggregate:
    """`rate() by(field, ...)` and its kin. Raises QueryError."""
    word = cursor.take()
    function = MetricsFunction(word.text)
    cursor.expect("(")
    argument = None if function in COUNTING else field(cursor)
    quantiles: tuple[float, ...] = ()
    if function is MetricsFunction.QUANTILE_OVER_TIME:
        cursor.expect(",")
        quantiles = _list(cursor, _quantile)
    cursor.expect(")")
    by = _fields(cursor) if cursor.at_word("by") and cursor.take() else ()
    node = MetricsAggregate(function, argument, quantiles, by)
    cursor.places.mark(node, word.offset)
    return node


def compare(cursor: Cursor) -> Compare:
    """`compare({selection})`, with how many values to give and from when to when. Raises QueryError."""
    word = cursor.take()
    cursor.expect("(")
    selection = spanset_filter(cursor)
    numbers = _list(cursor, whole_number) if cursor.take_if(",") else ()
    if len(numbers) not in (0, 1, 3):
        raise cursor.error(word, "compare() takes spans, then nothing, or how many values, or that with start and end")
    cursor.expect(")")
    node = Compare(selection, *numbers)
    cursor.places.mark(node, word.offset, selection)
    return node


def top_bottom(cursor: Cursor) -> TopBottom:
    """`topk(n)` or `bottomk(n)`. Raises QueryError."""
    word = cursor.take()
    cursor.expect("(")
    node = TopBottom(word.text == "topk", whole_number(cursor))
    cursor.expect(")")
    cursor.places.mark(node, word.offset)
    return node


def whole_number(cursor: Cursor) -> int:
    """The integer without a sign that is next. Raises QueryError."""
    return _number(cursor, "a whole number", StaticType.INT)


def _quantile(cursor: Cursor) -> float:
    return float(_number(cursor, "a number", StaticType.INT, StaticType.FLOAT))


def _number(cursor: Cursor, wanted: str, *types: StaticType) -> int:
    token: Token = cursor.token
    if token.kind != LITERAL or not isinstance(token.value, Static) or token.value.type not in types:
        cursor.unexpected(wanted)
    value = cursor.literal().value
    assert isinstance(value, int | float)
    return value  # type: ignore[return-value]  # as the types say


def _fields(cursor: Cursor) -> tuple[Attribute | Intrinsic, ...]:
    cursor.expect("(")
    fields = _list(cursor, field)
    cursor.expect(")")
    return fields


def _list(cursor: Cursor, item: Callable[[Cursor], T]) -> tuple[T, ...]:
    found = [item(cursor)]
    while cursor.take_if(","):
        found.append(item(cursor))
    return tuple(found)
