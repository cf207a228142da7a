"""Pipelines, and the expressions that their stages are. The grammar is in parser.py.

A node is one of five kinds (`kind_of`). Which operators and bars may stand between which kinds is all in two places:
`_combined` and `_joined`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from chalicelib.search import calls
from chalicelib.search.cursor import WORDS, Cursor, Grammar, Level
from chalicelib.search.lexer import LITERAL, Token
from chalicelib.search.syntax import (
    Aggregate,
    AggregateFunction,
    Compare,
    MetricsAggregate,
    MetricsFunction,
    MetricsQuery,
    Operator,
    Pipeline,
    ScalarFilter,
    ScalarOperation,
    SecondStage,
    SeriesFilter,
    SeriesOperation,
    SpansetFilter,
    SpansetOperation,
    SpansetOperator,
    Stage,
    Static,
    TopBottom,
)

SPANSET_OPERATORS = frozenset(SpansetOperator)
COMPARISONS = frozenset({"=", "!=", ">", ">=", "<", "<="})
ARITHMETIC = frozenset("+-*/%^")
SERIES_ARITHMETIC = frozenset("+-*/")
STRUCTURAL = SPANSET_OPERATORS - {"&&", "||"}
LEVELS = {
    **dict.fromkeys(("||", "&&"), Level(1)),
    **dict.fromkeys(COMPARISONS | STRUCTURAL, Level(2)),
    **dict.fromkeys(("+", "-"), Level(3)),
    **dict.fromkeys(("*", "/", "%"), Level(5)),
    "^": Level(6, from_right=True),
}


class NodeKind(StrEnum):
    """What a node stands for, in words for error messages."""

    SPANS = "spans"
    STAGE = "a stage"
    NUMBER = "a number"
    SERIES = "series"
    METRICS = "a metrics function"
    SECOND = "topk() or bottomk()"


def kind_of(node: Any) -> NodeKind:
    """The kind of anything that `pipeline` or a stage gives."""
    match node:
        case SpansetFilter() | SpansetOperation():
            return NodeKind.SPANS
        case Pipeline():
            return NodeKind.NUMBER if isinstance(node.stages[-1], Aggregate) else NodeKind.SPANS
        case Static() | Aggregate() | ScalarOperation():
            return NodeKind.NUMBER
        case MetricsQuery() | SeriesOperation():
            return NodeKind.SERIES
        case MetricsAggregate() | Compare():
            return NodeKind.METRICS
        case TopBottom():
            return NodeKind.SECOND
    return NodeKind.STAGE


def stages_of(node: Any) -> tuple[Stage, ...]:
    """`node` as stages: those of a pipeline, or the one that it is."""
    return node.stages if isinstance(node, Pipeline) else (node,)


def pipeline(cursor: Cursor) -> Any:
    """Everything up to a closing bracket, hints or the end: of any kind but METRICS and SECOND. Raises QueryError."""
    first = cursor.token
    node = _stage(cursor)
    if kind_of(node) in (NodeKind.METRICS, NodeKind.SECOND):
        raise cursor.error(first, f"{first} needs something to work on: `{{ }} | rate() by(name) | topk(5)`")
    while cursor.take_if("|"):
        start = cursor.token
        node = _joined(cursor, start, node, _stage(cursor))
        while kind_of(node) is NodeKind.SERIES and cursor.token.kind in COMPARISONS:
            operator = cursor.take()
            node = _combined(cursor, operator, node, cursor.literal(cursor.take_if("-")))
    return node


def _stage(cursor: Cursor) -> Any:
    for words, reader in _STAGES.items():
        if cursor.at_word(*words):
            return reader(cursor)
    return cursor.climb(_EXPRESSIONS)


def _joined(cursor: Cursor, start: Token, left: Any, right: Any) -> Any:
    """`left | right`."""
    before, after = kind_of(left), kind_of(right)
    has_spans = before in (NodeKind.SPANS, NodeKind.STAGE)
    node: Any
    if after is NodeKind.METRICS and has_spans:
        node = MetricsQuery(_pipeline(cursor, start, left), right)
    elif after is NodeKind.SECOND and before is NodeKind.SERIES:
        return _with_second(cursor, start, left, right)
    elif has_spans and (after in (NodeKind.SPANS, NodeKind.STAGE) or isinstance(right, Aggregate)):
        node = Pipeline((*stages_of(left), *stages_of(right)))
    elif before is NodeKind.NUMBER:
        raise cursor.error(start, "a number has no stages after it; compare it first, as in `count() > 2`")
    else:
        raise cursor.error(start, f"{after} cannot come after {before}")
    cursor.places.mark(node, start.offset, left, right)
    return node


def _pipeline(cursor: Cursor, start: Token, node: Any) -> Pipeline:
    made = Pipeline(stages_of(node))
    cursor.places.mark(made, start.offset, node)
    return made


def _with_second(cursor: Cursor, token: Token, series: Any, second: SecondStage) -> Any:
    node = msgspec.structs.replace(series, seconds=(*series.seconds, second))
    cursor.places.mark(node, token.offset, series)
    return node


def _operand(cursor: Cursor) -> Any:
    token = cursor.token
    if token.kind == "{":
        return calls.spanset_filter(cursor)
    if cursor.take_if("("):
        inside = pipeline(cursor)
        cursor.expect(")")
        return _pipeline(cursor, token, inside) if kind_of(inside) is NodeKind.STAGE else inside
    if cursor.at_word(*AggregateFunction):
        return calls.aggregate(cursor)
    if token.kind in ("-", LITERAL) or cursor.at_word(*WORDS):
        return cursor.literal(cursor.take_if("-"))
    return cursor.unexpected("spans in braces, an aggregate, a number or a bracket")


def _combined(cursor: Cursor, operator: Token, left: Any, right: Any) -> Any:
    """What `operator` makes of its two sides. Raises QueryError when they are of the wrong kinds."""
    symbol, kinds = operator.kind, {kind_of(left), kind_of(right)}
    node: Any
    if symbol in SPANSET_OPERATORS and kinds == {NodeKind.SPANS}:
        node = SpansetOperation(SpansetOperator(symbol), left, right)
    elif symbol in COMPARISONS and kinds == {NodeKind.NUMBER}:
        node = ScalarFilter(Operator(symbol), left, right)
    elif symbol in ARITHMETIC and kinds == {NodeKind.NUMBER}:
        node = ScalarOperation(Operator(symbol), left, right)
    elif symbol in SERIES_ARITHMETIC and _are_series(left, right):
        node = SeriesOperation(Operator(symbol), left, right)
    elif symbol in COMPARISONS and kind_of(left) is NodeKind.SERIES and isinstance(right, Static):
        return _with_second(cursor, operator, left, SeriesFilter(Operator(symbol), right))
    else:
        raise cursor.error(operator, f"`{symbol}` cannot stand between {_noun(left)} and {_noun(right)}")
    cursor.places.mark(node, operator.offset, left, right)
    return node


def _are_series(left: Any, right: Any) -> bool:
    """At least one is, and the other is too or is a plain number."""
    sides = (left, right)
    are_series = [kind_of(side) is NodeKind.SERIES for side in sides]
    return any(are_series) and all(
        is_one or isinstance(side, Static) for is_one, side in zip(are_series, sides, strict=True)
    )


def _noun(node: Any) -> str:
    if isinstance(node, ScalarFilter):
        return "a comparison of numbers (which brackets would make spans of)"
    return kind_of(node).value


_EXPRESSIONS = Grammar(LEVELS, _operand, _combined)
_STAGES: dict[tuple[str, ...], Callable[[Cursor], Any]] = {
    ("by",): calls.group_by,
    ("coalesce",): calls.coalesce,
    ("select",): calls.select,
    ("topk", "bottomk"): calls.top_bottom,
    ("compare",): calls.compare,
    tuple(MetricsFunction): calls.metrics_aggregate,
}
