"""Which services call which, by the rules of Zipkin's DependencyLinker (zipkin2.internal.DependencyLinker, 3.6).

From the root downwards, every span that tells of a call is a link from one service to another:

- A client with children says nothing: the server's side of the call is among them. Without, it links to its remote.
- A server links from its nearest ancestor that has a kind, whatever name the server itself has for its caller; at
  the root from its remote endpoint, and from nobody if there is none.
- Producers and consumers link to and from the broker they name, never to each other.
- A span without kind counts as a client if it names both sides.
- Where the nearest ancestor is a client of another service than the span's own, a server between them reported
  nothing, and a link to the span's service is put in.

A call failed if its span has the tag "error", or the client's span that is its parent. (Under a shared id the client is
no parent by name, so there only the server's own tag counts.)
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from chalicelib.codecs.zipkin.calls import CallSpan, calls_of
from chalicelib.codecs.zipkin.merge import merged
from chalicelib.codecs.zipkin.span import ZipkinSpan
from chalicelib.codecs.zipkin.tree import NOBODY, parents_of

Links = dict[tuple[str, str], tuple[int, int]]
"""(parent, child) -> calls, and how many of them failed."""

_CLIENT, _SERVER = "CLIENT", "SERVER"
_RECEIVERS = frozenset({"SERVER", "CONSUMER"})
_MESSAGING = frozenset({"PRODUCER", "CONSUMER"})


Told = dict[tuple[str, str, bool, bool], int]
"""(parent, child, by the child, failed) -> the weight of such calls.

Told by the child are calls of which only the child knows who made them, by whatever name it has for its caller.
"""


def links_of(spans: Iterable[ZipkinSpan]) -> Links:
    """The links of one trace (all spans whose trace ids end in the same 16 digits). {} for none."""
    found: Links = {}
    for (parent, child, _, failed), weight in told_links(calls_of(spans)).items():
        calls, errors = found.get((parent, child), (0, 0))
        found[parent, child] = calls + weight, errors + weight * failed
    return found


def told_links(reports: Sequence[CallSpan]) -> Told:
    """The links of one trace, by who told of them; `reports` may be in any order, and repeated."""
    has_sides = len({report.id for report in reports}) < len(reports)
    linking = _Linking(merged(reports) if has_sides else reports)
    with_children = set(linking.parents)
    for number, span in enumerate(linking.spans):
        kind = span.kind
        if kind is None and span.remote is not None and span.service is not None:
            kind = _CLIENT
        if kind is not None and (kind != _CLIENT or number not in with_children):
            linking.link(number, span, kind)
    return linking.told


class _Linking:
    """The spans of one trace with their parents, and the links that they have come to."""

    def __init__(self, spans: Sequence[CallSpan]) -> None:
        self.spans = spans
        self.parents = parents_of(spans)
        self.told: Told = defaultdict(int)
        self._callers: dict[int, int] = {}

    def link(self, number: int, span: CallSpan, kind: str) -> None:
        """Add what a span of this kind tells of."""
        own, failed, by_child = span.service, span.failed, kind in _RECEIVERS
        parent, child = (span.remote, own) if by_child else (own, span.remote)
        above = None if kind in _MESSAGING else self._find_caller(number)
        if above is not None and above.service is not None:
            if kind == _CLIENT and own != above.service and own is not None:
                self.told[above.service, own, False, False] += span.weight  # the server between them said nothing
            if kind == _SERVER or parent is None:
                parent, by_child = above.service, False
            failed = failed or (above.failed and above.kind == _CLIENT and above.id == span.parent_id)
        if parent is not None and child is not None:
            self.told[parent, child, by_child, failed] += span.weight

    def _find_caller(self, number: int) -> CallSpan | None:
        """The nearest span above that has a kind; the way there is remembered, since others go it too."""
        spans, parents, known = self.spans, self.parents, self._callers
        at = parents[number]
        if at == NOBODY or spans[at].kind is not None:
            return spans[at] if at != NOBODY else None
        passed = []
        while at != NOBODY and spans[at].kind is None:
            if at in known:
                at = known[at]
                break
            passed.append(at)
            at = parents[at]
        known.update(dict.fromkeys(passed, at))
        return spans[at] if at != NOBODY else None
