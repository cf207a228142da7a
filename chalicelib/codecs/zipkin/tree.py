"""Parents of the spans of one merged Zipkin trace (zipkin2.internal.SpanNode).

A server that shares its client's id is the client's child. What is below it names that id as its parent too, and
belongs to the side of its own service. Spans without a known parent hang below the root; a trace that has none, or
several, gets a root of its own that no span is. Spans that are each other's ancestors are parted above the last.

A span is known by its number in the list, so that a tree is a list of numbers: traces may be large, and deep.
"""

from collections.abc import Sequence
from itertools import count
from operator import lt

from chalicelib.codecs.zipkin.calls import CallSpan

NOBODY = -1


def parents_of(spans: Sequence[CallSpan]) -> list[int]:
    """For each span the number of its parent, NOBODY for the root, or for the topmost where no span is the root.

    Spans whose ids differ may be in any order; those of one id are in merge.merged's.
    """
    numbers = {span.id: number for number, span in enumerate(spans)}
    if len(numbers) == len(spans):
        parents = [numbers.get(span.parent_id, NOBODY) for span in spans]  # type: ignore[arg-type]  # None is no id
    else:
        parents = _parents_among_sides(spans)
    if not all(map(lt, parents, count())):  # the order of starts is that of parents, as a rule
        _cut_circles(spans, parents)
    if parents.count(NOBODY) > 1:
        _crown(spans, parents)
    return parents


def _crown(spans: Sequence[CallSpan], parents: list[int]) -> None:
    """Hang all that are topmost below the first that names no parent, if there is one."""
    tops = [number for number, parent in enumerate(parents) if parent == NOBODY]
    root = min(
        (number for number in tops if spans[number].parent_id is None), key=lambda each: spans[each].id, default=NOBODY
    )
    for number in tops:
        parents[number] = root if number != root else NOBODY


def _parents_among_sides(spans: Sequence[CallSpan]) -> list[int]:
    """Of spans some of which have one id."""
    own: dict[str, int] = {}
    shared: dict[str, dict[str | None, int]] = {}
    for number, span in enumerate(spans):
        if span.shared:
            shared.setdefault(span.id, {}).setdefault(span.service, number)
        else:
            own.setdefault(span.id, number)
    return [_parent(span, own, shared) for span in spans]


def _parent(span: CallSpan, own: dict[str, int], shared: dict[str, dict[str | None, int]]) -> int:
    if span.shared and span.id in own:
        return own[span.id]
    if span.parent_id is None:
        return NOBODY
    sides = shared.get(span.parent_id, {})
    if span.service in sides and span.service is not None:
        return sides[span.service]
    return own.get(span.parent_id, next(iter(sides.values()), NOBODY))


def _cut_circles(spans: Sequence[CallSpan], parents: list[int]) -> None:
    """Take away the parent of the last span of each circle."""
    walks = [0] * len(parents)  # 0: not come by yet; else in which walk upwards
    for start in range(len(parents)):
        at = start
        while at != NOBODY and not walks[at]:
            walks[at] = start + 1
            at = parents[at]
        if at != NOBODY and walks[at] == start + 1:
            parents[max(_circle(at, parents), key=lambda number: (spans[number].id, number))] = NOBODY


def _circle(start: int, parents: Sequence[int]) -> list[int]:
    numbers, at = [start], parents[start]
    while at != start:
        numbers.append(at)
        at = parents[at]
    return numbers
