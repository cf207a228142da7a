"""`+ - * / % ^` as TraceQL means them.

Two integers give an integer: division cuts off towards zero, the remainder takes the sign of the dividend, and to
divide by zero is an error of the query. What does not fit into 64 bits goes on as a float. As soon as a duration or a
float takes part, everything is a float (durations in nanoseconds), and dividing by zero gives infinity or "not a
number". A side that is no number gives nil.
"""

import math
from collections.abc import Callable
from typing import Any

from chalicelib.model.errors import QueryError
from chalicelib.search.evaluation.values import INT_MAX, INT_MIN, NUMBERS, DurationNs
from chalicelib.search.syntax import Operator

Calculation = Callable[[Any, Any], Any]


def calculation(operator: Operator) -> Calculation:
    """A function of two values of any types; raises QueryError for an integer divided by the integer zero."""
    whole, real = _WHOLE[operator], _REAL[operator]

    def calculate(left: Any, right: Any) -> Any:
        if type(left) is int and type(right) is int:
            return fitting(whole(left, right))
        if type(left) not in NUMBERS or type(right) not in NUMBERS:
            return None
        return real(float(left), float(right))

    return calculate


def negate(value: Any) -> Any:
    """The unary minus; nil for what is no number."""
    if type(value) is DurationNs:
        return DurationNs(-value)
    return fitting(-value) if type(value) in NUMBERS else None


def fitting(number: Any) -> Any:
    """The number itself; an integer of more than 64 bits as a float."""
    return float(number) if type(number) is int and not INT_MIN <= number <= INT_MAX else number


def _divide_whole(left: int, right: int) -> int:
    if right == 0:
        raise QueryError(f"division of {left} by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder_whole(left: int, right: int) -> int:
    if right == 0:
        raise QueryError(f"remainder of {left} divided by zero")
    return left - right * _divide_whole(left, right)


def _power_whole(base: int, exponent: int) -> int | float:
    if exponent < 0:
        return _power(float(base), float(exponent))
    if base in (0, 1, -1):
        exponent = min(exponent, 2 - exponent % 2)  # only odd or even matters, and zero
    if exponent * base.bit_length() > 1000:  # too large in any case: do not work it out
        return _power(float(base), float(exponent))
    power: int = base**exponent
    return power


def _divide(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _remainder(left: float, right: float) -> float:
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        is_negative = base < 0 and exponent % 2 == 1
        return -math.inf if is_negative else math.inf
    except ValueError:  # zero to a negative power, or a root of a negative number
        return math.inf if base == 0 else math.nan


_WHOLE: dict[Operator, Callable[[int, int], int | float]] = {
    Operator.ADD: lambda left, right: left + right,
    Operator.SUBTRACT: lambda left, right: left - right,
    Operator.MULTIPLY: lambda left, right: left * right,
    Operator.DIVIDE: _divide_whole,
    Operator.MODULO: _remainder_whole,
    Operator.POWER: _power_whole,
}
_REAL: dict[Operator, Callable[[float, float], float]] = {
    Operator.ADD: lambda left, right: left + right,
    Operator.SUBTRACT: lambda left, right: left - right,
    Operator.MULTIPLY: lambda left, right: left * right,
    Operator.DIVIDE: _divide,
    Operator.MODULO: _remainder,
    Operator.POWER: _power,
}
ARITHMETIC = frozenset(_WHOLE)
