"""Query -> what the views are asked (conditions.py): every trace that matches satisfies the plan, and some more do.

The spans of a filter satisfy what the plan says of them; what it cannot say is ANYTHING:

- `x = nil`, the attributes of parents, `childCount`, nested sets and span ids, which no index has;
- the negation of what is also false where a value is missing: `!(.a = 1)` holds for spans without `.a`. Only
  comparisons of intrinsics that every span has are turned around.

A comparison of anything but a field with a literal still needs its fields to be there: `.a + .b > 2` is of spans that
have both. `.x` is asked of span and resource. A regular expression that only lists texts is asked as those texts.

An index may assume of NOT_EQUAL and NOT_REGEX no more than conditions.py says, although TraceQL says more: for an
array they mean that no element is equal, and here they mean that some element is not, which follows.
"""

from collections.abc import Callable, Iterable
from functools import partial

from chalicelib.model.errors import QueryError
from chalicelib.search import regex
from chalicelib.search.check import EQUALITY, INTRINSIC_TYPES
from chalicelib.search.combining import ANYTHING, NOTHING, TRACE_FIELDS, all_of, any_of, both, either, of_trace
from chalicelib.search.conditions import EVERY_TRACE, NO_TRACE, Compare, Exists, SpanCondition, TraceCondition
from chalicelib.search.folding import ARITHMETIC, fold
from chalicelib.search.parser import parse
from chalicelib.search.syntax import (
    NUMERIC,
    Aggregate,
    Attribute,
    AttributeScope,
    Binary,
    FieldExpression,
    Intrinsic,
    MetricsQuery,
    Operator,
    Pipeline,
    Query,
    ScalarExpression,
    ScalarFilter,
    ScalarOperation,
    SeriesExpression,
    SpansetFilter,
    SpansetOperation,
    SpansetOperator,
    Stage,
    Static,
    StaticType,
    Unary,
)
from chalicelib.search.unfinished import read_braces

MAX_ALTERNATIVES = 64  # of a regular expression that are asked for one by one

INDEXED_INTRINSICS = TRACE_FIELDS | {
    Intrinsic.SPAN_DURATION,
    Intrinsic.SPAN_NAME,
    Intrinsic.SPAN_KIND,
    Intrinsic.SPAN_STATUS,
    Intrinsic.SPAN_STATUS_MESSAGE,
    Intrinsic.EVENT_NAME,
    Intrinsic.EVENT_TIME_SINCE_START,
    Intrinsic.LINK_TRACE_ID,
    Intrinsic.LINK_SPAN_ID,
    Intrinsic.INSTRUMENTATION_NAME,
    Intrinsic.INSTRUMENTATION_VERSION,
}
OPTIONAL_INTRINSICS = frozenset(  # a span may have none of these; and of some, several
    {
        Intrinsic.EVENT_NAME,
        Intrinsic.EVENT_TIME_SINCE_START,
        Intrinsic.LINK_TRACE_ID,
        Intrinsic.LINK_SPAN_ID,
        Intrinsic.TRACE_ROOT_NAME,
        Intrinsic.TRACE_ROOT_SERVICE,
    }
)
TURNED_ROUND = {
    Operator.EQUAL: Operator.EQUAL,
    Operator.NOT_EQUAL: Operator.NOT_EQUAL,
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_EQUAL: Operator.LESS_EQUAL,
    Operator.LESS: Operator.GREATER,
    Operator.LESS_EQUAL: Operator.GREATER_EQUAL,
}
OPPOSITES = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.REGEX: Operator.NOT_REGEX,
    Operator.GREATER: Operator.LESS_EQUAL,
    Operator.LESS: Operator.GREATER_EQUAL,
}
OPPOSITES |= {opposite: operator for operator, opposite in OPPOSITES.items()}


def plan(query: Query) -> TraceCondition:
    """The condition that every trace satisfies in which `query` finds something. EVERY_TRACE when it asks nothing."""
    return _series(query.root) if not isinstance(query.root, Pipeline) else _stages(query.root.stages, ())


def partial_plan(text: str) -> TraceCondition:
    """As `plan`, for a query that may be unfinished: what can be read of it counts, the rest does not. Never raises."""
    try:
        return plan(parse(text))
    except QueryError:
        braces = read_braces(text)
    return both(of_trace(all_of(map(filter_condition, brace))) for brace in braces)


def _series(series: SeriesExpression) -> TraceCondition:
    match series:
        case MetricsQuery():
            return _stages(series.pipeline.stages, ())
        case Static():
            return NO_TRACE  # needs no trace
    return either([_series(series.left), _series(series.right)])


def _stages(stages: Iterable[Stage], context: tuple[SpanCondition, ...]) -> TraceCondition:
    """What a trace needs to come through these stages with a span, of spans that satisfy `context` already."""
    needed = []
    for stage in stages:
        match stage:
            case SpansetFilter():
                context = (*context, filter_condition(stage))
            case SpansetOperation():
                needed.append(_operation(stage, context))
            case Pipeline():
                needed.append(_stages(stage.stages, context))
            case ScalarFilter() | Aggregate():
                needed.append(_scalar(stage, context))
    return both([*needed, of_trace(all_of(context))])


def _operation(spans: Stage, context: tuple[SpanCondition, ...]) -> TraceCondition:
    if not isinstance(spans, SpansetOperation):
        return _stages((spans,), context)
    right = _operation(spans.right, context)
    if spans.operator.startswith("!"):  # all of the right side where the left one is empty
        return right
    left = _operation(spans.left, context)
    return either([left, right]) if spans.operator is SpansetOperator.OR else both([left, right])


def _scalar(scalar: ScalarExpression | ScalarFilter, context: tuple[SpanCondition, ...]) -> TraceCondition:
    """What it takes for a number not to be nil: filters hold for no nil."""
    match scalar:
        case ScalarFilter() | ScalarOperation():
            return both([_scalar(scalar.left, context), _scalar(scalar.right, context)])
        case Pipeline():
            return _stages(scalar.stages, context)
        case Aggregate(expression=expression) if expression is not None:
            return of_trace(all_of([*context, *_existence(expression)]))
    return EVERY_TRACE


def filter_condition(spans: SpansetFilter) -> SpanCondition:
    """What a span satisfies that the filter lets through. TRACE_FIELDS may be in it; see `of_trace`."""
    return ANYTHING if spans.expression is None else _holds(spans.expression)


def _holds(test: FieldExpression) -> SpanCondition:
    """What is so when `test` is true."""
    match test:
        case Static():
            return NOTHING if test.value is False else ANYTHING
        case Attribute() | Intrinsic():
            return _compare(test, Operator.EQUAL, Static(StaticType.BOOL, value=True))
        case Unary(operator=Operator.NOT, operand=denied):
            return _holds_not(denied)
        case Binary(operator=Operator.AND):
            return all_of([_holds(test.left), _holds(test.right)])
        case Binary(operator=Operator.OR):
            return any_of([_holds(test.left), _holds(test.right)])
        case Binary(operator=operator) if operator not in ARITHMETIC:
            return _comparison(test)
    return ANYTHING


def _holds_not(denied: FieldExpression) -> SpanCondition:
    """What is so when `!denied` is true: of an attribute, that it is false; it is not enough that it is missing."""
    match denied:
        case Unary(operator=Operator.NOT):
            return _holds(denied.operand)
        case Attribute() | Intrinsic():
            return _compare(denied, Operator.EQUAL, Static(StaticType.BOOL, value=False))
    return _fails(denied)


def _fails(test: FieldExpression) -> SpanCondition:
    """What is so when `test` is not true."""
    match test:
        case Static(type=StaticType.BOOL, value=True):
            return NOTHING
        case Unary(operator=Operator.NOT, operand=Unary(operator=Operator.NOT, operand=twice_denied)):
            return _fails(twice_denied)
        case Unary(operator=Operator.NOT, operand=Binary(operator=operator)) if operator not in ARITHMETIC:
            return _holds(test.operand)
        case Binary(operator=Operator.AND):
            return any_of([_fails(test.left), _fails(test.right)])
        case Binary(operator=Operator.OR):
            return all_of([_fails(test.left), _fails(test.right)])
        case Binary(operator=Operator.EQUAL, right=Static(type=StaticType.NIL)):
            return all_of(_existence(test.left))
        case Binary(operator=operator) if operator in OPPOSITES and _is_decided(test):
            return _comparison(Binary(OPPOSITES[operator], test.left, test.right))
    return ANYTHING


def _is_decided(comparison: Binary) -> bool:
    """Whether its opposite is true wherever it is false: an intrinsic that always is, with a literal of its type."""
    sides = (comparison.left, fold(comparison.right))
    match sides if isinstance(sides[0], Intrinsic) else (comparison.right, fold(comparison.left)):
        case (Intrinsic() as field, Static(type=literal)) if field not in OPTIONAL_INTRINSICS:
            own = INTRINSIC_TYPES[field]
            return literal is own or {literal, own} <= NUMERIC
    return False


def _comparison(test: Binary) -> SpanCondition:
    operator, left, right = test.operator, test.left, fold(test.right)
    if right is not None and right.type is StaticType.NIL:
        return all_of(_existence(left)) if operator is Operator.NOT_EQUAL else ANYTHING
    if right is not None and isinstance(left, Attribute | Intrinsic):
        return _compare(left, operator, right)
    if right is not None and right.type is StaticType.BOOL and operator in EQUALITY and _is_boolean(left):
        return _holds(left) if right.value is (operator is Operator.EQUAL) else _fails(left)
    literal = fold(left)
    if literal is not None and isinstance(test.right, Attribute | Intrinsic) and operator in TURNED_ROUND:
        return _compare(test.right, TURNED_ROUND[operator], literal)
    return all_of([*_existence(left), *_existence(test.right)])


def _is_boolean(test: FieldExpression) -> bool:
    """Whether it is true or false for every span, never nil."""
    if isinstance(test, Unary) and test.operator is Operator.NOT:
        test = test.operand
    return isinstance(test, Binary) and test.operator not in ARITHMETIC


def _existence(value: FieldExpression) -> list[SpanCondition]:
    """What a span needs for `value` not to be nil."""
    match value:
        case Attribute() | Intrinsic():
            is_certain = isinstance(value, Intrinsic) and value not in OPTIONAL_INTRINSICS
            return [] if is_certain or value in TRACE_FIELDS else _asked_of(value, Exists)
        case Unary(operator=Operator.SUBTRACT):
            return _existence(value.operand)
        case Binary(operator=operator) if operator in ARITHMETIC:
            return [*_existence(value.left), *_existence(value.right)]
    return []


def _compare(field: Attribute | Intrinsic, operator: Operator, literal: Static) -> SpanCondition:
    if literal.type in (StaticType.STATUS, StaticType.KIND) and isinstance(field, Attribute):
        return NOTHING  # attributes are texts, numbers, truths
    if operator is Operator.REGEX and isinstance(literal.value, str):
        texts = regex.alternatives(literal.value)
        if texts is not None and len(texts) <= MAX_ALTERNATIVES:
            equal = [Static(StaticType.STRING, text) for text in sorted(texts)]
            return any_of([_compare(field, Operator.EQUAL, text) for text in equal])
    return all_of(_asked_of(field, partial(Compare, operator=operator, value=literal)))


def _asked_of(
    field: Attribute | Intrinsic, ask: Callable[[Attribute | Intrinsic], SpanCondition]
) -> list[SpanCondition]:
    """`ask` about the field where indexes have it, a bare attribute in both its scopes; nothing where they have not."""
    if isinstance(field, Intrinsic):
        return [ask(field)] if field in INDEXED_INTRINSICS else []
    if field.parent:
        return []
    if field.scope is AttributeScope.ANY:
        scopes = (AttributeScope.SPAN, AttributeScope.RESOURCE)
        return [any_of([ask(Attribute(scope, field.name)) for scope in scopes])]
    return [ask(field)]
