"""What one state of a trace adds to the rollups of the hours that it has spans in: a pure function of its spans."""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.codecs.zipkin.calls import stored_calls
from chalicelib.codecs.zipkin.linker import told_links
from chalicelib.model.span import Kind, Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import HOUR_S
from chalicelib.rollups.catalog import count_attributes
from chalicelib.rollups.keys import CALLS, ERRORS, JAEGER_LINK, MINUTES, SERVER_SIDE, ZIPKIN_CALLED, ZIPKIN_CALLER
from chalicelib.rollups.operations import NS_PER_MINUTE, Operation, operations
from chalicelib.rollups.peers import node_name
from chalicelib.rollups.rollup import Rollup, Sum, Sums
from chalicelib.rollups.topology import Call, topology

_LAST_KIND = int(Kind.CONSUMER)  # numbers that we do not know count as unspecified


def contribution(trace: StoredTrace) -> dict[int, Rollup]:
    """By hour (its start in epoch seconds, ascending) what the trace adds; the hours in which a span of it starts.

    Spans count in the minute in which they start (StoredTrace.time_ns), calls between services in that of their
    caller, dependencies in that of the trace's first root, or first span where it has no root. The spans may be in any
    order: the answer depends on their content alone.
    """
    sums = Sums()
    contribute(trace, sums)
    return sums.rollups()


def contribute(trace: StoredTrace, sums: Sums, sign: int = 1) -> None:
    """Add `contribution(trace)` to `sums`, or with -1 take it away; what a seal does, at half the price."""
    found = operations(trace)
    places = {minute: _place(sums, minute) for minute in _minutes(found)}
    related = topology(found)
    _count_red(found, places, sign)
    _count_edges(related.calls, places, sign)
    begin = places[_beginning(trace)[1]]
    _count_descents(related.descents, begin, sign)
    _count_links(trace.spans, begin, sign)
    for total, spans in _by_hour(found, places):
        count_attributes(spans, sign, total.catalog)


def contribute_joined(traces: Sequence[StoredTrace], sums: Sums, sign: int = 1) -> None:
    """What Zipkin's links are of traces whose ids agree in their low 64 bits, over those of each trace alone.

    To Zipkin they are one trace: some process on its way knows only half of an id. Less than two traces add nothing.
    """
    if len(traces) < 2:  # alone is alone
        return
    beginnings = [_beginning(trace) for trace in traces]
    for trace, (_, minute) in zip(traces, beginnings, strict=True):
        _count_links(trace.spans, _place(sums, minute), -sign)
    spans = [span for trace in traces for span in trace.spans]
    _count_links(spans, _place(sums, min(beginnings)[1]), sign)


_Place = tuple[Sum, int]  # the sum of an hour, and a minute of it
_Places = dict[int, _Place]  # by minute since 1970


def _count_red(found: Sequence[Operation], places: _Places, sign: int) -> None:
    for span, service, moment, weight, bucket, failed in found:
        total, minute = places[moment]
        kind = span.kind if 0 <= span.kind <= _LAST_KIND else 0
        key = (service, node_name(span.name), kind, minute)
        total.red[*key, bucket] += sign * weight
        if failed:
            total.red[*key, ERRORS] += sign * weight


def _count_edges(found: Iterable[Call], places: _Places, sign: int) -> None:
    for call in found:
        client, server = call.client, call.server
        caller = client or server
        assert caller is not None  # a call has a service at one end at least
        total, minute = places[caller.minute]
        ends = (*call.client_node, *call.server_node, call.is_messaging, minute)
        if client is not None:
            total.edges[*ends, call.client_bucket] += sign * client.weight
        if server is not None:
            total.edges[*ends, SERVER_SIDE + server.bucket] += sign * server.weight
        if caller.failed or (server is not None and server.failed):
            total.edges[*ends, ERRORS] += sign * caller.weight


def _count_descents(descents: Mapping[tuple[str, str], int], begin: _Place, sign: int) -> None:
    total, minute = begin
    for (parent, child), weight in descents.items():
        total.dependencies[JAEGER_LINK, parent, child, minute, CALLS] += sign * weight


def _count_links(spans: Sequence[Span], begin: _Place, sign: int) -> None:
    total, minute = begin
    counts = total.dependencies
    for (parent, child, by_child, failed), weight in told_links(stored_calls(spans)).items():
        told, left, right = (ZIPKIN_CALLED, child, parent) if by_child else (ZIPKIN_CALLER, parent, child)
        teller, other = node_name(left), node_name(right)
        counts[told, teller, other, minute, CALLS] += sign * weight
        if failed:
            counts[told, teller, other, minute, ERRORS] += sign * weight


def _beginning(trace: StoredTrace) -> tuple[bool, int]:
    """In which minute since 1970 the trace begins, after whether it has no root: those that have one come first."""
    roots = [span for span in trace.spans if not span.parent_id]
    return not roots, min(map(trace.time_ns, roots or trace.spans)) // NS_PER_MINUTE


def _place(sums: Sums, minute: int) -> _Place:
    return sums.hour(minute // MINUTES * HOUR_S), minute % MINUTES


def _minutes(found: Sequence[Operation]) -> set[int]:
    return {operation.minute for operation in found}


def _by_hour(found: Sequence[Operation], places: _Places) -> list[tuple[Sum, list[Span]]]:
    """The spans that start in each hour, with the hour's sum."""
    hours: dict[int, tuple[Sum, list[Span]]] = {}
    for span, _, moment, _, _, _ in found:
        total, _ = places[moment]
        hours.setdefault(id(total), (total, []))[1].append(span)
    return list(hours.values())
