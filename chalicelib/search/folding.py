"""Arithmetic between literals, worked out before any span is looked at: `{ duration > 2 * 1s }`.

Two integers give an integer, anything else with a float or a duration in it gives a float (durations in nanoseconds),
as at run time. What run time would treat with more care (powers, remainders, zero below the line, more than 64 bits)
is left to it.
"""

from collections.abc import Callable

from chalicelib.search.lexer import INT_RANGE
from chalicelib.search.syntax import NUMERIC, Binary, FieldExpression, Operator, Static, StaticType, Unary

Number = int | float

ARITHMETIC = frozenset(
    {Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY, Operator.DIVIDE, Operator.MODULO, Operator.POWER}
)
_FOLDED: dict[Operator, Callable[[Number, Number], Number]] = {
    Operator.ADD: lambda left, right: left + right,
    Operator.SUBTRACT: lambda left, right: left - right,
    Operator.MULTIPLY: lambda left, right: left * right,
    Operator.DIVIDE: lambda left, right: left / right,
}


def fold(expression: FieldExpression) -> Static | None:
    """The literal that `expression` is or comes to; None when it is not of literals, or is left to run time."""
    match expression:
        case Static():
            return expression
        case Unary(operator=Operator.SUBTRACT):
            operand = _number(fold(expression.operand))
            return None if operand is None else _fitting(operand.type, -_value(operand))
        case Binary(operator=operator) if operator in _FOLDED:
            return _fold_binary(operator, _number(fold(expression.left)), _number(fold(expression.right)))
    return None


def _fold_binary(operator: Operator, left: Static | None, right: Static | None) -> Static | None:
    if left is None or right is None or (operator is Operator.DIVIDE and not right.value):
        return None
    if left.type is right.type is StaticType.INT:
        return (
            None
            if operator is Operator.DIVIDE
            else _fitting(StaticType.INT, _FOLDED[operator](_value(left), _value(right)))
        )
    return _fitting(StaticType.FLOAT, _FOLDED[operator](float(_value(left)), float(_value(right))))


def _fitting(kind: StaticType, number: Number) -> Static | None:
    fits = abs(number) < float("inf") if isinstance(number, float) else number in INT_RANGE
    return Static(kind, number) if fits else None


def _number(literal: Static | None) -> Static | None:
    return literal if literal is not None and literal.type in NUMERIC else None


def _value(literal: Static) -> Number:
    assert isinstance(literal.value, int | float)
    return literal.value
