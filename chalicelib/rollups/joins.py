"""The ends of joins among the operations of one trace: who sent under which name, and who was set off by it.

A name with both ends in the trace is like a link within it. What is left over are the loose ends: they are counted in
rollups, beside calls, and meet those of other traces when the graph is read (joining.py). So no trace has to wait for
another, and a seal needs to know nothing but its own traces.

Spans of one service within each other often say the same name (an invocation, its batch, the record): the outermost
was set off by it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple

from chalicelib.model.span import Kind
from chalicelib.rollups.join_names import RECEIVED_KEYS, SENT_KEYS, received_names, sent_names
from chalicelib.rollups.operations import Family, Operation

NAME_BITS = 35  # where there are a million names, one in 34,000 meets a stranger's; five bytes as a varint
_KEYS = frozenset((*SENT_KEYS, *RECEIVED_KEYS))
MAX_ANCESTORS = 64  # of one service within each other
_SERVER = int(Kind.SERVER)
_NOT_THE_USER = frozenset(("pubsub", "datasource", "timer"))  # faas.trigger


class End(NamedTuple):
    """One end of a join that has no other in its trace."""

    name: str
    operation: Operation
    is_received: bool


class TraceJoins:
    """The joins of one trace."""

    def __init__(self, found: Sequence[Operation]) -> None:
        self._sent: defaultdict[str, list[Operation]] = defaultdict(list)
        self._received: dict[int, tuple[str, ...]] = {}  # by id() of the operation
        self._receivers: list[Operation] = []
        for operation in found:
            if not _KEYS.isdisjoint(operation.span.attributes):
                self._add(operation)
        for senders in self._sent.values():
            senders.sort(key=_start_and_id)

    def __bool__(self) -> bool:
        return bool(self._sent or self._received)

    def senders_of(self, operation: Operation) -> list[Operation]:
        """The operations of the trace whose sending set `operation` off: of each name the last before it."""
        names = self._received.get(id(operation), ())
        return [_last_before(self._sent[name], operation) for name in names if name in self._sent]

    def loose_ends(self, family: Family) -> Iterator[End]:
        """What may be joined to other traces."""
        for name, senders in self._sent.items():
            for sender in senders:
                yield End(name, sender, is_received=False)
        for receiver in self._receivers:
            known = self._names_around(receiver, family) if len(self._receivers) > 1 else frozenset()
            for name in self._received[id(receiver)]:
                if name not in self._sent and name not in known:
                    yield End(name, receiver, is_received=True)

    def _add(self, operation: Operation) -> None:
        for name in sent_names(operation.span):
            self._sent[name].append(operation)
        if names := received_names(operation.span):
            self._received[id(operation)] = names
            self._receivers.append(operation)

    def _names_around(self, operation: Operation, family: Family) -> frozenset[str]:
        """What set off the operations of the same service that this one lies in."""
        names: set[str] = set()
        around = family.find_parent(operation)
        for _ in range(MAX_ANCESTORS):
            if around is None or around.service != operation.service:
                break
            names.update(self._received.get(id(around), ()))
            around = family.find_parent(around)
        return frozenset(names)


def is_from_user(root: Operation) -> bool:
    """Whether a server without a parent counts as called by the user."""
    span = root.span
    return span.kind == _SERVER and not span.parent_id and str(span.attributes.get("faas.trigger")) not in _NOT_THE_USER


@lru_cache(maxsize=1 << 14)
def name_hash(name: str) -> int:
    """NAME_BITS that follow from the name alone."""
    return int.from_bytes(blake2b(name.encode(errors="surrogatepass"), digest_size=8).digest()) >> (64 - NAME_BITS)


def _start_and_id(operation: Operation) -> tuple[int, str]:
    return operation.span.start_ns, operation.span.span_id


_start = attrgetter("span.start_ns")


def _last_before(senders: Sequence[Operation], receiver: Operation) -> Operation:
    """The last of `senders` that began when `receiver` did or before; the first of them all if none did."""
    return senders[max(0, bisect_right(senders, receiver.span.start_ns, key=_start) - 1)]
