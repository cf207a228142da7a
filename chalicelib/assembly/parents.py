"""Who was called by whom: parent ids become positions, whatever is wrong with them.

Several spans may carry the id that a child names (a shared Zipkin id, a collision, a 64-bit and a 128-bit side of
one trace). The child then belongs to the one of its own trace id, then of its own process, then of its own service,
then the server side (Jaeger and Zipkin both put the children of a shared id under the server), then the first.
A server that shares its client's id is that client's child, whatever parent it names: Zipkin's servers repeat the
client's parent.

A parent that is not here makes an orphan. That is a normal sight (front ends mint spans that they never send,
sampling differs, a block is late), so orphans stand at the top level beside the roots and nothing is dropped.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from chalicelib.assembly.draft import NO_PARENT, Draft, add_warning
from chalicelib.assembly.vocabulary import OWN_PARENT, PARENT_CYCLE, PARENT_MISSING
from chalicelib.model.span import Kind, Span

_Closeness = tuple[str, ...] | tuple[str, str, int]  # an id, and how near: trace id, then service or process number


def link_parents(draft: Draft) -> Draft:
    """`draft` with parents and orphans, free of cycles. Needs canonical order, processes and times."""
    find_parent = _ParentFinder(draft).find
    parents = [NO_PARENT] * len(draft.spans)
    orphans: list[int] = []
    own: list[int] = []
    for i, span in enumerate(draft.spans):
        parent = find_parent(i)
        if parent is not None:
            parents[i] = parent
        elif _names_parent(span):
            (own if span.parent_id == span.span_id else orphans).append(i)
    opened = _earliest_of_cycles(parents, draft.starts)
    for i in opened:
        parents[i] = NO_PARENT
    warnings = draft.warnings
    for code, positions in ((PARENT_MISSING, orphans), (OWN_PARENT, own), (PARENT_CYCLE, opened)):
        warnings = add_warning(warnings, code, positions)
    return msgspec.structs.replace(draft, parents=parents, orphans=frozenset(orphans), warnings=warnings)


def _names_parent(span: Span) -> bool:
    return span.parent_id is not None and bool(span.parent_id.strip("0"))  # all zero means none


class _ParentFinder:
    """Who a span means by its parent id. Ids that one span has alone take one look-up; the others are ranked."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._alone = {span.span_id: i for i, span in enumerate(draft.spans)}
        self._contested = {a.span_id for a, b in pairwise(draft.spans) if a.span_id == b.span_id}
        rivals = [i for i, span in enumerate(draft.spans) if span.span_id in self._contested]
        rivals.sort(key=lambda i: draft.spans[i].kind != Kind.SERVER)
        self._ranked = self._rank(rivals)
        self._clients = self._rank([i for i in rivals if draft.spans[i].kind == Kind.CLIENT])

    def find(self, i: int) -> int | None:
        """The position of the parent of the span at `i`; None if it names none, itself, or one that is not here."""
        span = self._draft.spans[i]
        if span.kind == Kind.SERVER and span.span_id in self._contested:
            client = self._closest(self._clients, i, span.span_id)
            if client is not None:
                return client
        if span.parent_id is None or span.parent_id == span.span_id or not _names_parent(span):
            return None
        if span.parent_id in self._contested:
            return self._closest(self._ranked, i, span.parent_id)
        return self._alone.get(span.parent_id)

    def _rank(self, positions: Iterable[int]) -> dict[_Closeness, int]:
        """For each closeness the first of `positions` that has it."""
        first: dict[_Closeness, int] = {}
        for i in positions:
            for closeness in self._closenesses(i, self._draft.spans[i].span_id):
                first.setdefault(closeness, i)
        return first

    def _closest(self, ranked: dict[_Closeness, int], i: int, span_id: str) -> int | None:
        return next((ranked[near] for near in self._closenesses(i, span_id) if near in ranked), None)

    def _closenesses(self, i: int, span_id: str) -> tuple[_Closeness, ...]:
        """Ways in which a span of that id may be near to the one at `i`, nearest first."""
        trace_id = self._draft.spans[i].trace_id
        process = self._draft.processes[i]
        service = self._draft.services[process]
        return (span_id, trace_id, process), (span_id, trace_id, service), (span_id, trace_id), (span_id,)


def _earliest_of_cycles(parents: Sequence[int], starts: Sequence[int]) -> list[int]:
    """For each cycle of `parents`, its earliest member (by start, then position). Every position is walked once."""
    walked_from = [NO_PARENT] * len(parents)  # which walk came by; a walk that meets its own trail has found a cycle
    earliest = []
    for origin in range(len(parents)):
        position = origin
        while position != NO_PARENT and walked_from[position] == NO_PARENT:
            walked_from[position] = origin
            position = parents[position]
        if position != NO_PARENT and walked_from[position] == origin:
            earliest.append(min(_cycle(parents, position), key=lambda i: (starts[i], i)))
    return earliest


def _cycle(parents: Sequence[int], member: int) -> list[int]:
    positions = [member]
    while (following := parents[positions[-1]]) != member:
        positions.append(following)
    return positions
