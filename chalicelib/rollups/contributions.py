"""What one state of a trace adds to the rollups of the hours that it has spans in: a pure function of its spans."""

from collections import defaultdict
from collections.abc import Sequence

from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import HOUR_S
from chalicelib.rollups.catalog import count_attributes
from chalicelib.rollups.keys import ERRORS, MINUTES, SERVER_SIDE
from chalicelib.rollups.operations import Operation, operations
from chalicelib.rollups.peers import node_name
from chalicelib.rollups.rollup import Rollup, Sums
from chalicelib.rollups.topology import calls


def contribution(trace: StoredTrace) -> dict[int, Rollup]:
    """By hour (its start in epoch seconds, ascending) what the trace adds; the hours in which a span of it starts.

    Spans count in the minute in which they start (StoredTrace.time_ns), calls between services in that of their
    caller. The spans may be in any order: the answer depends on their content alone.
    """
    sums = Sums()
    contribute(trace, sums)
    return sums.rollups()


def contribute(trace: StoredTrace, sums: Sums, sign: int = 1) -> None:
    """Add `contribution(trace)` to `sums`, or with -1 take it away; what a seal does, at half the price."""
    found = operations(trace)
    _count_red(found, sums, sign)
    _count_edges(found, sums, sign)
    hours: dict[int, list[Operation]] = defaultdict(list)
    for operation in found:
        hours[operation.minute // MINUTES].append(operation)
    for hour, those in hours.items():
        count_attributes([each.span for each in those], sign, sums.hour(hour * HOUR_S).catalog)


def _count_red(found: Sequence[Operation], sums: Sums, sign: int) -> None:
    for span, service, moment, weight, bucket, failed in found:
        hour, minute = divmod(moment, MINUTES)
        counts, name, kind = sums.hour(hour * HOUR_S).red, node_name(span.name), int(span.kind)
        counts[service, name, kind, minute, bucket] += sign * weight
        if failed:
            counts[service, name, kind, minute, ERRORS] += sign * weight


def _count_edges(found: Sequence[Operation], sums: Sums, sign: int) -> None:
    for call in calls(found):
        client, server = call.client, call.server
        caller = client or server
        assert caller is not None  # a call has a service at one end at least
        hour, minute = divmod(caller.minute, MINUTES)
        counts, ends = sums.hour(hour * HOUR_S).edges, (*call.client_node, *call.server_node, call.is_messaging, minute)
        if client is not None:
            counts[*ends, call.client_bucket] += sign * client.weight
        if server is not None:
            counts[*ends, SERVER_SIDE + server.bucket] += sign * server.weight
        if caller.failed or (server is not None and server.failed):
            counts[*ends, ERRORS] += sign * caller.weight
