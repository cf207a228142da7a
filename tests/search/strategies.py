"""Hypothesis strategies over syntax.py: every tree that the parser can make, and texts that look like queries."""

from hypothesis import strategies as st

from chalicelib.search import fields, pipelines
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


def _briefly(strategy):
    """The same, described in a word: what recurses would describe itself in megabytes."""

    @st.composite
    def tree(draw):
        return draw(strategy)

    return tree()


INT64 = st.sampled_from([0, 1, -1, 2**53 + 1, -(2**63), 2**63 - 1]) | st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.sampled_from(["http.method", "a b", "5", "", "span.x", 'q"\\', "service.name", "x//y", "a-1"]) | TEXT
FLOATS = st.floats(allow_nan=False, allow_infinity=False)

NUMBERS = st.one_of(
    st.builds(Static, st.sampled_from([StaticType.INT, StaticType.DURATION]), INT64),
    st.builds(Static, st.just(StaticType.FLOAT), FLOATS),
)
LITERALS = NUMBERS | st.one_of(
    st.builds(Static, st.just(StaticType.STRING), TEXT),
    st.builds(Static, st.just(StaticType.BOOL), st.booleans()),
    st.builds(Static, st.just(StaticType.STATUS), st.sampled_from(["ok", "error", "unset"])),
    st.builds(Static, st.just(StaticType.KIND), st.sampled_from(["unspecified", "internal", "server", "consumer"])),
    st.just(Static(StaticType.NIL)),
)
PARENT_SCOPES = st.sampled_from([AttributeScope.ANY, AttributeScope.SPAN, AttributeScope.RESOURCE])
FIELDS = st.one_of(
    st.builds(Attribute, st.sampled_from(AttributeScope), NAMES),
    st.builds(Attribute, PARENT_SCOPES, NAMES, parent=st.just(value=True)),
    st.sampled_from(Intrinsic),
)


def _field_operations(parts):
    unary = st.builds(Unary, st.just(Operator.NOT), parts)
    minus = st.builds(Unary, st.just(Operator.SUBTRACT), parts)
    return unary | minus | st.builds(Binary, st.sampled_from(sorted(fields.LEVELS)).map(Operator), parts, parts)


FIELD_EXPRESSIONS = _briefly(st.recursive(FIELDS | LITERALS, _field_operations, max_leaves=6))
FILTERS = st.builds(SpansetFilter, st.none() | FIELD_EXPRESSIONS)
AGGREGATES = st.one_of(
    st.just(Aggregate(AggregateFunction.COUNT)),
    st.builds(Aggregate, st.sampled_from(sorted(set(AggregateFunction) - {"count"})), FIELD_EXPRESSIONS),
)
COMPARISONS = st.sampled_from(sorted(pipelines.COMPARISONS)).map(Operator)
ARITHMETIC = st.sampled_from(sorted(pipelines.ARITHMETIC)).map(Operator)


def _stages(spans):
    """Stages over `spans`, with no pipeline among them: brackets would be forgotten."""
    return st.one_of(
        spans.filter(lambda node: not isinstance(node, Pipeline)),
        st.builds(ScalarFilter, COMPARISONS, _scalars(spans), _scalars(spans)),
        st.builds(GroupBy, FIELD_EXPRESSIONS),
        st.just(Coalesce()),
        st.builds(Select, st.lists(FIELDS, min_size=1, max_size=3).map(tuple)),
    )


def _scalars(spans):
    inner = st.builds(lambda stages, last: Pipeline((*stages, last)), _some(spans), AGGREGATES)
    operations = lambda parts: st.builds(ScalarOperation, ARITHMETIC, parts, parts)  # noqa: E731
    return _briefly(st.recursive(LITERALS | AGGREGATES | inner, operations, max_leaves=3))


def _some(spans):
    return st.lists(spans.filter(lambda node: not isinstance(node, Pipeline)), min_size=1, max_size=2)


def _spanset_operations(spans):
    bracketed = st.lists(_stages(spans), min_size=1, max_size=3).map(_as_bracketed)
    return st.builds(SpansetOperation, st.sampled_from(SpansetOperator), spans | bracketed, spans | bracketed)


def _as_bracketed(stages):
    """What brackets around these stages are read as."""
    is_plain = len(stages) == 1 and isinstance(stages[0], SpansetFilter | SpansetOperation)
    return stages[0] if is_plain else Pipeline(tuple(stages))


SPANS = _briefly(st.recursive(FILTERS, _spanset_operations, max_leaves=4))
PIPELINES = _briefly(st.lists(_stages(SPANS), min_size=1, max_size=3).map(lambda stages: Pipeline(tuple(stages))))

BY = st.lists(FIELDS, max_size=3).map(tuple)
QUANTILES = st.lists(st.floats(0, 1e6), min_size=1, max_size=3).map(tuple)
WHOLE = st.integers(0, 2**63 - 1)
COUNTING = [MetricsFunction.RATE, MetricsFunction.COUNT_OVER_TIME]
OF_FIELDS = sorted(set(MetricsFunction) - {*COUNTING, MetricsFunction.QUANTILE_OVER_TIME})
METRICS = st.one_of(
    st.builds(MetricsAggregate, st.sampled_from(COUNTING), by=BY),
    st.builds(MetricsAggregate, st.sampled_from(OF_FIELDS), FIELDS, by=BY),
    st.builds(MetricsAggregate, st.just(MetricsFunction.QUANTILE_OVER_TIME), FIELDS, QUANTILES, by=BY),
    st.builds(Compare, FILTERS, WHOLE),
    st.builds(Compare, FILTERS, WHOLE, WHOLE, WHOLE),
)
SECONDS = st.lists(
    st.builds(TopBottom, st.booleans(), WHOLE) | st.builds(SeriesFilter, COMPARISONS, LITERALS), max_size=3
).map(tuple)
METRICS_QUERIES = st.builds(MetricsQuery, PIPELINES, METRICS, SECONDS)


def _series_operations(parts):
    operators = st.sampled_from(sorted(pipelines.SERIES_ARITHMETIC)).map(Operator)
    return st.one_of(
        st.builds(SeriesOperation, operators, parts, parts | LITERALS, SECONDS),
        st.builds(SeriesOperation, operators, parts | LITERALS, parts, SECONDS),
    )


SERIES = _briefly(st.recursive(METRICS_QUERIES, _series_operations, max_leaves=3))
HINTS = st.lists(st.builds(Hint, st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), LITERALS), max_size=2)
QUERIES = st.builds(Query, PIPELINES | SERIES, HINTS.map(tuple))

PIECES = [
    *'{}()|!<>=~&+-*/%^,."`\\ \n',
    *pipelines.LEVELS,
    *fields.LEVELS,
    *fields.BARE_INTRINSICS,
    *Intrinsic,
    *MetricsFunction,
    *("span.", "resource.", "parent.", ".a", 'span."b', '"text"', "5", "1h30m", ".5", "nil", "true", "error", "minInt"),
    *(
        "count()",
        "by(",
        "select(",
        "coalesce()",
        "topk(2)",
        "with(",
        "compare(",
        "//",
        "/*",
        "*/",
        "{ .a = 1 }",
        "§",
        "\0",
    ),
]
NEARLY_QUERIES = st.lists(st.sampled_from(PIECES) | TEXT, max_size=40).map("".join)
