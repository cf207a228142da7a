"""syntax.py -> TraceQL text, such that reading the text gives the same tree again.

Brackets are written where reading needs them. Intrinsics are written in their scoped spelling, durations in units,
strings in double quotes, attributes with quotes only where their names need them.
"""

import re
from collections.abc import Iterable

from chalicelib.search import fields, pipelines
from chalicelib.search.cursor import Level
from chalicelib.search.lexer import INT_RANGE
from chalicelib.search.syntax import (
    Aggregate,
    Attribute,
    AttributeScope,
    Coalesce,
    Compare,
    FieldExpression,
    GroupBy,
    Hint,
    Intrinsic,
    MetricsAggregate,
    MetricsQuery,
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

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./:@$#*+-]*")
UNITS = (
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
)
_ESCAPES = {ord("\\"): r"\\", ord('"'): r"\"", ord("\n"): r"\n", ord("\r"): r"\r", ord("\t"): r"\t"}
_QUOTED_NAME = {ord("\\"): r"\\", ord('"'): r"\""}
DEFAULT_TOP_N = Compare(SpansetFilter()).top_n


def render(query: Query) -> str:
    """`query` as text on one line (but for attribute names with line breaks in them).

    Raises ValueError for what no text can say: numbers that are not finite or do not fit into 64 bits.
    """
    hints = f" with({_commas(_hint(hint) for hint in query.hints)})" if query.hints else ""
    return _root(query.root) + hints


def render_field(field: Attribute | Intrinsic) -> str:
    """`span.http.method`, `span."a b"`, `span:duration`."""
    if isinstance(field, Intrinsic):
        return field.value
    parts = (["parent"] if field.parent else []) + ([field.scope.value] if field.scope else [])
    needs_quotes = not PLAIN_NAME.fullmatch(field.name) or (field.parent and _begins_with_scope(field))
    name = f'"{field.name.translate(_QUOTED_NAME)}"' if needs_quotes else field.name
    return f"{'.'.join(parts)}.{name}"


def render_static(static: Static) -> str:
    """A literal. Raises ValueError for a number that is not finite or does not fit into 64 bits."""
    match static:
        case Static(type=StaticType.STRING, value=str(text)):
            return f'"{text.translate(_ESCAPES)}"'
        case Static(type=StaticType.BOOL):
            return "true" if static.value else "false"
        case Static(type=StaticType.DURATION, value=int(amount_ns)) if amount_ns in INT_RANGE:
            return _duration(amount_ns)
        case Static(type=StaticType.INT, value=int(number)) if number in INT_RANGE:
            return "minInt" if number == INT_RANGE[0] else str(number)  # Tempo cannot read that number in digits
        case Static(type=StaticType.FLOAT, value=float(number)) if abs(number) < float("inf"):
            return repr(number)
        case Static(type=StaticType.STATUS | StaticType.KIND, value=str(name)):
            return name
        case Static(type=StaticType.NIL):
            return "nil"
    raise ValueError(f"{static} cannot be written")


def render_fields(expression: FieldExpression, least: int = 0) -> str:
    """A field expression, in brackets unless it binds with at least the power `least`. Raises as `render_static`."""
    match expression:
        case Static():
            return render_static(expression)
        case Attribute() | Intrinsic():
            return render_field(expression)
        case Unary():
            return _unary(expression, least)
    level = fields.LEVELS[expression.operator]
    left = render_fields(expression.left, level.power + level.from_right)
    right = render_fields(expression.right, level.power + (not level.from_right))
    return _bracketed(f"{left} {expression.operator} {right}", level.power, least)


def _unary(expression: Unary, least: int) -> str:
    power = fields.NOT_POWER if expression.operator == "!" else fields.MINUS_POWER
    if expression.operator == "-" and isinstance(expression.operand, Static):
        return f"-({render_static(expression.operand)})"  # -5 would be the literal
    return _bracketed(f"{expression.operator}{render_fields(expression.operand, power)}", power, least)


def _root(root: Pipeline | SeriesExpression) -> str:
    match root:
        case Pipeline():
            return _pipeline(root)
        case Static():
            return render_static(root)
        case MetricsQuery():
            text = f"{_pipeline(root.pipeline)} | {_metrics(root.aggregate)}"
        case _:
            level = pipelines.LEVELS[root.operator]
            text = f"{_series(root.left, level, 0)} {root.operator} {_series(root.right, level, 1)}"
    return text + "".join(_second(second) for second in root.seconds)


def _series(side: SeriesExpression, level: Level, is_right: int) -> str:
    if isinstance(side, Static):
        return render_static(side)
    binds = -1 if isinstance(side, MetricsQuery) or side.seconds else pipelines.LEVELS[side.operator].power
    return _bracketed(_root(side), binds, level.power + is_right)


def _second(second: SecondStage) -> str:
    match second:
        case TopBottom():
            return f" | {'topk' if second.is_top else 'bottomk'}({second.count})"
        case SeriesFilter():
            return f" {second.operator} {render_static(second.value)}"


def _metrics(aggregate: MetricsAggregate | Compare) -> str:
    match aggregate:
        case Compare():
            given = (aggregate.top_n, aggregate.start_ns, aggregate.end_ns)
            numbers = () if given == (DEFAULT_TOP_N, None, None) else (n for n in given if n is not None)
            return f"compare({_commas([_stage(aggregate.selection), *map(str, numbers)])})"
        case MetricsAggregate():
            field = [] if aggregate.field is None else [render_field(aggregate.field)]
            by = f" by({_commas(map(render_field, aggregate.by))})" if aggregate.by else ""
            return f"{aggregate.function}({_commas([*field, *map(repr, aggregate.quantiles)])}){by}"


def _pipeline(pipeline: Pipeline) -> str:
    return " | ".join(_stage(stage) for stage in pipeline.stages)


def _stage(stage: Stage) -> str:
    match stage:
        case SpansetFilter(expression=None):
            return "{ }"
        case SpansetFilter():
            return f"{{ {render_fields(stage.expression)} }}"  # type: ignore[arg-type]  # None is above
        case SpansetOperation():
            return _spansets(stage, 0)
        case Pipeline():
            return f"({_pipeline(stage)})"
        case ScalarFilter():
            return f"{_scalar(stage.left, 3)} {stage.operator} {_scalar(stage.right, 3)}"
        case GroupBy():
            return f"by({render_fields(stage.expression)})"
        case Coalesce():
            return "coalesce()"
        case Select():
            return f"select({_commas(map(render_field, stage.fields))})"
        case Aggregate():
            return _scalar(stage, 0)


def _spansets(spans: Stage, least: int) -> str:
    if not isinstance(spans, SpansetOperation):
        return _stage(spans)
    power = pipelines.LEVELS[spans.operator].power
    text = f"{_spansets(spans.left, power)} {spans.operator} {_spansets(spans.right, power + 1)}"
    return _bracketed(text, power, least)


def _scalar(scalar: ScalarExpression, least: int) -> str:
    match scalar:
        case Static():
            return render_static(scalar)
        case Pipeline():
            return f"({_pipeline(scalar)})"
        case Aggregate():
            inside = "" if scalar.expression is None else render_fields(scalar.expression)
            return f"{scalar.function}({inside})"
        case ScalarOperation():
            level = pipelines.LEVELS[scalar.operator]
            left = _scalar(scalar.left, level.power + level.from_right)
            right = _scalar(scalar.right, level.power + (not level.from_right))
            return _bracketed(f"{left} {scalar.operator} {right}", level.power, least)


def _hint(hint: Hint) -> str:
    return f"{hint.name}={render_static(hint.value)}"


def _duration(amount_ns: int) -> str:
    parts, rest_ns = [], abs(amount_ns)
    for unit, unit_ns in UNITS:
        count, rest_ns = divmod(rest_ns, unit_ns)
        parts += [f"{count}{unit}"] if count else []
    return ("-" if amount_ns < 0 else "") + ("".join(parts) or "0s")


def _begins_with_scope(field: Attribute) -> bool:
    return field.scope is AttributeScope.ANY and field.name.startswith(("span.", "resource."))


def _bracketed(text: str, power: int, least: int) -> str:
    return text if power >= least else f"({text})"


def _commas(parts: Iterable[str]) -> str:
    return ", ".join(parts)
