"""`= != < <= > >= =~ !~` between values of any types.

Values compare with their like: text with text by code points, statuses, kinds and booleans only for equality, and
numbers (integers, floats, durations) among themselves, as floats where their types differ. Everything else is false,
`!=` included, and so is every comparison with nil. An array satisfies `=`, `=~` and the orders if some element does;
`!=` and `!~` if some element could be compared and none is equal or matches. Two arrays are an error of the query.
"""

import operator as python
from collections.abc import Callable
from typing import Any

from chalicelib.model.errors import QueryError
from chalicelib.search.evaluation.values import NUMBERS, KindName, StatusName
from chalicelib.search.regex import compile as compile_regex
from chalicelib.search.syntax import Operator

ValueTest = Callable[[Any], bool]

_EQUALITY: dict[Operator, Callable[[Any, Any], bool]] = {Operator.EQUAL: python.eq, Operator.NOT_EQUAL: python.ne}
_ORDER: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: python.lt,
    Operator.LESS_EQUAL: python.le,
    Operator.GREATER: python.gt,
    Operator.GREATER_EQUAL: python.ge,
}
_BY_VALUE = _EQUALITY | _ORDER
_SWAPPED = {
    Operator.LESS: Operator.GREATER,
    Operator.LESS_EQUAL: Operator.GREATER_EQUAL,
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_EQUAL: Operator.LESS_EQUAL,
}
_POSITIVE = {Operator.NOT_EQUAL: Operator.EQUAL, Operator.NOT_REGEX: Operator.REGEX}
_ORDERED_TYPES = NUMBERS | {str}
_COMPARABLE_TYPES = _ORDERED_TYPES | {bool, StatusName, KindName}

COMPARISONS = frozenset(_BY_VALUE) | {Operator.REGEX, Operator.NOT_REGEX}


def swapped(operator: Operator) -> Operator:
    """The operator that says the same with the sides exchanged. Not for regular expressions."""
    return _SWAPPED.get(operator, operator)


def comparison(operator: Operator) -> Callable[[Any, Any], bool]:
    """A function of two values, for the operators without a regular expression. Raises QueryError for two arrays."""
    compare = _BY_VALUE[operator]
    types = _COMPARABLE_TYPES if operator in _EQUALITY else _ORDERED_TYPES

    def compare_values(left: Any, right: Any) -> bool:
        left_type, right_type = type(left), type(right)
        if left_type is list or right_type is list:
            return _compare_array(operator, left, right)
        if left_type is right_type:
            return left_type in types and compare(left, right)
        return left_type in NUMBERS and right_type in NUMBERS and compare(float(left), float(right))

    return compare_values


def comparison_with(operator: Operator, literal: Any) -> ValueTest:
    """The same with a fixed right side: what it takes to compare with it is found out once."""
    compare = _BY_VALUE[operator]
    own = type(literal)
    if own not in (_COMPARABLE_TYPES if operator in _EQUALITY else _ORDERED_TYPES):
        return never
    others = NUMBERS - {own} if own in NUMBERS else frozenset()
    as_float = float(literal) if others else literal

    def compare_with_literal(value: Any) -> bool:
        value_type = type(value)
        if value_type is own:
            return compare(value, literal)
        if value_type in others:
            return compare(float(value), as_float)
        return value_type is list and _compare_array(operator, value, literal)

    return compare_with_literal


def regex_test(operator: Operator, pattern: Any) -> ValueTest:
    """`=~` or `!~` against a pattern; false for whatever is not text, as is every test if the pattern is not."""
    if type(pattern) is not str:
        return never
    matches = compile_regex(pattern)
    wanted = operator is Operator.REGEX

    def test_regex(value: Any) -> bool:
        if type(value) is str:
            return matches(value) is wanted
        if type(value) is not list:
            return False
        found = [matches(each) for each in value if type(each) is str]
        return any(found) is wanted and bool(found)

    return test_regex


def never(_: Any) -> bool:
    """For comparisons that nothing can satisfy."""
    return False


def _compare_array(operator: Operator, left: Any, right: Any) -> bool:
    if type(left) is list and type(right) is list:
        raise QueryError("an array cannot be compared with another array")
    elements, other = (left, right) if type(left) is list else (right, left)
    if elements is right:
        operator = swapped(operator)
    scalars = [each for each in elements if type(each) is not list]
    positive = _POSITIVE.get(operator)
    if positive is None:
        holds = comparison(operator)
        return any(holds(each, other) for each in scalars)
    unequal = comparison(operator)
    equal = comparison(positive)
    return any(unequal(each, other) for each in scalars) and not any(equal(each, other) for each in scalars)
