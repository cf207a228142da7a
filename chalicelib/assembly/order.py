"""The order in which a trace is read: parents before children, siblings as they began.

Roots come first, by corrected start, so that the first span is the trace's root whenever it has one; orphans follow.
Spans that began together keep the order of their ids. From this step on positions are places in that order, which
makes the others simple loops: forwards a parent comes before its children and siblings come as they began, backwards
children come before their parent.
"""

from collections.abc import Container, Sequence

import msgspec

from chalicelib.assembly.draft import NO_PARENT, Draft


def order_spans(draft: Draft) -> Draft:
    """`draft` with every column in pre-order, and depths. Needs corrected times; canonical order breaks ties."""
    order = pre_order(draft.parents, draft.starts, draft.orphans)
    place = [0] * len(order)
    for new, old in enumerate(order):
        place[old] = new
    parents = [NO_PARENT if (old := draft.parents[i]) == NO_PARENT else place[old] for i in order]
    return msgspec.structs.replace(
        draft,
        spans=[draft.spans[i] for i in order],
        warnings={place[i]: codes for i, codes in draft.warnings.items()},
        processes=[draft.processes[i] for i in order],
        starts=[draft.starts[i] for i in order],
        ends=[draft.ends[i] for i in order],
        shifts=[draft.shifts[i] for i in order],
        parents=parents,
        orphans=frozenset(place[i] for i in draft.orphans),
        depths=_depths(parents),
    )


def pre_order(parents: Sequence[int], starts: Sequence[int], orphans: Container[int]) -> list[int]:
    """Positions in reading order, siblings by `starts` and then by position. `parents` has no cycles."""
    by_start = sorted(range(len(parents)), key=starts.__getitem__)
    first_child = [NO_PARENT] * len(parents)
    next_sibling = [NO_PARENT] * len(parents)
    for i in reversed(by_start):
        if (parent := parents[i]) != NO_PARENT:
            next_sibling[i] = first_child[parent]
            first_child[parent] = i
    tops = [i for i in by_start if parents[i] == NO_PARENT]
    waiting = sorted(tops, key=orphans.__contains__)[::-1]
    order = []
    while waiting:
        i = waiting.pop()
        order.append(i)
        waiting.extend(j for j in (next_sibling[i], first_child[i]) if j != NO_PARENT)
    return order


def _depths(parents: Sequence[int]) -> list[int]:
    depths: list[int] = []
    for parent in parents:
        depths.append(0 if parent == NO_PARENT else depths[parent] + 1)
    return depths
