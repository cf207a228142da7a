"""Which attributes and intrinsics a query mentions: those are what a matched span shows."""

from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.search.syntax import (
    Aggregate,
    Attribute,
    Binary,
    GroupBy,
    Intrinsic,
    Pipeline,
    ScalarFilter,
    ScalarOperation,
    Select,
    SpansetFilter,
    SpansetOperation,
    Unary,
)


def mentioned_fields(node: Any) -> tuple[Attribute | Intrinsic, ...]:
    """Every field below `node`, an expression, stage or pipeline; from left to right, each once."""
    return tuple(dict.fromkeys(_walk(node)))


def _walk(node: Any) -> Iterator[Attribute | Intrinsic]:
    """Without recursion: a chain of `||` is as deep as it is long."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Attribute | Intrinsic):
            yield current
        pending.extend(reversed(_parts(current)))


def _parts(node: Any) -> Sequence[Any]:
    match node:
        case SpansetFilter(expression=part) | GroupBy(expression=part) | Aggregate(expression=part):
            return (part,)
        case Unary(operand=part):
            return (part,)
        case Binary() | ScalarOperation() | ScalarFilter() | SpansetOperation():
            return (node.left, node.right)
        case Pipeline(stages=parts) | Select(fields=parts):
            return parts
    return ()
