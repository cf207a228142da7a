"""Which services call which, by the rules of Zipkin's DependencyLinker (zipkin2.internal.DependencyLinker, 3.6).

From the root downwards, every span that tells of a call is a link from one service to another:

- A client with children says nothing: the server's side of the call is among them. Without, it links to its remote.
- A server links from its nearest ancestor that has a kind, whatever name the server itself has for its caller; at
  the root from its remote endpoint, and from nobody if there is none.
- Producers and consumers link to and from the broker they name, never to each other.
- A span without kind counts as a client if it names both sides.
- Where the nearest ancestor is a client of another service than the span's own, a server between them reported
  nothing, and a link to the span's service is put in.

A call failed if its span, or the client's span it belongs to, has the tag "error".
"""

from collections.abc import Iterable

from chalicelib.codecs.zipkin.merge import merged
from chalicelib.codecs.zipkin.span import Endpoint, ZipkinSpan
from chalicelib.codecs.zipkin.tree import Node, tree_of

Links = dict[tuple[str, str], tuple[int, int]]
"""(parent, child) -> calls, and how many of them failed."""

ERROR_TAG = "error"
_RECEIVERS = frozenset({"SERVER", "CONSUMER"})
_MESSAGING = frozenset({"PRODUCER", "CONSUMER"})


def links_of(spans: Iterable[ZipkinSpan]) -> Links:
    """The links of one trace (all spans whose trace ids end in the same 16 digits). {} for none."""
    found: Links = {}
    for node in tree_of(merged(spans)).breadth_first():
        if node.span is not None:
            _link(found, node, node.span)
    return found


def _link(found: Links, node: Node, span: ZipkinSpan) -> None:
    kind = _kind(span)
    if kind is None or (kind == "CLIENT" and node.children):
        return
    own, other = _service(span.local_endpoint), _service(span.remote_endpoint)
    parent, child = (other, own) if kind in _RECEIVERS else (own, other)
    is_root = node.parent is None or node.parent.span is None
    if is_root and kind in _RECEIVERS and parent is None:
        return
    is_error = ERROR_TAG in span.tags
    if kind in _MESSAGING:
        _add(found, parent, child, is_error=is_error)
        return
    ancestor = _nearest_with_kind(node)
    if ancestor is not None:
        above = _service(ancestor.local_endpoint)
        if kind == "CLIENT" and own is not None and above != own:
            _add(found, above, own, is_error=False)  # the server that received it said nothing
        if kind == "SERVER" or parent is None:
            parent = above
        is_error = is_error or _failed_for(ancestor, span)
    _add(found, parent, child, is_error=is_error)


def _kind(span: ZipkinSpan) -> str | None:
    if span.kind is None and _service(span.local_endpoint) and _service(span.remote_endpoint):
        return "CLIENT"
    return span.kind


def _nearest_with_kind(node: Node) -> ZipkinSpan | None:
    return next((above.span for above in node.ancestors() if above.span is not None and above.span.kind), None)


def _failed_for(client: ZipkinSpan, span: ZipkinSpan) -> bool:
    """Whether `client` is the other side of `span`'s call and saw it fail."""
    is_direct = client.id in (span.parent_id, span.id)
    return client.kind == "CLIENT" and is_direct and ERROR_TAG in client.tags


def _add(found: Links, parent: str | None, child: str | None, *, is_error: bool) -> None:
    if parent is None or child is None:
        return
    calls, errors = found.get((parent, child), (0, 0))
    found[parent, child] = calls + 1, errors + is_error


def _service(endpoint: Endpoint | None) -> str | None:
    return endpoint.service_name if endpoint is not None else None
