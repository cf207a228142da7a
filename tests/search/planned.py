"""What a plan (conditions.py) says of a trace, decided by looking at every span: an index that knows everything."""

from chalicelib.search.conditions import (
    AllOf,
    AnyOf,
    Anything,
    Both,
    Compare,
    Either,
    Exists,
    SpanMatch,
    TraceMatch,
)
from chalicelib.search.syntax import Operator
from tests.search import naive


def satisfies(condition, trace):
    """Whether the trace satisfies the whole plan."""
    return _of_trace(condition, naive.Traced(trace))


def _of_trace(condition, traced):
    match condition:
        case SpanMatch():
            return any(_of_span(condition.condition, traced, i) for i in range(len(traced.spans)))
        case TraceMatch():
            return _of_span(condition.condition, traced, 0)
        case Both():
            return all(_of_trace(part, traced) for part in condition.parts)
        case Either():
            return any(_of_trace(part, traced) for part in condition.parts)


def _of_span(condition, traced, i):
    match condition:
        case Anything():
            return True
        case AllOf():
            return all(_of_span(part, traced, i) for part in condition.parts)
        case AnyOf():
            return any(_of_span(part, traced, i) for part in condition.parts)
        case Exists():
            return bool(_values(condition.field, traced, i))
        case Compare():
            return any(_compares(condition, value) for value in _values(condition.field, traced, i))


def _values(field, traced, i):
    """Each value that the span has for the field, elements of arrays one by one."""
    values = [traced.value(field, i, *view) for view in traced.views(i, field)]
    flat = [element for value in values for element in (value[1] if value[0] == "array" else [value])]
    return [value for value in flat if value != naive.NIL]


def _compares(condition, value):
    literal = (condition.value.type.value, condition.value.value)
    if condition.operator in (Operator.REGEX, Operator.NOT_REGEX):
        return naive.matches_regex(condition.operator, value, literal[1])
    return naive.compare(condition.operator, value, literal)
