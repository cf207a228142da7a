"""Structural operators: which spans of the right side stand so to some span of the left. Linear in the trace.

`a > b` asks for spans of b whose parent is in a, `a < b` for those that have a child in a, `>>` and `<<` for the same
over any distance, `~` for those with another child of the same parent in a. With `!` it is the spans of b for which
that is not so, every one of them where a is empty. With `&` it is those of b for which it is so, and those of a that
make it so.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec

from chalicelib.search.evaluation.subjects import TraceFacts
from chalicelib.search.evaluation.tree import NO_PARENT
from chalicelib.search.syntax import SpansetOperator

Keep = Callable[[TraceFacts, Collection[int], Sequence[int]], list[int]]


class Relation(msgspec.Struct, frozen=True):
    """`keep(facts, others, candidates)` gives the candidates that stand so to one of the others, in order."""

    keep: Keep
    inverse: Keep
    is_negated: bool = False
    is_union: bool = False


def related(operator: SpansetOperator, facts: TraceFacts, left: Sequence[int], right: Sequence[int]) -> list[int]:
    """The positions that `left operator right` selects, ascending."""
    relation = RELATIONS[operator]
    found = relation.keep(facts, frozenset(left), right)
    if relation.is_negated:
        among = set(found)
        return [position for position in right if position not in among]
    if relation.is_union:
        return sorted({*found, *relation.inverse(facts, frozenset(right), left)})
    return found


def _children(facts: TraceFacts, others: Collection[int], candidates: Sequence[int]) -> list[int]:
    parents = facts.parents
    return [position for position in candidates if parents[position] in others]


def _parents(facts: TraceFacts, others: Collection[int], candidates: Sequence[int]) -> list[int]:
    parents = {facts.parents[position] for position in others}
    return [position for position in candidates if position in parents]


def _descendants(facts: TraceFacts, others: Collection[int], candidates: Sequence[int]) -> list[int]:
    parents = facts.parents
    below = bytearray(len(parents))
    for position in facts.parents_first:
        parent = parents[position]
        below[position] = parent != NO_PARENT and (below[parent] or parent in others)
    return [position for position in candidates if below[position]]


def _ancestors(facts: TraceFacts, others: Collection[int], candidates: Sequence[int]) -> list[int]:
    parents = facts.parents
    above = bytearray(len(parents))
    for position in reversed(facts.parents_first):
        parent = parents[position]
        if parent != NO_PARENT and (above[position] or position in others):
            above[parent] = True
    return [position for position in candidates if above[position]]


def _siblings(facts: TraceFacts, others: Collection[int], candidates: Sequence[int]) -> list[int]:
    families = facts.families
    members = Counter(families[position] for position in others)
    del members[None]
    return [position for position in candidates if members[families[position]] > (position in others)]


_PLAIN = {
    SpansetOperator.CHILD: Relation(_children, _parents),
    SpansetOperator.PARENT: Relation(_parents, _children),
    SpansetOperator.DESCENDANT: Relation(_descendants, _ancestors),
    SpansetOperator.ANCESTOR: Relation(_ancestors, _descendants),
    SpansetOperator.SIBLING: Relation(_siblings, _siblings),
}
RELATIONS = {
    **_PLAIN,
    **{SpansetOperator(f"!{op.value}"): Relation(r.keep, r.inverse, is_negated=True) for op, r in _PLAIN.items()},
    **{SpansetOperator(f"&{op.value}"): Relation(r.keep, r.inverse, is_union=True) for op, r in _PLAIN.items()},
}
