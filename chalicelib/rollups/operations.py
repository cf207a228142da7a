"""The spans of a trace as RED and the service graph count them: each operation once, with what is asked of it often.

A StoredTrace has no exact repeats, but an operation may still be there in several versions (reported open and then
closed, or enriched by a second pipeline): same span id, service, kind and start. The one that ends last is counted,
then the one with most to say, then the greater bytes; assembly chooses the same. Other spans that share an id (the
two sides of a Zipkin call, collisions) are operations of their own.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from chalicelib.model.span import Kind, Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import NS_PER_S, search_time_ns
from chalicelib.propagation.probability import COUNT_UNIT, adjusted_count_of
from chalicelib.rollups.peers import node_name
from chalicelib.rollups.sketches import boundaries, bucket_of

NS_PER_MINUTE = 60 * NS_PER_S

# Plain numbers: a look-up in the enum's class costs as much as the comparison.
_CLIENT, _SERVER, _PRODUCER = int(Kind.CLIENT), int(Kind.SERVER), int(Kind.PRODUCER)
_ERROR = int(StatusCode.ERROR)

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


class Operation(NamedTuple):
    """One operation of a trace.

    `minute` counts from 1970; `weight` is its adjusted count in 1 / COUNT_UNIT; `bucket` is that of its duration,
    UNKNOWN if its end is missing or before its start.
    """

    span: Span
    service: str
    minute: int
    weight: int
    bucket: int
    failed: bool


def operations(trace: StoredTrace) -> list[Operation]:
    """The operations of the trace, in the order of its spans."""
    services: dict[int, str] = {}
    arrived_ms, bounds = trace.arrived_ms, boundaries()
    found = []
    for span in _latest(trace.spans):
        resource, start_ns = span.resource, span.start_ns
        service = services.get(id(resource))
        if service is None:
            service = services[id(resource)] = node_name(resource.service_name)
        minute = search_time_ns(start_ns, arrived_ms) // NS_PER_MINUTE
        weight = adjusted_count_of(span.trace_state) if span.trace_state else COUNT_UNIT
        duration_ns = span.end_ns - start_ns
        bucket = bisect_right(bounds, duration_ns) - 1 if duration_ns > 0 else bucket_of(duration_ns)
        found.append(Operation(span, service, minute, weight, bucket, span.status_code == _ERROR))
    return found


class Family:
    """Who called whom among the operations of one trace. Ids that one operation has alone take one look-up."""

    def __init__(self, found: Sequence[Operation]) -> None:
        self._alone = {each.span.span_id: each for each in found}
        self._first: dict[tuple[str, str | int], Operation] = {}  # by span id, and service or kind
        if len(self._alone) < len(found):
            self._rank(found)

    def find_parent(self, child: Operation) -> Operation | None:
        """The operation that `child` names as its parent; None if it names none, itself, or one that is not here.

        A server that shares its client's id is that client's child, whatever parent it names (Zipkin). Of several
        with the id that is named it is the one of the child's own service, then the server side, then the first.
        """
        span = child.span
        if self._first and span.kind == _SERVER and (client := self._first.get((span.span_id, _CLIENT))):
            return client
        if span.parent_id is None or span.parent_id == span.span_id:
            return None
        return self._first.get((span.parent_id, child.service)) or self._alone.get(span.parent_id)

    def find_sender(self, span_id: str) -> Operation | None:
        """The operation with this id, the producer if several have it; None if there is none."""
        return self._first.get((span_id, _PRODUCER)) or self._alone.get(span_id)

    def _rank(self, found: Sequence[Operation]) -> None:
        """Server sides come first; what else decides is content, so that no order of arrival does."""
        contested = {span_id for span_id, count in Counter(each.span.span_id for each in found).items() if count > 1}
        rivals = sorted((each for each in found if each.span.span_id in contested), key=_rank)
        self._alone |= {each.span.span_id: each for each in reversed(rivals)}
        for each in rivals:
            self._first.setdefault((each.span.span_id, each.service), each)
            self._first.setdefault((each.span.span_id, int(each.span.kind)), each)


def _rank(operation: Operation) -> tuple[bool, int, bytes]:
    span = operation.span
    return span.kind != _SERVER, span.start_ns, _canonical(span)


def _latest(spans: Sequence[Span]) -> Sequence[Span]:
    """Of each operation the version that counts."""
    if len({span.span_id for span in spans}) == len(spans):
        return spans
    chosen: dict[tuple[str, str, int, int], Span] = {}
    for span in spans:
        operation = (span.span_id, span.resource.service_name, span.kind, span.start_ns)
        rival = chosen.get(operation)
        chosen[operation] = span if rival is None else max(rival, span, key=_version)
    kept = {id(span) for span in chosen.values()}
    return [span for span in spans if id(span) in kept]


def _version(span: Span) -> tuple[int, int, bytes]:
    return span.end_ns, len(span.attributes) + len(span.events) + len(span.links), _canonical(span)
