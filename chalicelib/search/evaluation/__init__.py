"""TraceQL over one trace, exactly: which of its spans a search asks for, and what to show of them.

A query is compiled once into functions, since a search looks at thousands of traces. Meaning follows Tempo's TraceQL
(documentation of Tempo 3); where that leaves something open, the module concerned says what holds here: comparison.py
and arithmetic.py for types and nil, expressions.py for events and links, tree.py for damaged traces, structure.py
and pipelines.py for spans in groups. Nothing here plans: every answer is decided by the spans themselves.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from chalicelib.model.attributes import Value
from chalicelib.model.errors import QueryError
from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.evaluation import fields
from chalicelib.search.evaluation.labels import field_label, short_label
from chalicelib.search.evaluation.mentions import mentioned_fields
from chalicelib.search.evaluation.pipelines import Group, compile_pipeline
from chalicelib.search.evaluation.subjects import Reader, Subject, TraceFacts
from chalicelib.search.evaluation.values import plain
from chalicelib.search.syntax import Attribute, Intrinsic, Pipeline, Query, Static

_ALWAYS_SHOWN = (Intrinsic.SPAN_NAME, Intrinsic.SPAN_DURATION, Intrinsic.SPAN_ID, Intrinsic.TRACE_ID)


class MatchedSpan(msgspec.Struct, frozen=True):
    """A span that was asked for, and those fields that the query mentions and the span has, in order of mention.

    Fields go by the attribute's key, with its scope only where two would share a name. A field of events or links
    that has several values here is a list of them. Name, duration and ids are not repeated: every span has them.
    """

    span: Span
    fields: tuple[tuple[str, Value], ...] = ()


class Spanset(msgspec.Struct, frozen=True):
    """Matched spans, at least one, in the trace's order; and what `by( )` and aggregates said of them."""

    spans: tuple[MatchedSpan, ...]
    attributes: tuple[tuple[str, Static], ...] = ()


Search = Callable[[StoredTrace], list[Spanset]]


def evaluate(query: Query, trace: StoredTrace) -> list[Spanset]:
    """The spansets that the trace has for the query: usually one, several after by(), [] if it does not match.

    Raises QueryError for metrics queries, and for what only shows on values: integers divided by zero, an array
    compared with an array. For more than one trace use `compile_search`.
    """
    return compile_search(query)(trace)


def compile_search(query: Query) -> Search:
    """`evaluate` for one query and many traces."""
    if not isinstance(query.root, Pipeline):
        raise QueryError("this is a metrics query, and a search was expected")
    run = compile_pipeline(query.root)
    readers = _shown_readers(mentioned_fields(query.root))

    def search(trace: StoredTrace) -> list[Spanset]:
        facts = TraceFacts(trace)
        return [_spanset(group, facts, readers) for group in run(facts)]

    return search


def compile_match(query: Query) -> Callable[[StoredTrace], bool]:
    """Whether a trace matches, without saying how: for sampling policies, and for counting."""
    if not isinstance(query.root, Pipeline):
        raise QueryError("this is a metrics query, and a search was expected")
    run = compile_pipeline(query.root)
    return lambda trace: bool(run(TraceFacts(trace)))


def _spanset(group: Group, facts: TraceFacts, readers: Sequence[tuple[str, Reader]]) -> Spanset:
    subjects = facts.subjects
    spans = tuple(_matched(subjects[position], readers) for position in group.positions)
    return Spanset(spans, group.attributes)


def _matched(subject: Subject, readers: Sequence[tuple[str, Reader]]) -> MatchedSpan:
    shown = tuple((name, plain(value)) for name, read in readers if (value := read(subject)) is not None)
    return MatchedSpan(subject.span, shown)


def _shown_readers(mentioned: Sequence[Attribute | Intrinsic]) -> list[tuple[str, Reader]]:
    readers: dict[str, Reader] = {}
    for field in mentioned:
        if field in _ALWAYS_SHOWN:
            continue
        name = short_label(field)
        readers[field_label(field) if name in readers else name] = _shown_reader(field)
    return list(readers.items())


def _shown_reader(field: Attribute | Intrinsic) -> Reader:
    read = fields.reader(field)
    if fields.is_about_events(field):
        return lambda subject: _distinct(read(each) for each in subject.with_events())
    if fields.is_about_links(field):
        return lambda subject: _distinct(read(each) for each in subject.with_links())
    return read


def _distinct(values: Iterable[Any]) -> Any:
    """None, the one value that there is, or a list of them in order."""
    found: list[Any] = []
    for value in values:
        if value is not None and value not in found:
            found.append(plain(value))
    return found[0] if len(found) == 1 else found or None
