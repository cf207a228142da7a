"""Conditions put together, as simple as they come: nothing nested that could be flat, nothing said twice."""

from collections.abc import Iterable

from chalicelib.search.conditions import (
    EVERY_TRACE,
    NO_TRACE,
    AllOf,
    AnyOf,
    Anything,
    Both,
    Compare,
    Either,
    SpanCondition,
    SpanMatch,
    TraceCondition,
    TraceMatch,
)
from chalicelib.search.syntax import Intrinsic

ANYTHING = Anything()
NOTHING = AnyOf(())
TRACE_FIELDS = frozenset(
    {Intrinsic.TRACE_DURATION, Intrinsic.TRACE_ROOT_NAME, Intrinsic.TRACE_ROOT_SERVICE, Intrinsic.TRACE_ID}
)


def all_of(parts: Iterable[SpanCondition]) -> SpanCondition:
    """ANYTHING when there are no parts that say something; NOTHING when one of them can never be."""
    flat = dict.fromkeys(
        inner for part in parts for inner in (part.parts if isinstance(part, AllOf) else (part,)) if inner != ANYTHING
    )
    if NOTHING in flat:
        return NOTHING
    return next(iter(flat)) if len(flat) == 1 else AllOf(tuple(flat)) if flat else ANYTHING


def any_of(parts: Iterable[SpanCondition]) -> SpanCondition:
    """NOTHING when there are no parts that can be; ANYTHING when one of them always may."""
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, AnyOf) else (part,)))
    if ANYTHING in flat:
        return ANYTHING
    return next(iter(flat)) if len(flat) == 1 else AnyOf(tuple(flat))


def both(parts: Iterable[TraceCondition]) -> TraceCondition:
    """EVERY_TRACE when no part says something; NO_TRACE when one of them holds for none."""
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, Both) else (part,)))
    if NO_TRACE in flat:
        return NO_TRACE
    return next(iter(flat)) if len(flat) == 1 else Both(tuple(flat))


def either(parts: Iterable[TraceCondition]) -> TraceCondition:
    """NO_TRACE when no part holds for any; EVERY_TRACE when one of them holds for every trace."""
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, Either) else (part,)))
    if EVERY_TRACE in flat:
        return EVERY_TRACE
    return next(iter(flat)) if len(flat) == 1 else Either(tuple(flat))


def of_trace(condition: SpanCondition) -> TraceCondition:
    """Some span of the trace satisfies `condition`, where what is said of TRACE_FIELDS is said of the trace itself.

    What is said of a span stays together, apart from what stands beside a field of the trace in an alternative.
    """
    if condition == ANYTHING:
        return EVERY_TRACE
    if condition == NOTHING:
        return NO_TRACE
    match condition:
        case Compare(field=field) if field in TRACE_FIELDS:
            return TraceMatch(condition)
        case AllOf() | AnyOf() if _is_about_trace(condition):
            of_spans = [part for part in condition.parts if not _is_about_trace(part)]
            lifted = [of_trace(part) for part in condition.parts if _is_about_trace(part)]
            if isinstance(condition, AllOf):
                return both([of_trace(all_of(of_spans)), *lifted])
            return either([of_trace(any_of(of_spans)), *lifted])
    return SpanMatch(condition)


def _is_about_trace(condition: SpanCondition) -> bool:
    if isinstance(condition, AllOf | AnyOf):
        return any(_is_about_trace(part) for part in condition.parts)
    return isinstance(condition, Compare) and condition.field in TRACE_FIELDS
