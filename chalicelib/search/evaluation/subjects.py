"""What a test or a reader is given: a span where it stands in its trace. Facts about the trace are found on demand."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from chalicelib.model.span import Event, Link, Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.evaluation import tree

_NO_EVENT = Event()
_NO_LINK = Link()


class TraceFacts:
    """One trace while a query looks at it: what follows from all of its spans, each thing found out once at most."""

    def __init__(self, trace: StoredTrace) -> None:
        self.trace = trace
        self.spans: Sequence[Span] = trace.spans

    @cached_property
    def subjects(self) -> "list[Subject]":
        """One per span, by position."""
        return [Subject(span, position, self) for position, span in enumerate(self.spans)]

    @cached_property
    def root(self) -> Span | None:
        """The span that names the trace; see tree.find_root."""
        return tree.find_root(self.spans)

    @cached_property
    def duration_ns(self) -> int:
        """From the first start to the last end."""
        extent = self.trace.extent()
        return extent.end_ns - extent.start_ns

    @cached_property
    def parents(self) -> list[int]:
        """The position of each span's parent, or tree.NO_PARENT."""
        return tree.parent_positions(self.spans)

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """The positions of each span's children; spans without any are missing."""
        return tree.children_positions(self.parents)

    @cached_property
    def parents_first(self) -> list[int]:
        """Every position, a parent always before its children."""
        return tree.parents_first(self.children)

    @cached_property
    def families(self) -> list[int | str | None]:
        """What each span shares with its siblings; None for roots."""
        return tree.families(self.spans, self.parents)

    @cached_property
    def nested_sets(self) -> list[tuple[int, int, int]]:
        """(left, right, left of the parent) of each span."""
        return tree.nested_sets(self.spans, self.children)


class Subject(msgspec.Struct, frozen=True, gc=False):
    """A span, its position in the trace, and for what is about events or links, one of each."""

    span: Span
    position: int
    facts: TraceFacts
    event: Event = _NO_EVENT
    link: Link = _NO_LINK

    def with_events(self) -> "list[Subject]":
        """The same with each event of the span in turn."""
        return [Subject(self.span, self.position, self.facts, event, self.link) for event in self.span.events]

    def with_links(self) -> "list[Subject]":
        """The same with each link of the span in turn."""
        return [Subject(self.span, self.position, self.facts, self.event, link) for link in self.span.links]


Reader = Callable[[Subject], Any]
SubjectTest = Callable[[Subject], bool]
