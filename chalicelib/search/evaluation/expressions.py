"""Field expressions, compiled: what is inside `{ }` becomes a test, what is inside `avg( )` or `by( )` a reader.

The smallest boolean parts of an expression are its comparisons and the attributes that stand for themselves. Each
such part holds if one event and one link of the span make it true, so that `event.a = 1 && event.b = 2` may be
about two events, and `!(event.a = 1)` says of every event that it is not so. `x = nil` says that no event has it.
Where a value is wanted, the first event or link that gives one gives it.

`&&`, `||` and `!` know true and false only. A part that is nil, or no boolean, is not true; its `!` is not true either.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from chalicelib.search.evaluation import fields
from chalicelib.search.evaluation.arithmetic import ARITHMETIC, calculation, negate
from chalicelib.search.evaluation.comparison import (
    COMPARISONS,
    comparison,
    comparison_with,
    never,
    regex_test,
    swapped,
)
from chalicelib.search.evaluation.subjects import Reader, Subject, SubjectTest
from chalicelib.search.evaluation.values import value_of
from chalicelib.search.syntax import (
    Attribute,
    Binary,
    FieldExpression,
    Intrinsic,
    Operator,
    Static,
    StaticType,
    Unary,
)

_REGEXES = (Operator.REGEX, Operator.NOT_REGEX)
_LOGICAL = (Operator.AND, Operator.OR)


def compile_test(expression: FieldExpression | None) -> SubjectTest:
    """Whether a span satisfies the expression; every span satisfies None. Raises QueryError when an operator does."""
    match expression:
        case None:
            return lambda _: True
        case Binary(operator=operator) if operator in _LOGICAL:
            return _compile_logical(operator, [compile_test(each) for each in _operands(expression)])
        case Unary(operator=Operator.NOT, operand=Unary(operator=Operator.NOT, operand=twice_denied)):
            return compile_test(twice_denied)
        case Unary(operator=Operator.NOT, operand=denied) if _is_boolean(denied):
            holds = compile_test(denied)
            return lambda subject: not holds(subject)
        case Binary(operator=operator) if operator in COMPARISONS:
            return _compile_comparison(expression)
    read = _compile_value(expression)
    return _for_some((expression,), lambda subject: read(subject) is True)


def compile_reader(expression: FieldExpression) -> Reader:
    """The value of the expression for a span; None for nil. Raises QueryError when an operator does."""
    read = _compile_value(expression)
    expand = _expansion((expression,))
    if expand is None:
        return read

    def read_first(subject: Subject) -> Any:
        return next((value for each in expand(subject) if (value := read(each)) is not None), None)

    return read_first


def _operands(expression: Binary) -> list[FieldExpression]:
    """`a && b && c` as three. The parser makes a chain as deep as it is long; here it must not be."""
    operands: list[FieldExpression] = []
    rest: FieldExpression = expression
    while isinstance(rest, Binary) and rest.operator is expression.operator:
        operands.append(rest.right)
        rest = rest.left
    return [rest, *reversed(operands)]


def _compile_logical(operator: Operator, tests: list[SubjectTest]) -> SubjectTest:
    """From left to right, no further than needed."""
    if len(tests) == 2:
        first, second = tests
        if operator is Operator.AND:
            return lambda subject: first(subject) and second(subject)
        return lambda subject: first(subject) or second(subject)
    if operator is Operator.AND:
        return lambda subject: all(test(subject) for test in tests)
    return lambda subject: any(test(subject) for test in tests)


def _is_boolean(expression: FieldExpression) -> bool:
    """Whether it can only be true or false."""
    return isinstance(expression, Binary) and expression.operator not in ARITHMETIC


def _compile_comparison(expression: Binary) -> SubjectTest:
    operator, left, right = expression.operator, expression.left, expression.right
    if operator in _REGEXES:
        test = regex_test(operator, right.value if isinstance(right, Static) else None)
        return _compile_value_test(left, test)
    for side, other in ((right, left), (left, right)):
        if isinstance(side, Static) and side.type is StaticType.NIL:
            return _compile_nil(operator, other)
    if isinstance(right, Static):
        return _compile_value_test(left, comparison_with(operator, value_of(right)))
    if isinstance(left, Static):
        return _compile_value_test(right, comparison_with(swapped(operator), value_of(left)))
    holds = comparison(operator)
    read_left, read_right = _compile_value(left), _compile_value(right)
    return _for_some((left, right), lambda subject: holds(read_left(subject), read_right(subject)))


def _compile_value_test(expression: FieldExpression, test: Callable[[Any], bool]) -> SubjectTest:
    read = _compile_value(expression)
    return _for_some((expression,), lambda subject: test(read(subject)))


def _compile_nil(operator: Operator, expression: FieldExpression) -> SubjectTest:
    read = _compile_value(expression)
    exists = _for_some((expression,), lambda subject: read(subject) is not None)
    if operator is Operator.NOT_EQUAL:
        return exists
    return (lambda subject: not exists(subject)) if operator is Operator.EQUAL else never


def _compile_value(expression: FieldExpression) -> Reader:
    """The value for the subject's own event and link."""
    match expression:
        case Static():
            value = value_of(expression)
            return lambda _: value
        case Attribute() | Intrinsic():
            return fields.reader(expression)
        case Unary(operator=Operator.SUBTRACT, operand=operand):
            read = _compile_value(operand)
            return lambda subject: negate(read(subject))
        case Unary(operand=operand) if not _is_boolean(operand):
            read = _compile_value(operand)
            return lambda subject: not value if isinstance(value := read(subject), bool) else None
        case Binary(operator=operator, left=left, right=right) if operator in ARITHMETIC:
            calculate = calculation(operator)
            read_left, read_right = _compile_value(left), _compile_value(right)
            return lambda subject: calculate(read_left(subject), read_right(subject))
    return compile_test(expression)


def _for_some(values: Sequence[FieldExpression], test: SubjectTest) -> SubjectTest:
    """`test`, for some event and some link of the span where `values`, which it reads, are about them."""
    expand = _expansion(values)
    if expand is None:
        return test
    return lambda subject: any(test(each) for each in expand(subject))


def _expansion(values: Sequence[FieldExpression]) -> Callable[[Subject], list[Subject]] | None:
    """What makes of a subject one for each event, link or pair of them that `values` are about."""
    open_fields = list(_open_fields(values))
    about_events = any(fields.is_about_events(field) for field in open_fields)
    about_links = any(fields.is_about_links(field) for field in open_fields)
    if about_events and about_links:
        return lambda subject: list(chain.from_iterable(each.with_links() for each in subject.with_events()))
    if about_events:
        return Subject.with_events
    return Subject.with_links if about_links else None


def _open_fields(values: Sequence[FieldExpression]) -> Iterator[Attribute | Intrinsic]:
    """The fields whose event or link is still to be chosen: those in boolean parts further inside have theirs."""
    pending = list(values)
    while pending:
        match pending.pop():
            case Attribute() | Intrinsic() as field:
                yield field
            case Unary(operand=operand):
                pending.append(operand)
            case Binary(operator=operator, left=left, right=right) if operator in ARITHMETIC:
                pending += (left, right)
