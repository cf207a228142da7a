"""Edges of the service graph: which node called which, by parents, links and the callers' own attributes.

- A span whose parent belongs to another service is a call of that service. It is messaging if either end is a
  producer or consumer. Only a client or producer measures the call on its side; any other caller is UNKNOWN there.
- A consumer that links to a producer of the same trace took a message of its service.
- A client or producer whose call nobody in the trace answered called an uninstrumented node (peers.py). Where such
  spans lie in each other (an SDK's span around that of its HTTP library), the outermost that can name a node speaks.
- A consumer whose producer is not in the trace took from its queue or topic: destination -> consumer, beside the
  producer -> destination that the other trace counts. Spans inside another consumer of the service do not.
- A root server was called by the user, unless a queue or a timer set it off (faas.trigger).

A call counts in the minute of its caller where that is a service, else of the called, and weighs what that side does.
It failed if either side did.

Beside the calls are the *descents*: from the service of every span's parent to its own, which may be the same. Jaeger
calls these dependencies.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib.model.span import Kind
from chalicelib.rollups.operations import Family, Operation
from chalicelib.rollups.peers import THE_USER, Node, find_destination, find_peer, service_node
from chalicelib.rollups.sketches import UNKNOWN

_CLIENT, _SERVER, _PRODUCER, _CONSUMER = (
    int(kind) for kind in (Kind.CLIENT, Kind.SERVER, Kind.PRODUCER, Kind.CONSUMER)
)
_CALLERS = frozenset((_CLIENT, _PRODUCER))
_QUEUES = frozenset((_PRODUCER, _CONSUMER))
_NOT_THE_USER = frozenset(("pubsub", "datasource", "timer"))  # faas.trigger


class Call(NamedTuple):
    """One call; `client` and `server` are the operations at its ends, None at an end that is no service."""

    client_node: Node
    server_node: Node
    client: Operation | None
    server: Operation | None
    is_messaging: bool = False

    @property
    def client_bucket(self) -> int:
        """The bucket of what the caller waited; only of use where there is one."""
        return self.client.bucket if self.client is not None and self.client.span.kind in _CALLERS else UNKNOWN


class Topology(NamedTuple):
    """The calls of a trace, in an order that means nothing, and the weight of its descents by services."""

    calls: list[Call]
    descents: Mapping[tuple[str, str], int]


def topology(found: Sequence[Operation]) -> Topology:
    """What the operations of a trace have to do with each other."""
    graph = _Graph(found)
    for operation in found:
        graph.find_callers(operation)
    for operation in found:
        if operation.span.kind in _CALLERS:
            graph.find_called(operation)
    return Topology(graph.calls, graph.descents)


class _Graph:
    """The calls of a trace that have been found so far, its parents, and which of its callers were answered."""

    def __init__(self, found: Sequence[Operation]) -> None:
        self.calls: list[Call] = []
        self.descents: dict[tuple[str, str], int] = defaultdict(int)
        family = Family(found)
        self._find_parent, self._find_sender = family.find_parent, family.find_sender
        self._answered: set[int] = set()  # by id()
        self._named: dict[int, bool] = {}

    def find_callers(self, operation: Operation) -> None:
        """The calls in which a service of the trace, a destination or the user called `operation`."""
        kind = operation.span.kind
        parent = self._find_parent(operation)
        service = operation.service
        if parent is not None:
            self.descents[parent.service, service] += operation.weight
        if parent is None:
            if kind == _SERVER and not operation.span.parent_id:
                self._enter(operation)
        elif parent.service != service:
            self._answer(parent)
            self._connect(parent, operation)
        elif kind == _SERVER and parent.span.kind == _CLIENT:
            self._answer(parent)  # a service that called itself
        if kind == _CONSUMER:
            self._find_senders(operation, parent)

    def find_called(self, operation: Operation) -> None:
        """The call of a client or producer that no span answered; its other end is made of attributes."""
        if id(operation) in self._answered or (node := _peer(operation)) is None:
            return
        around = self._caller_around(operation)
        if around is None or not self._names_node(around):
            is_messaging = operation.span.kind == _PRODUCER
            self.calls.append(Call(service_node(operation.service), node, operation, None, is_messaging))

    def _find_senders(self, consumer: Operation, parent: Operation | None) -> None:
        """The messages that `consumer` took, but for its parent's, which is counted already."""
        came_by_parent = parent is not None and parent.service != consumer.service
        senders = {id(parent)} if came_by_parent else set()
        from_elsewhere = False
        for link in consumer.span.links:
            sender = self._find_sender(link.span_id) if link.trace_id == consumer.span.trace_id else None
            from_elsewhere |= sender is None
            if sender is None or sender.service == consumer.service or id(sender) in senders:
                continue
            senders.add(id(sender))
            self._answer(sender)
            self._connect(sender, consumer)
        is_inside = parent is not None and parent.span.kind == _CONSUMER and not came_by_parent
        if (from_elsewhere or not senders) and not is_inside:
            self._take(consumer)

    def _connect(self, client: Operation, server: Operation) -> None:
        is_messaging = client.span.kind in _QUEUES or server.span.kind in _QUEUES
        ends = service_node(client.service), service_node(server.service)
        self.calls.append(Call(*ends, client, server, is_messaging))

    def _take(self, consumer: Operation) -> None:
        """The call of a consumer's queue or topic, as far as it is named."""
        if (node := find_destination(consumer.span.attributes)) is not None:
            self.calls.append(Call(node, service_node(consumer.service), None, consumer, is_messaging=True))

    def _enter(self, root: Operation) -> None:
        if str(root.span.attributes.get("faas.trigger")) in _NOT_THE_USER:
            self._take(root)
        else:
            self.calls.append(Call(THE_USER, service_node(root.service), None, root))

    def _answer(self, caller: Operation | None) -> None:
        """The caller, and callers of its service around it, reached somebody whose spans are here."""
        while caller is not None and id(caller) not in self._answered:
            self._answered.add(id(caller))
            caller = self._caller_around(caller)

    def _names_node(self, outer: Operation) -> bool:
        """Whether this caller, or one around it, names the node that it called; what is inside would count it again."""
        caller: Operation | None = outer
        passed = []
        while caller is not None and id(caller) not in self._named:
            is_answered = id(caller) in self._answered
            self._named[id(caller)] = not is_answered and _peer(caller) is not None
            passed.append(id(caller))
            if is_answered or self._named[id(caller)]:
                break
            caller = self._caller_around(caller)
        names = caller is not None and self._named[id(caller)]
        self._named |= dict.fromkeys(passed, names)
        return names

    def _caller_around(self, operation: Operation) -> Operation | None:
        parent = self._find_parent(operation)
        if parent is None or parent.span.kind not in _CALLERS or parent.service != operation.service:
            return None
        return parent


def _peer(operation: Operation) -> Node | None:
    attributes = operation.span.attributes
    if operation.span.kind == _PRODUCER and (node := find_destination(attributes)) is not None:
        return node
    return find_peer(attributes)
