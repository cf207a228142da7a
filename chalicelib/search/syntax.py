"""TraceQL as a tree: what the parser makes, and the checker, planner, evaluator and renderer take apart.

Grammar and meaning: Grafana Tempo's TraceQL (documentation of Tempo 3, and the behaviour it describes), written
anew. Nodes are frozen and compare by value, so that parse(render(query)) == query can be asked. Positions are not
in the nodes: the parser keeps them beside the tree (places.py).
"""

from enum import StrEnum

import msgspec


class StaticType(StrEnum):
    """The type of a literal, or of a value that a span has."""

    NIL = "nil"
    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DURATION = "duration"
    STATUS = "status"
    KIND = "kind"


NUMERIC = frozenset({StaticType.INT, StaticType.FLOAT, StaticType.DURATION})  # these compare with each other


class Static(msgspec.Struct, frozen=True):
    """A literal. A duration's value is integer nanoseconds; a status or kind is its name ("error", "server")."""

    type: StaticType
    value: str | int | float | bool | None = None


class AttributeScope(StrEnum):
    """Where an attribute is looked for. ANY is the bare `.x`: the span, then its resource."""

    ANY = ""
    SPAN = "span"
    RESOURCE = "resource"
    EVENT = "event"
    LINK = "link"
    INSTRUMENTATION = "instrumentation"


class Attribute(msgspec.Struct, frozen=True):
    """`span.http.method`; `parent` means that of the parent span (`parent.x`, `parent.span.x`, `parent.resource.x`)."""

    scope: AttributeScope
    name: str
    parent: bool = False


class Intrinsic(StrEnum):
    """What a span has without an attribute. The value is the scoped spelling; bare ones are read as the same thing."""

    SPAN_DURATION = "span:duration"  # duration
    SPAN_NAME = "span:name"  # name
    SPAN_KIND = "span:kind"  # kind
    SPAN_STATUS = "span:status"  # status
    SPAN_STATUS_MESSAGE = "span:statusMessage"  # statusMessage
    SPAN_ID = "span:id"
    SPAN_PARENT_ID = "span:parentID"
    SPAN_CHILD_COUNT = "span:childCount"  # childCount
    TRACE_DURATION = "trace:duration"  # traceDuration
    TRACE_ROOT_NAME = "trace:rootName"  # rootName
    TRACE_ROOT_SERVICE = "trace:rootService"  # rootServiceName
    TRACE_ID = "trace:id"
    EVENT_NAME = "event:name"
    EVENT_TIME_SINCE_START = "event:timeSinceStart"
    LINK_TRACE_ID = "link:traceID"
    LINK_SPAN_ID = "link:spanID"
    INSTRUMENTATION_NAME = "instrumentation:name"
    INSTRUMENTATION_VERSION = "instrumentation:version"
    NESTED_SET_LEFT = "nestedSetLeft"
    NESTED_SET_RIGHT = "nestedSetRight"
    NESTED_SET_PARENT = "nestedSetParent"


class Operator(StrEnum):
    """Between field expressions, and before one (SUBTRACT is also the unary minus)."""

    OR = "||"
    AND = "&&"
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"
    GREATER = ">"
    GREATER_EQUAL = ">="
    LESS = "<"
    LESS_EQUAL = "<="
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    POWER = "^"
    NOT = "!"


class Unary(msgspec.Struct, frozen=True):
    """`-x` or `!x`."""

    operator: Operator
    operand: "FieldExpression"


class Binary(msgspec.Struct, frozen=True):
    """`x op y`. `x = nil` and `x != nil` are Binary with a Static of type NIL."""

    operator: Operator
    left: "FieldExpression"
    right: "FieldExpression"


FieldExpression = Static | Attribute | Intrinsic | Unary | Binary


class SpansetOperator(StrEnum):
    """Between spansets. Structural ones give the right side's spans; union forms (&) both sides'."""

    AND = "&&"
    OR = "||"
    CHILD = ">"
    PARENT = "<"
    DESCENDANT = ">>"
    ANCESTOR = "<<"
    SIBLING = "~"
    NOT_CHILD = "!>"
    NOT_PARENT = "!<"
    NOT_DESCENDANT = "!>>"
    NOT_ANCESTOR = "!<<"
    NOT_SIBLING = "!~"
    UNION_CHILD = "&>"
    UNION_PARENT = "&<"
    UNION_DESCENDANT = "&>>"
    UNION_ANCESTOR = "&<<"
    UNION_SIBLING = "&~"


class SpansetFilter(msgspec.Struct, frozen=True):
    """`{ expression }`; None is `{}`, every span."""

    expression: FieldExpression | None = None


class SpansetOperation(msgspec.Struct, frozen=True):
    """`a op b`. A bracketed pipeline may stand on either side: `({ } | count() > 1) && { }`."""

    operator: SpansetOperator
    left: "SpansetExpression"
    right: "SpansetExpression"


class AggregateFunction(StrEnum):
    """What folds a spanset into one number."""

    COUNT = "count"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    SUM = "sum"


class Aggregate(msgspec.Struct, frozen=True):
    """`count()` (no expression) or `avg(duration)`."""

    function: AggregateFunction
    expression: FieldExpression | None = None


class ScalarOperation(msgspec.Struct, frozen=True):
    """Arithmetic between scalars: `max(duration) - min(duration)`."""

    operator: Operator
    left: "ScalarExpression"
    right: "ScalarExpression"


class ScalarFilter(msgspec.Struct, frozen=True):
    """`count() > 2`: keeps the spansets for which it holds."""

    operator: Operator
    left: "ScalarExpression"
    right: "ScalarExpression"


class GroupBy(msgspec.Struct, frozen=True):
    """`by(expression)`: one spanset for each value."""

    expression: FieldExpression


class Coalesce(msgspec.Struct, frozen=True):
    """`coalesce()`: the spansets of a trace become one again."""


class Select(msgspec.Struct, frozen=True):
    """`select(a, b)`: what to show of the matched spans beside what was asked for."""

    fields: tuple[Attribute | Intrinsic, ...]


class Pipeline(msgspec.Struct, frozen=True):
    """Stages from left to right, at least one. The first works on every span; coalesce() cannot be the first.

    The parser leaves no Pipeline among the stages of another; it stands only where brackets have to be, as a side of
    a SpansetOperation or as a number.
    """

    stages: tuple["Stage", ...]


SpansetExpression = SpansetFilter | SpansetOperation | Pipeline
ScalarExpression = Static | Aggregate | ScalarOperation | Pipeline  # a Pipeline ends in an Aggregate stage here
Stage = SpansetExpression | ScalarFilter | GroupBy | Coalesce | Select | Aggregate


class MetricsFunction(StrEnum):
    """What turns matched spans into series."""

    RATE = "rate"
    COUNT_OVER_TIME = "count_over_time"
    MIN_OVER_TIME = "min_over_time"
    MAX_OVER_TIME = "max_over_time"
    AVG_OVER_TIME = "avg_over_time"
    SUM_OVER_TIME = "sum_over_time"
    QUANTILE_OVER_TIME = "quantile_over_time"
    HISTOGRAM_OVER_TIME = "histogram_over_time"


class MetricsAggregate(msgspec.Struct, frozen=True):
    """`rate() by(a, b)`. `field` is None for rate and count_over_time; `quantiles` only for quantile_over_time."""

    function: MetricsFunction
    field: Attribute | Intrinsic | None = None
    quantiles: tuple[float, ...] = ()
    by: tuple[Attribute | Intrinsic, ...] = ()


class Compare(msgspec.Struct, frozen=True):
    """`compare({selection}, top_n, start, end)`: how the selected spans differ from the others."""

    selection: SpansetFilter
    top_n: int = 10
    start_ns: int | None = None
    end_ns: int | None = None


class TopBottom(msgspec.Struct, frozen=True):
    """`topk(n)` or `bottomk(n)`, at each step."""

    is_top: bool
    count: int


class SeriesFilter(msgspec.Struct, frozen=True):
    """`> 5` after a metrics function: keeps the samples for which it holds."""

    operator: Operator
    value: Static


SecondStage = TopBottom | SeriesFilter


class MetricsQuery(msgspec.Struct, frozen=True):
    """A pipeline whose spans become series, then second stages in order."""

    pipeline: Pipeline
    aggregate: MetricsAggregate | Compare
    seconds: tuple[SecondStage, ...] = ()


class SeriesOperation(msgspec.Struct, frozen=True):
    """`({..} | rate()) / ({..} | rate())`: arithmetic between series with equal labels, or with a number."""

    operator: Operator
    left: "SeriesExpression"
    right: "SeriesExpression"
    seconds: tuple[SecondStage, ...] = ()


SeriesExpression = MetricsQuery | SeriesOperation | Static


class Hint(msgspec.Struct, frozen=True):
    """`with(name=value)`."""

    name: str
    value: Static


class Query(msgspec.Struct, frozen=True):
    """A whole query: a search (Pipeline) or metrics."""

    root: Pipeline | MetricsQuery | SeriesOperation
    hints: tuple[Hint, ...] = ()
