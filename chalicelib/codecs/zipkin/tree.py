"""Parents of the spans of one merged Zipkin trace (zipkin2.internal.SpanNode).

A server that shares its client's id is the client's child. What is below it names that id as its parent too, and
belongs to the server if that is on its own endpoint. Spans without a known parent hang below the root, the first that
names no parent; a trace without such a span gets a root that no span is. Spans that are each other's ancestors, which
Zipkin forgets, are parted above the last.

A span is known by its number in the list, so that a tree is a list of numbers: traces may be large, and deep.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from operator import attrgetter, lt

from chalicelib.codecs.zipkin.calls import Address, CallSpan

NOBODY = -1

_Place = tuple[str | None, str | None, Address]  # id, service and address
_IS_SHARED = attrgetter("shared")


def parents_of(spans: Sequence[CallSpan]) -> list[int]:
    """For each span the number of its parent, NOBODY for the root, or for the topmost where no span is the root.

    Spans whose ids differ may be in any order; those of one id are in merge.merged's.
    """
    numbers = {span.id: number for number, span in enumerate(spans)}
    if len(numbers) < len(spans) or any(map(_IS_SHARED, spans)):
        parents = _parents_among_sides(spans)
    else:
        parents = [numbers.get(span.parent_id, NOBODY) for span in spans]  # type: ignore[arg-type]  # None is no id
    if not all(map(lt, parents, count())):  # the order of starts is that of parents, as a rule
        _cut_circles(spans, parents)
    if parents.count(NOBODY) > 1:
        _crown(spans, parents)
    return parents


def _crown(spans: Sequence[CallSpan], parents: list[int]) -> None:
    """Hang all that are topmost below the first that names no parent, if there is one."""
    tops = [number for number, parent in enumerate(parents) if parent == NOBODY]
    root = min(
        (number for number in tops if spans[number].parent_id is None and not spans[number].shared),
        key=lambda each: spans[each].id,
        default=NOBODY,
    )
    for number in tops:
        parents[number] = root if number != root else NOBODY


def _parents_among_sides(spans: Sequence[CallSpan]) -> list[int]:
    """Of spans some of which share an id, or say that they do."""
    own: dict[str | None, int] = {}
    servers: dict[_Place, int] = {}
    for number, span in enumerate(spans):
        if span.shared:
            servers.setdefault((span.id, span.service, span.address), number)
        else:
            own.setdefault(span.id, number)
    return [_parent(span, own, servers) for span in spans]


def _parent(span: CallSpan, own: Mapping[str | None, int], servers: Mapping[_Place, int]) -> int:
    if span.shared:  # its parent is its client, or nobody knows
        return own.get(span.id, NOBODY)
    server = servers.get((span.parent_id, span.service, span.address))
    return server if server is not None else own.get(span.parent_id, NOBODY)


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
