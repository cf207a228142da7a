"""Who is whose parent in one trace, by positions in its spans. Nothing recurses: chains may be 100,000 deep.

Where several spans carry the id that a child names, the first by start and id is its parent. A span that names no
parent, or itself, is a root; one whose parent is not here is an orphan; and of spans that name each other in a
circle the first is taken for a root. NO_PARENT stands for all three.
"""

from collections import defaultdict
from collections.abc import Sequence

from chalicelib.model.span import Span

NO_PARENT = -1
ROOT_PARENT = -1  # nestedSetParent of a root


def names_parent(span: Span) -> bool:
    """Whether the span says that it has a parent. An id of zeros says that it has none, as does its own."""
    return span.parent_id is not None and span.parent_id != span.span_id and bool(span.parent_id.strip("0"))


def find_root(spans: Sequence[Span]) -> Span | None:
    """The earliest span that names no parent; failing that, the earliest orphan. None if all stand in circles."""
    ids = {span.span_id for span in spans}
    roots = (span for span in spans if not names_parent(span))
    orphans = (span for span in spans if span.parent_id not in ids)
    return next(roots, None) or next(orphans, None)


def parent_positions(spans: Sequence[Span]) -> list[int]:
    """For each span the position of its parent, or NO_PARENT. Free of circles."""
    first: dict[str, int] = {}
    for position, span in enumerate(spans):
        first.setdefault(span.span_id, position)
    parents = [first.get(span.parent_id, NO_PARENT) if span.parent_id else NO_PARENT for span in spans]
    for position, span in enumerate(spans):
        if not names_parent(span):
            parents[position] = NO_PARENT
    for position in _firsts_of_circles(parents):
        parents[position] = NO_PARENT
    return parents


def _firsts_of_circles(parents: Sequence[int]) -> list[int]:
    """The lowest position of each circle. Every span is walked over once."""
    walk_of = [NO_PARENT] * len(parents)
    firsts = []
    for origin in range(len(parents)):
        position = origin
        while position != NO_PARENT and walk_of[position] == NO_PARENT:
            walk_of[position] = origin
            position = parents[position]
        if position != NO_PARENT and walk_of[position] == origin:  # this walk came upon its own trail
            firsts.append(_lowest_of_circle(parents, position))
    return firsts


def _lowest_of_circle(parents: Sequence[int], member: int) -> int:
    lowest = position = member
    while (position := parents[position]) != member:
        lowest = min(lowest, position)
    return lowest


def children_positions(parents: Sequence[int]) -> dict[int, list[int]]:
    """The children of each span that has any, first to last; under NO_PARENT those without a parent."""
    children: dict[int, list[int]] = defaultdict(list)
    for position, parent in enumerate(parents):
        children[parent].append(position)
    return children


def parents_first(children: dict[int, list[int]]) -> list[int]:
    """Every position, a parent always before its children."""
    order = list(children.get(NO_PARENT, ()))
    for position in order:  # grows while we walk it
        order.extend(children.get(position, ()))
    return order


def families(spans: Sequence[Span], parents: Sequence[int]) -> list[int | str | None]:
    """What siblings have in common: the position of their parent, or the id of one that is not here.

    None for roots: they have no siblings.
    """
    return [
        parent if parent != NO_PARENT else span.parent_id if names_parent(span) else None
        for span, parent in zip(spans, parents, strict=True)
    ]


def nested_sets(spans: Sequence[Span], children: dict[int, list[int]]) -> list[tuple[int, int, int]]:
    """For each span the left and right of the nested-set model, counted from 1, and the left of its parent.

    The parent of a root is ROOT_PARENT. Orphans and what is below them are (0, 0, 0): they hang in the air.
    """
    ids = {span.span_id for span in spans}
    sets = [(0, 0, 0)] * len(spans)
    roots = [p for p in children.get(NO_PARENT, ()) if not names_parent(spans[p]) or spans[p].parent_id in ids]
    count = 0
    stack = [(position, ROOT_PARENT) for position in reversed(roots)]
    while stack:
        position, parent_left = stack.pop()
        count += 1
        if position < 0:  # all below ~position has been numbered
            left, _, above = sets[~position]
            sets[~position] = (left, count, above)
            continue
        sets[position] = (count, 0, parent_left)
        stack.append((~position, 0))
        stack.extend((child, count) for child in reversed(children.get(position, ())))
    return sets
