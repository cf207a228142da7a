"""Queries that are TraceQL and mean nothing: comparisons that can never hold, aggregates of texts, nil out of place.

Types are those of literals and intrinsics; an attribute may hold anything, so what has one in it is given the benefit
of the doubt. At run time a value of the wrong type is no error, it only does not match; here, where no span could
ever match, the asker is told. The rules are Tempo's.
"""

from chalicelib.search import regex
from chalicelib.search.places import Places
from chalicelib.search.syntax import (
    NUMERIC,
    Aggregate,
    Attribute,
    AttributeScope,
    Binary,
    Coalesce,
    Compare,
    FieldExpression,
    GroupBy,
    Intrinsic,
    MetricsAggregate,
    MetricsQuery,
    Operator,
    Pipeline,
    Query,
    ScalarExpression,
    ScalarFilter,
    ScalarOperation,
    SecondStage,
    Select,
    SeriesExpression,
    SeriesFilter,
    SpansetFilter,
    SpansetOperation,
    Stage,
    Static,
    StaticType,
    TopBottom,
    Unary,
)

MAX_REGULAR_EXPRESSIONS = 32  # in one query: each may hold regex.MAX_PROGRAM_BYTES

ORDERED = NUMERIC | {StaticType.STRING}
LOGICAL = frozenset({Operator.AND, Operator.OR})
REGULAR = frozenset({Operator.REGEX, Operator.NOT_REGEX})
EQUALITY = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
ORDER = frozenset({Operator.GREATER, Operator.GREATER_EQUAL, Operator.LESS, Operator.LESS_EQUAL})
DIVISION = frozenset({Operator.DIVIDE, Operator.MODULO})
INTRINSIC_TYPES = {
    **dict.fromkeys(Intrinsic, StaticType.STRING),
    Intrinsic.SPAN_DURATION: StaticType.DURATION,
    Intrinsic.SPAN_KIND: StaticType.KIND,
    Intrinsic.SPAN_STATUS: StaticType.STATUS,
    Intrinsic.SPAN_CHILD_COUNT: StaticType.INT,
    Intrinsic.TRACE_DURATION: StaticType.DURATION,
    Intrinsic.EVENT_TIME_SINCE_START: StaticType.DURATION,
    Intrinsic.NESTED_SET_LEFT: StaticType.INT,
    Intrinsic.NESTED_SET_RIGHT: StaticType.INT,
    Intrinsic.NESTED_SET_PARENT: StaticType.INT,
}
SERVICE_NAME = Attribute(AttributeScope.RESOURCE, "service.name")


def check(query: Query, places: Places | None = None) -> None:
    """Nothing, for a query that means something. Raises QueryError, with line and column where `places` has them."""
    _Checker(places or Places()).series_or_spans(query.root)


class _Checker:
    """Walks a tree once. Methods about fields answer their type, None when only a span can tell."""

    def __init__(self, places: Places) -> None:
        self._fail = places.fail
        self._regular_expressions = 0

    def series_or_spans(self, root: Pipeline | SeriesExpression) -> None:
        match root:
            case Pipeline():
                self._pipeline(root)
            case MetricsQuery():
                self._pipeline(root.pipeline)
                self._metrics(root.aggregate, root.seconds)
            case Static():
                self._number(root)
            case _:
                self.series_or_spans(root.left)
                self.series_or_spans(root.right)
        for second in () if isinstance(root, Pipeline | Static) else root.seconds:
            self._second(second)

    def _pipeline(self, pipeline: Pipeline) -> None:
        if isinstance(pipeline.stages[0], Coalesce):
            self._fail(pipeline.stages[0], "coalesce() has nothing to bring together at the start of a pipeline")
        for stage in pipeline.stages:
            self._stage(stage)

    def _stage(self, stage: Stage) -> None:
        match stage:
            case SpansetFilter():
                self._filter(stage)
            case SpansetOperation():
                self._stage(stage.left)
                self._stage(stage.right)
            case Pipeline():
                self._pipeline(stage)
            case ScalarFilter() | Aggregate():
                self._scalar(stage)
            case GroupBy():
                self._field(stage.expression)
                self._about_spans(stage, "by()", stage.expression)
            case Coalesce() | Select():
                pass

    def _filter(self, spans: SpansetFilter) -> None:
        if spans.expression is None:
            return
        found = self._field(spans.expression)
        if found not in (StaticType.BOOL, None):
            self._fail(spans, f"what selects spans is true or false, and this is {_a(found)}")

    def _scalar(self, scalar: ScalarExpression | ScalarFilter) -> None:
        match scalar:
            case Static():
                self._number(scalar)
            case Pipeline():
                self._pipeline(scalar)
            case Aggregate(expression=None):
                pass
            case Aggregate():
                assert scalar.expression is not None
                found = self._field(scalar.expression)
                if found not in NUMERIC and found is not None:
                    self._fail(scalar, f"{scalar.function}() is of numbers, and this is {_a(found)}")
                self._about_spans(scalar, f"{scalar.function}()", scalar.expression)
            case ScalarFilter() | ScalarOperation():
                self._scalar(scalar.left)
                self._scalar(scalar.right)
                self._division(scalar, scalar.operator, scalar.left, scalar.right)

    def _number(self, literal: Static) -> None:
        if literal.type not in NUMERIC:
            self._fail(literal, f"expected a number, and this is {_a(literal.type)}")

    def _about_spans(self, node: GroupBy | Aggregate, name: str, expression: FieldExpression) -> None:
        if not _has_field(expression):
            self._fail(node, f"{name} is about spans; what is in its brackets is the same for all of them")

    def _field(self, expression: FieldExpression) -> StaticType | None:
        match expression:
            case Static(type=StaticType.NIL):
                return self._fail(expression, "nil only stands to the right of `=` and `!=`")
            case Static():
                return expression.type
            case Intrinsic():
                return INTRINSIC_TYPES[expression]
            case Attribute():
                return None
            case Unary():
                return self._unary(expression)
            case Binary(operator=operator, right=Static(type=StaticType.NIL)) if operator in EQUALITY:
                return self._existence(expression)
        return self._binary(expression)

    def _unary(self, expression: Unary) -> StaticType:
        found = self._field(expression.operand)
        if expression.operator is Operator.NOT:
            self._is_condition(expression, found)
            return StaticType.BOOL
        return self._is_numeric(expression, found, expression.operator)

    def _existence(self, expression: Binary) -> StaticType:
        asked = expression.left
        if not isinstance(asked, Attribute):
            what = f"`{asked}`" if isinstance(asked, Intrinsic) else "this"
            self._fail(expression, f"only an attribute can be nil, and {what} is none")
        if asked == SERVICE_NAME:
            self._fail(expression, "resource.service.name is never nil")
        return StaticType.BOOL

    def _binary(self, expression: Binary) -> StaticType:
        left, right = self._field(expression.left), self._field(expression.right)
        operator = expression.operator
        if operator in LOGICAL:
            self._is_condition(expression, left)
            self._is_condition(expression, right)
        elif operator in REGULAR:
            self._regular_expression(expression, left)
        elif operator in EQUALITY | ORDER:
            self._comparison(expression, left, right)
        else:
            self._division(expression, operator, expression.left, expression.right)
            first = self._is_numeric(expression, left, operator)
            return max(first, self._is_numeric(expression, right, operator), key=_NUMERIC_RANK.index)
        return StaticType.BOOL

    def _comparison(self, expression: Binary, left: StaticType | None, right: StaticType | None) -> None:
        operator = expression.operator
        if left and right and left is not right and not {left, right} <= NUMERIC:
            self._fail(expression, f"`{operator}` compares {_a(left)} with {_a(right)}, which never holds")
        for side in (left, right):
            if operator in ORDER and side is not None and side not in ORDERED:
                self._fail(expression, f"`{operator}` compares numbers or texts, and {_a(side)} is neither")

    def _regular_expression(self, expression: Binary, left: StaticType | None) -> None:
        if left not in (StaticType.STRING, None):
            self._fail(expression, f"`{expression.operator}` is about texts, and on its left is {_a(left)}")
        pattern = expression.right
        if not isinstance(pattern, Static) or not isinstance(pattern.value, str) or pattern.type != StaticType.STRING:
            self._fail(expression, f"expected a regular expression in quotes to the right of `{expression.operator}`")
        self._regular_expressions += 1
        if self._regular_expressions > MAX_REGULAR_EXPRESSIONS:
            self._fail(expression, f"more than {MAX_REGULAR_EXPRESSIONS} regular expressions in one query")
        problem = regex.find_problem(pattern.value)
        if problem is not None:
            self._fail(pattern, problem)

    def _is_condition(self, expression: Unary | Binary, found: StaticType | None) -> None:
        if found not in (StaticType.BOOL, None):
            self._fail(expression, f"`{expression.operator}` is about what is true or false, and this is {_a(found)}")

    def _is_numeric(self, expression: Unary | Binary, found: StaticType | None, operator: Operator) -> StaticType:
        if found is None:
            return StaticType.INT
        if found not in NUMERIC:
            self._fail(expression, f"`{operator}` is about numbers, and this is {_a(found)}")
        return found

    def _division(
        self,
        node: Binary | ScalarOperation | ScalarFilter,
        operator: Operator,
        *sides: FieldExpression | ScalarExpression,
    ) -> None:
        whole = [isinstance(side, Static) and side.type is StaticType.INT for side in sides]
        if operator in DIVISION and all(whole) and sides[-1] == Static(StaticType.INT, 0):
            self._fail(node, f"`{operator}` by zero")

    def _metrics(self, aggregate: MetricsAggregate | Compare, seconds: tuple[SecondStage, ...]) -> None:
        if isinstance(aggregate, Compare):
            self._compare(aggregate, seconds)
            return
        found = INTRINSIC_TYPES[aggregate.field] if isinstance(aggregate.field, Intrinsic) else None
        if found not in NUMERIC and found is not None:
            self._fail(aggregate, f"{aggregate.function}() is of numbers, and `{aggregate.field}` is {_a(found)}")
        for quantile in aggregate.quantiles:
            if not 0 <= quantile <= 1:
                self._fail(aggregate, f"a quantile is between 0 and 1, and {quantile:g} is not")

    def _compare(self, compare: Compare, seconds: tuple[SecondStage, ...]) -> None:
        self._filter(compare.selection)
        if compare.top_n < 1:
            self._fail(compare, "compare() gives at least one value of each attribute")
        if compare.start_ns is not None and compare.end_ns is not None and compare.start_ns >= compare.end_ns:
            self._fail(compare, "compare() ends after it starts")
        if seconds:
            self._fail(compare, "nothing can come after compare()")

    def _second(self, second: SecondStage) -> None:
        match second:
            case TopBottom(count=0):
                self._fail(second, f"{'topk' if second.is_top else 'bottomk'}(0) is no series at all")
            case SeriesFilter():
                self._number(second.value)


_NUMERIC_RANK = (StaticType.INT, StaticType.FLOAT, StaticType.DURATION)
_ARTICLES = {StaticType.INT: "an int"}


def _a(found: StaticType | None) -> str:
    return "unknown" if found is None else _ARTICLES.get(found, f"a {found}")


def _has_field(expression: FieldExpression) -> bool:
    match expression:
        case Static():
            return False
        case Unary():
            return _has_field(expression.operand)
        case Binary():
            return _has_field(expression.left) or _has_field(expression.right)
    return True
