"""The service graph, read from rollups: one for each hour, as for red.py."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from chalicelib.model.rollups import Graph, GraphEdge, GraphNode
from chalicelib.model.windows import Window
from chalicelib.rollups.keys import ERRORS, SERVER_SIDE
from chalicelib.rollups.peers import NODE_KINDS, SERVICE, Node
from chalicelib.rollups.red import SERVED
from chalicelib.rollups.rollup import Rollup
from chalicelib.rollups.sketches import UNKNOWN
from chalicelib.rollups.summaries import (
    Sketch,
    edge_cells,
    latency_of,
    new_sketch,
    red_cells,
    seconds_of,
    summed_up,
)

_CONNECTIONS = ("call", "messaging")  # by whether it is messaging

_Ends = tuple[str, str, str, str, bool]  # the first parts of an EdgeKey


def graph(rollups: Mapping[int, Rollup], window: Window) -> Graph:
    """Nodes and edges of the calls in the window; every service with spans in it is a node, also one without edges."""
    sketches: dict[_Ends, Sketch] = defaultdict(new_sketch)
    for (client_kind, client, server_kind, server, is_messaging, _, slot), count in edge_cells(rollups, window):
        sketches[client_kind, client, server_kind, server, is_messaging][slot] += count
    seconds = seconds_of(window)
    edges = {ends: _edge(ends, sketch, seconds) for ends, sketch in sketches.items()}
    edges = {ends: edge for ends, edge in edges.items() if edge.red.calls}
    nodes = _nodes(rollups, window, {ends: sketches[ends] for ends in edges})
    return Graph(
        nodes=tuple(
            GraphNode(id=_id(node), kind=node.kind, name=node.name, red=summed_up(sketch, seconds))
            for node, sketch in sorted(nodes.items(), key=lambda each: (NODE_KINDS.index(each[0].kind), each[0].name))
        ),
        edges=tuple(sorted(edges.values(), key=lambda edge: (edge.client, edge.server, edge.connection))),
    )


def _nodes(rollups: Mapping[int, Rollup], window: Window, sketches: Mapping[_Ends, Sketch]) -> dict[Node, Sketch]:
    """What each node was asked to do: by its own spans if it is a service, else by its callers."""
    nodes: dict[Node, Sketch] = defaultdict(new_sketch)
    for _, (service, _, kind, _, slot), count in red_cells(rollups, window):
        asked = nodes[Node(SERVICE, service)]
        if kind in SERVED:
            asked[slot] += count
    for ends, sketch in sketches.items():
        client, server = _ends(ends)
        _, asked = nodes[client], nodes[server]  # one that nobody calls is a node all the same
        if server.kind != SERVICE:
            for slot, count in _calls(client, sketch).items():
                asked[slot] += count
    return nodes


def _edge(ends: _Ends, sketch: Sketch, seconds: float) -> GraphEdge:
    client, server = _ends(ends)
    waited, served = _sides(sketch)
    client_latency, server_latency = latency_of(waited), latency_of(served)
    red = summed_up(_calls(client, sketch), seconds)
    return GraphEdge(
        client=_id(client),
        server=_id(server),
        connection=_CONNECTIONS[ends[4]],
        red=msgspec.structs.replace(red, latency=client_latency or server_latency),
        client_latency=client_latency,
        server_latency=server_latency,
    )


def _calls(client: Node, sketch: Sketch) -> Sketch:
    """The side that counts the calls: the caller's, if it is a service."""
    waited, served = _sides(sketch)
    return {**(waited if client.kind == SERVICE else served), ERRORS: sketch.get(ERRORS, 0)}


def _sides(sketch: Sketch) -> tuple[Sketch, Sketch]:
    """The buckets of the caller's side and of the called."""
    waited = {slot: count for slot, count in sketch.items() if UNKNOWN <= slot < SERVER_SIDE + UNKNOWN}
    served = {slot - SERVER_SIDE: count for slot, count in sketch.items() if slot >= SERVER_SIDE + UNKNOWN}
    return waited, served


def _ends(ends: _Ends) -> tuple[Node, Node]:
    return Node(*ends[:2]), Node(*ends[2:4])


def _id(node: Node) -> str:
    return f"{node.kind}:{node.name}"
