"""Parents and children of one merged Zipkin trace (zipkin2.internal.SpanNode).

A server that shares its client's id is the client's child. What is below it names that id as its parent too, and
belongs to the side on its own endpoint. Spans without a known parent hang below the root; a trace that has none, or
several, gets a root of its own without a span.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from chalicelib.codecs.zipkin.span import Endpoint, ZipkinSpan


class Node:
    """A place in the tree. `span` is None for the root that no span is."""

    __slots__ = ("children", "parent", "span")

    def __init__(self, span: ZipkinSpan | None) -> None:
        self.span = span
        self.parent: Node | None = None
        self.children: list[Node] = []

    def add(self, child: "Node") -> None:
        """Hang `child` below this."""
        child.parent = self
        self.children.append(child)

    def breadth_first(self) -> Iterator["Node"]:
        """The node itself and all below it, level by level."""
        waiting = deque([self])
        while waiting:
            node = waiting.popleft()
            yield node
            waiting.extend(node.children)

    def ancestors(self) -> Iterator["Node"]:
        """From the parent up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


def tree_of(spans: Sequence[ZipkinSpan]) -> Node:
    """The root of merged spans (merge.merged); a Node without span and children for none."""
    growing = _Growing(spans)
    roots = [node for node in growing.nodes if growing.hang(node) is None]
    if len(roots) == 1:
        return roots[0]
    first = next((node for node in roots if node.span is not None and node.span.parent_id is None), None)
    root = first if first is not None else Node(None)
    for node in roots:
        if node is not root:
            root.add(node)
    return root


class _Growing:
    def __init__(self, spans: Sequence[ZipkinSpan]) -> None:
        self.nodes = [Node(span) for span in spans]
        self._own: dict[str, Node] = {}
        self._shared: dict[str, list[Node]] = {}
        for node, span in zip(self.nodes, spans, strict=True):
            if span.shared:
                self._shared.setdefault(span.id, []).append(node)
            else:
                self._own.setdefault(span.id, node)

    def hang(self, node: Node) -> Node | None:
        """Put `node` below its parent, and answer that; None if it has none that is known or would make a circle."""
        parent = self._parent(node)
        if parent is None or node in (parent, *parent.ancestors()):
            return None
        parent.add(node)
        return parent

    def _parent(self, node: Node) -> Node | None:
        span = node.span
        if span is None:
            return None
        if span.shared and span.id in self._own:
            return self._own[span.id]
        if span.parent_id is None:
            return None
        sides = self._shared.get(span.parent_id, [])
        same = [
            side for side in sides if side.span is not None and _is_same(side.span.local_endpoint, span.local_endpoint)
        ]
        return same[0] if same else self._own.get(span.parent_id) or (sides[0] if sides else None)


def _is_same(one: Endpoint | None, other: Endpoint | None) -> bool:
    return one is not None and other is not None and one.service_name == other.service_name
