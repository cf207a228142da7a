"""The part of one trace that a query asks for, as spans: what matched, and as much around it as is wanted."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import NoSuchTrace
from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.query.blocks import read_stored_trace
from chalicelib.query.questions import Question, search_question
from chalicelib.search.evaluation.tree import NO_PARENT, children_positions, parent_positions
from chalicelib.services import Services


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """Spans that match `query`, `levels_above` of their ancestors (None: up to the root), `levels_below` of theirs."""

    query: str
    levels_above: int | None = 0
    levels_below: int = 0


def read_excerpt(
    services: Services, tenant: str, trace_id: str, excerpt: Excerpt, deadline: Deadline
) -> Sequence[Span]:
    """The spans of `excerpt`, in the trace's order; none where nothing matches.

    Raises QueryError for a query that cannot be asked, NoSuchTrace, AnswerTooLarge and StoreError.
    """
    question = search_question(excerpt.query)
    trace = read_stored_trace(services, tenant, trace_id, deadline)
    if trace is None:
        raise NoSuchTrace(trace_id)
    return spans_of(excerpt, question, trace)


def spans_of(excerpt: Excerpt, question: Question, trace: StoredTrace) -> Sequence[Span]:
    """The spans of `excerpt` in one trace."""
    matched = {id(each.span) for spanset in question.evaluate(trace) for each in spanset.spans}
    positions = [position for position, span in enumerate(trace.spans) if id(span) in matched]
    if not positions:
        return ()
    parents = parent_positions(trace.spans)
    children = children_positions(parents)
    kept = set(positions)
    kept |= _above(positions, parents, excerpt.levels_above)
    kept |= _below(positions, children, excerpt.levels_below)
    return [trace.spans[position] for position in sorted(kept)]


def _above(positions: Iterable[int], parents: Sequence[int], levels: int | None) -> set[int]:
    """Ancestors, level by level: what was met at a level nearer to a match need not be climbed from again."""
    found: set[int] = set()
    level = set(positions)
    left = len(parents) if levels is None else levels
    while level and left:
        level = {parents[position] for position in level} - found - {NO_PARENT}
        found |= level
        left -= 1
    return found


def _below(positions: Iterable[int], children: Mapping[int, Sequence[int]], levels: int) -> set[int]:
    found: set[int] = set()
    level = set(positions)
    while level and levels:
        level = {child for position in level for child in children.get(position, ())} - found
        found |= level
        levels -= 1
    return found
