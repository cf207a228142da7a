"""Pipelines, compiled: from the spans of a trace, stage by stage, to groups of them.

A trace starts as one group of all its spans. A filter keeps spans and drops groups that it leaves empty; `{a} && {b}`
needs spans on both sides and keeps them all; a scalar filter keeps or drops whole groups; `by( )` splits groups by
value, nil being one; `coalesce( )` makes one group of all. A side of `&&` that has groups of its own loses them.

A bracketed pipeline among scalars counts over what it keeps of the group at hand, all in one. If it keeps nothing it
is nil, and no filter holds: `({a} | count()) = 0` is never true, as `{a} | count() = 0` is not.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from chalicelib.model.errors import QueryError
from chalicelib.search.evaluation.aggregates import aggregate
from chalicelib.search.evaluation.arithmetic import calculation
from chalicelib.search.evaluation.comparison import comparison
from chalicelib.search.evaluation.expressions import compile_reader, compile_test
from chalicelib.search.evaluation.labels import aggregate_label, group_label
from chalicelib.search.evaluation.structure import RELATIONS, related
from chalicelib.search.evaluation.subjects import TraceFacts
from chalicelib.search.evaluation.values import static_of, value_of
from chalicelib.search.syntax import (
    Aggregate,
    AggregateFunction,
    Coalesce,
    GroupBy,
    Pipeline,
    ScalarExpression,
    ScalarFilter,
    ScalarOperation,
    Select,
    SpansetFilter,
    SpansetOperation,
    SpansetOperator,
    Stage,
    Static,
)


class Group(NamedTuple):
    """Spans by position, ascending and never none, and what stages said of them."""

    positions: Sequence[int]
    attributes: tuple[tuple[str, Static], ...] = ()


Run = Callable[[TraceFacts, Sequence[Group]], list[Group]]
Scalar = Callable[[TraceFacts, Group], Any]


def compile_pipeline(pipeline: Pipeline) -> Callable[[TraceFacts], list[Group]]:
    """What the pipeline makes of a trace; [] if it does not match. Raises QueryError when an operator does."""
    run = _compile_stages(pipeline.stages)
    return lambda facts: run(facts, [Group(range(len(facts.spans)))])


def spans_of(groups: Sequence[Group]) -> Sequence[int]:
    """The positions in any of the groups, each once, ascending."""
    if len(groups) == 1:
        return groups[0].positions
    return sorted(set(chain.from_iterable(group.positions for group in groups)))


def _compile_stages(stages: Sequence[Stage]) -> Run:
    runs = [_compile_stage(stage) for stage in stages if not isinstance(stage, Select)]

    def run_stages(facts: TraceFacts, groups: Sequence[Group]) -> list[Group]:
        for run in runs:
            groups = run(facts, groups)
        return list(groups)

    return run_stages


def _compile_stage(stage: Stage) -> Run:
    match stage:
        case SpansetFilter():
            return _compile_filter(stage)
        case SpansetOperation(operator=operator):
            return _compile_structural(stage) if operator in RELATIONS else _compile_combination(stage)
        case ScalarFilter():
            return _compile_scalar_filter(stage)
        case GroupBy():
            return _compile_group_by(stage)
        case Coalesce():
            return _coalesce
        case Pipeline(stages=stages):
            return _compile_stages(stages)
    raise QueryError(f"{type(stage).__name__} cannot stand here in a pipeline")


def _compile_filter(stage: SpansetFilter) -> Run:
    if stage.expression is None:
        return lambda _, groups: list(groups)
    test = compile_test(stage.expression)

    def keep_spans(facts: TraceFacts, groups: Sequence[Group]) -> list[Group]:
        subjects = facts.subjects
        kept = [group._replace(positions=[p for p in group.positions if test(subjects[p])]) for group in groups]
        return [group for group in kept if group.positions]

    return keep_spans


def _compile_combination(stage: SpansetOperation) -> Run:
    """`&&` and `||`: spans of every side, where all sides have some, or any."""
    sides = [_compile_stage(side) for side in _sides(stage)]
    is_enough = all if stage.operator is SpansetOperator.AND else any

    def combine(facts: TraceFacts, group: Group) -> Sequence[int]:
        found = [side(facts, [group]) for side in sides]
        return spans_of(list(chain.from_iterable(found))) if is_enough(found) else ()

    return _each_group(combine)


def _compile_structural(stage: SpansetOperation) -> Run:
    left, right, operator = _compile_stage(stage.left), _compile_stage(stage.right), stage.operator

    def relate(facts: TraceFacts, group: Group) -> Sequence[int]:
        return related(operator, facts, spans_of(left(facts, [group])), spans_of(right(facts, [group])))

    return _each_group(relate)


def _each_group(select: Callable[[TraceFacts, Group], Sequence[int]]) -> Run:
    def select_spans(facts: TraceFacts, groups: Sequence[Group]) -> list[Group]:
        kept = [group._replace(positions=select(facts, group)) for group in groups]
        return [group for group in kept if group.positions]

    return select_spans


def _sides(stage: SpansetOperation) -> list[Stage]:
    """`a && b && c` as three sides. The parser makes a chain as deep as it is long; here it must not be."""
    sides: list[Stage] = []
    rest: Stage = stage
    while isinstance(rest, SpansetOperation) and rest.operator is stage.operator:
        sides.append(rest.right)
        rest = rest.left
    return [rest, *reversed(sides)]


def _compile_group_by(stage: GroupBy) -> Run:
    read, name = compile_reader(stage.expression), group_label(stage.expression)

    def split(facts: TraceFacts, groups: Sequence[Group]) -> list[Group]:
        parts = []
        for group in groups:
            by_value: dict[Static, list[int]] = {}
            for position in group.positions:
                by_value.setdefault(static_of(read(facts.subjects[position])), []).append(position)
            parts += [Group(positions, _with(group, name, value)) for value, positions in by_value.items()]
        return parts

    return split


def _coalesce(_: TraceFacts, groups: Sequence[Group]) -> list[Group]:
    return [Group(spans_of(groups))] if groups else []


def _with(group: Group, name: str, value: Static) -> tuple[tuple[str, Static], ...]:
    return tuple((dict(group.attributes) | {name: value}).items())


def _compile_scalar_filter(stage: ScalarFilter) -> Run:
    holds = comparison(stage.operator)
    left, right = _compile_scalar(stage.left), _compile_scalar(stage.right)
    shown = [(aggregate_label(each), _compile_scalar(each)) for each in _aggregates(stage)]

    def keep_groups(facts: TraceFacts, groups: Sequence[Group]) -> list[Group]:
        kept = []
        for group in groups:
            if holds(left(facts, group), right(facts, group)):
                attributes = group.attributes
                for name, scalar in shown:
                    attributes = _with(Group(group.positions, attributes), name, static_of(scalar(facts, group)))
                kept.append(Group(group.positions, attributes))
        return kept

    return keep_groups


def _aggregates(stage: ScalarFilter) -> list[Aggregate]:
    """The aggregates over the group itself, from left to right."""
    found: list[Aggregate] = []
    pending: list[ScalarExpression] = [stage.right, stage.left]
    while pending:
        match pending.pop():
            case Aggregate() as each:
                found.append(each)
            case ScalarOperation(left=left, right=right):
                pending += (right, left)
    return found


def _compile_scalar(scalar: ScalarExpression) -> Scalar:
    match scalar:
        case Static():
            value = value_of(scalar)
            return lambda _facts, _group: value
        case Aggregate(function=AggregateFunction.COUNT):
            return lambda _, group: len(group.positions)
        case Aggregate():
            return _compile_aggregate(scalar)
        case ScalarOperation(operator=operator, left=left, right=right):
            calculate = calculation(operator)
            of_left, of_right = _compile_scalar(left), _compile_scalar(right)
            return lambda facts, group: calculate(of_left(facts, group), of_right(facts, group))
        case Pipeline():
            return _compile_inner_pipeline(scalar)


def _compile_aggregate(stage: Aggregate) -> Scalar:
    if stage.expression is None:
        raise QueryError(f"{stage.function.value}() needs an expression")
    read, function = compile_reader(stage.expression), stage.function
    return lambda facts, group: aggregate(function, [read(facts.subjects[p]) for p in group.positions])


def _compile_inner_pipeline(pipeline: Pipeline) -> Scalar:
    *stages, last = pipeline.stages
    if not isinstance(last, Aggregate):
        raise QueryError("a pipeline among numbers has to end in an aggregate")
    run, fold = _compile_stages(stages), _compile_scalar(last)

    def fold_kept(facts: TraceFacts, group: Group) -> Any:
        kept = run(facts, [group])
        return fold(facts, Group(spans_of(kept))) if kept else None

    return fold_kept
