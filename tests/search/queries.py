"""Queries to be generated: trees that the checker lets pass, over the vocabulary of tests/search/traces.py.

`searches()` and `metrics()` say nothing about what the queries select; most of the fields and values they ask for
are such that a generated trace may have them.
"""

from functools import cache

from hypothesis import strategies as st

from chalicelib.model.errors import QueryError
from chalicelib.search.check import check
from chalicelib.search.syntax import (
    Aggregate,
    AggregateFunction,
    Attribute,
    AttributeScope,
    Binary,
    Coalesce,
    Compare,
    GroupBy,
    Hint,
    Intrinsic,
    MetricsAggregate,
    MetricsFunction,
    MetricsQuery,
    Operator,
    Pipeline,
    Query,
    ScalarFilter,
    ScalarOperation,
    Select,
    SeriesFilter,
    SeriesOperation,
    SpansetFilter,
    SpansetOperation,
    SpansetOperator,
    Static,
    StaticType,
    TopBottom,
    Unary,
)
from tests.actors import TRACE_ID
from tests.search.traces import IDS, KEYS, NAMES, TEXTS

EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
ORDER = (Operator.LESS, Operator.LESS_EQUAL, Operator.GREATER, Operator.GREATER_EQUAL)
REGEXES = (Operator.REGEX, Operator.NOT_REGEX)
CALCULATIONS = (Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY, Operator.DIVIDE, Operator.MODULO, Operator.POWER)
STRUCTURAL = tuple(each for each in SpansetOperator if each not in (SpansetOperator.AND, SpansetOperator.OR))

PATTERNS = ("a", "a|b", ".*", "a.*", ".*b", "[ab]+", "GET .*", "[0-9]+", "")
TEXT = st.sampled_from((*TEXTS, *NAMES, "shop", "bank", "eu", "exception", "lib", TRACE_ID, *IDS[:2])).map(
    lambda text: Static(StaticType.STRING, text)
)
OWN_NAME = st.sampled_from(NAMES).map(lambda name: Static(StaticType.STRING, name))
INT = st.sampled_from((0, 1, 2, -3, 10, 500)).map(lambda number: Static(StaticType.INT, number))
FLOAT = st.sampled_from((0.5, 1.0, 2.0, -3.5)).map(lambda number: Static(StaticType.FLOAT, number))
DURATION = st.sampled_from((0, 1, 1_000_000, 5_000_000, 1_500_000_000)).map(
    lambda duration_ns: Static(StaticType.DURATION, duration_ns)
)
BOOL = st.booleans().map(lambda truth: Static(StaticType.BOOL, truth))
STATUS = st.sampled_from(("unset", "ok", "error")).map(lambda name: Static(StaticType.STATUS, name))
KIND = st.sampled_from(("unspecified", "internal", "server", "client")).map(lambda name: Static(StaticType.KIND, name))
NUMBER = st.one_of(INT, FLOAT, DURATION)
STATIC = st.one_of(TEXT, INT, FLOAT, DURATION, BOOL, STATUS, KIND)
NIL = Static(StaticType.NIL)

TEXT_INTRINSICS = st.sampled_from(
    (
        Intrinsic.SPAN_NAME,
        Intrinsic.SPAN_STATUS_MESSAGE,
        Intrinsic.SPAN_ID,
        Intrinsic.SPAN_PARENT_ID,
        Intrinsic.TRACE_ROOT_NAME,
        Intrinsic.TRACE_ROOT_SERVICE,
        Intrinsic.TRACE_ID,
        Intrinsic.EVENT_NAME,
        Intrinsic.LINK_TRACE_ID,
        Intrinsic.LINK_SPAN_ID,
        Intrinsic.INSTRUMENTATION_NAME,
        Intrinsic.INSTRUMENTATION_VERSION,
    )
)
NUMBER_INTRINSICS = st.sampled_from(
    (
        Intrinsic.SPAN_DURATION,
        Intrinsic.SPAN_CHILD_COUNT,
        Intrinsic.TRACE_DURATION,
        Intrinsic.EVENT_TIME_SINCE_START,
        Intrinsic.NESTED_SET_LEFT,
        Intrinsic.NESTED_SET_RIGHT,
        Intrinsic.NESTED_SET_PARENT,
    )
)
SCOPED = st.builds(Attribute, st.sampled_from(list(AttributeScope)), st.sampled_from(KEYS))
OF_PARENT = st.builds(
    Attribute,
    st.sampled_from((AttributeScope.ANY, AttributeScope.SPAN, AttributeScope.RESOURCE)),
    st.sampled_from(KEYS),
    st.just(True),
)
SERVICE = st.just(Attribute(AttributeScope.RESOURCE, "service.name"))
REGION = st.just(Attribute(AttributeScope.ANY, "region"))


def passes_check(query):
    """Whether the query means something, as far as that can be told without spans."""
    try:
        check(query)
    except QueryError:
        return False
    return True


def part(make):
    """A strategy that is made once and shown by its name: written out, these fill pages."""
    made = cache(make)

    def draw_part(draw, parents=True, *more):
        return draw(made(parents, *more))

    draw_part.__name__ = make.__name__
    return st.composite(draw_part)


@part
def fields(parents):
    """Attributes of every scope and all intrinsics; `parents` lets in attributes of the parent span."""
    choices = [SCOPED, SERVICE, REGION, st.sampled_from(list(Intrinsic))]
    return st.one_of(*choices, OF_PARENT) if parents else st.one_of(*choices)


@part
def _attributes(parents):
    return st.one_of(SCOPED, REGION, OF_PARENT) if parents else st.one_of(SCOPED, REGION)


@part
def _of_key(parents, *keys):
    """Attributes with this key, whose values are usually of one type."""
    scopes = st.sampled_from((AttributeScope.ANY, AttributeScope.SPAN, *AttributeScope))
    usual = st.builds(Attribute, scopes, st.sampled_from(keys))
    return st.one_of(usual, usual, _attributes(parents))


@part
def _numbers(parents):
    leaves = st.one_of(_of_key(parents, "y"), NUMBER_INTRINSICS, NUMBER)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Binary, st.sampled_from(CALCULATIONS), inner, inner),
            st.builds(Unary, st.just(Operator.SUBTRACT), st.one_of(_attributes(parents), NUMBER_INTRINSICS)),
        ),
        max_leaves=3,
    )


@part
def _comparisons(parents):
    attributes, numbers = _attributes(parents), _numbers(parents)
    texts = st.one_of(_of_key(parents, "x", "tags"), SERVICE, TEXT_INTRINSICS)
    plain_numbers = st.one_of(_of_key(parents, "y"), NUMBER_INTRINSICS)
    pattern = st.sampled_from(PATTERNS).map(lambda text: Static(StaticType.STRING, text))
    return st.one_of(
        st.builds(Binary, st.sampled_from((*EQUALITY, *ORDER)), numbers, numbers),
        st.builds(Binary, st.sampled_from((*EQUALITY, *ORDER)), plain_numbers, NUMBER),
        st.builds(Binary, st.sampled_from((*EQUALITY, *ORDER)), texts, TEXT),
        st.builds(Binary, st.sampled_from((*EQUALITY, *ORDER)), TEXT, texts),
        st.builds(Binary, st.sampled_from((*EQUALITY, *ORDER)), attributes, attributes),
        st.builds(Binary, st.sampled_from(REGEXES), texts, pattern),
        st.builds(Binary, st.sampled_from(EQUALITY), attributes, STATIC),
        st.builds(Binary, st.sampled_from(EQUALITY), attributes, st.just(NIL)),
        st.builds(Binary, st.sampled_from(EQUALITY), st.just(Intrinsic.SPAN_STATUS), STATUS),
        st.builds(Binary, st.sampled_from(EQUALITY), st.just(Intrinsic.SPAN_KIND), KIND),
    )


@part
def conditions(parents):
    """What may stand in `{ }`."""
    comparison = _comparisons(parents)
    return st.recursive(
        st.one_of(comparison, comparison, comparison, comparison, _of_key(parents, "is.ok"), BOOL),
        lambda inner: st.one_of(
            st.builds(Binary, st.sampled_from((Operator.AND, Operator.OR, Operator.OR, *EQUALITY)), inner, inner),
            st.builds(Unary, st.just(Operator.NOT), inner),
        ),
        max_leaves=4,
    )


@part
def _aggregates(parents):
    functions = st.sampled_from([each for each in AggregateFunction if each is not AggregateFunction.COUNT])
    return st.one_of(st.just(Aggregate(AggregateFunction.COUNT)), st.builds(Aggregate, functions, _numbers(parents)))


@part
def _filters(parents):
    by_name = st.builds(Binary, st.sampled_from(EQUALITY), st.just(Intrinsic.SPAN_NAME), OWN_NAME)
    return st.builds(SpansetFilter, st.one_of(st.none(), by_name, by_name, conditions(parents)))


@part
def _scalars(parents):
    inner = st.builds(lambda spans, aggregate: Pipeline((spans, aggregate)), _filters(parents), _aggregates(parents))
    return st.recursive(
        st.one_of(_aggregates(parents), NUMBER, inner),
        lambda sides: st.builds(ScalarOperation, st.sampled_from(CALCULATIONS), sides, sides),
        max_leaves=3,
    )


@part
def _scalar_filters(parents):
    scalars = _scalars(parents)
    return st.builds(ScalarFilter, st.sampled_from((*EQUALITY, *ORDER)), scalars, scalars)


@part
def pipelines(parents):
    """Spans by filters, combined, then up to two more stages."""
    filters = _filters(parents)
    further = st.one_of(
        filters,
        _scalar_filters(parents),
        st.builds(GroupBy, st.one_of(fields(parents), _numbers(parents), _comparisons(parents))),
        st.just(Coalesce()),
        st.builds(Select, st.lists(fields(parents), min_size=1, max_size=2).map(tuple)),
    )
    bracketed = st.builds(lambda first, second: Pipeline((first, second)), filters, _scalar_filters(parents))
    combined = st.recursive(
        st.one_of(filters, filters, filters, bracketed),
        lambda sides: st.builds(SpansetOperation, st.sampled_from(list(SpansetOperator)), sides, sides),
        max_leaves=3,
    ).filter(lambda stage: not isinstance(stage, Pipeline))
    first = st.one_of(combined, _scalar_filters(parents))
    return st.builds(lambda start, rest: Pipeline((start, *rest)), first, st.lists(further, max_size=2))


def searches(*, parents=True):
    """Queries for traces. Without `parents` none that Tempo would not take."""
    return pipelines(parents).map(Query).filter(passes_check)


@part
def _measures(parents):
    by = st.lists(fields(parents), max_size=2, unique=True).map(tuple)
    numbers = st.one_of(_attributes(parents), st.just(Intrinsic.SPAN_DURATION), NUMBER_INTRINSICS)
    over_time = st.sampled_from(
        (
            MetricsFunction.MIN_OVER_TIME,
            MetricsFunction.MAX_OVER_TIME,
            MetricsFunction.AVG_OVER_TIME,
            MetricsFunction.SUM_OVER_TIME,
            MetricsFunction.HISTOGRAM_OVER_TIME,
        )
    )
    quantiles = st.lists(st.sampled_from((0.0, 0.5, 0.9, 1.0)), min_size=1, max_size=2, unique=True).map(tuple)
    return st.one_of(
        st.builds(
            lambda function, by: MetricsAggregate(function, by=by),
            st.sampled_from((MetricsFunction.RATE, MetricsFunction.COUNT_OVER_TIME)),
            by,
        ),
        st.builds(lambda function, field, by: MetricsAggregate(function, field, by=by), over_time, numbers, by),
        st.builds(
            lambda field, quantiles, by: MetricsAggregate(MetricsFunction.QUANTILE_OVER_TIME, field, quantiles, by),
            numbers,
            quantiles,
            by,
        ),
    )


SECONDS = st.lists(
    st.one_of(
        st.builds(TopBottom, st.booleans(), st.integers(1, 3)),
        st.builds(SeriesFilter, st.sampled_from((*EQUALITY, *ORDER)), NUMBER),
    ),
    max_size=2,
).map(tuple)


def metrics(*, parents=True):
    """Queries for series. Without `parents` none that Tempo would not take."""
    simple = _filters(parents).map(lambda stage: Pipeline((stage,)))
    start = st.one_of(simple, simple, pipelines(parents))
    compare = st.builds(
        lambda pipeline, condition, top_n: MetricsQuery(pipeline, Compare(SpansetFilter(condition), top_n)),
        start,
        conditions(parents),
        st.sampled_from((1, 10)),
    )
    measured = st.builds(MetricsQuery, start, _measures(parents), SECONDS)
    operations = st.sampled_from((Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY, Operator.DIVIDE))
    reckoned = st.one_of(
        st.builds(SeriesOperation, operations, measured, measured, SECONDS),
        st.builds(SeriesOperation, operations, measured, INT),
        st.builds(SeriesOperation, operations, FLOAT, measured),
    )
    hints = st.sampled_from(((), (), (Hint("extrapolate", Static(StaticType.BOOL, True)),)))
    return st.builds(Query, st.one_of(measured, compare, reckoned), hints).filter(passes_check)
