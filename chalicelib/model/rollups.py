"""What rollups answer: RED series, the service graph, dependencies, services, operations, attributes.

These are the shapes of `GET /v1/metrics`, `/v1/graph`, `/v1/services` and `/v1/attributes`. In JSON the names are
lowerCamelCase; times are epoch seconds, durations nanoseconds. Calls and errors are adjusted counts: a span that
sampling kept with probability 1/4 counts 4, so they may be fractions.
Durations are known up to a relative error of 4.4 % (rollups/sketches.py).
"""

import msgspec


class Latency(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """How long calls took, of those whose end is known."""

    mean_ns: int
    p50_ns: int
    p90_ns: int
    p95_ns: int
    p99_ns: int


class Red(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Rate, errors and duration of some calls over some time."""

    calls: float
    errors: float
    calls_per_s: float
    error_ratio: float  # errors / calls; 0 where there were no calls
    latency: Latency | None  # None: no call has a known duration


class RedPoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """One step of a series, from `start_s`, inclusive."""

    start_s: int
    red: Red


class RedSeries(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A series; a label that was not grouped by is None. Steps without calls have no point."""

    service: str | None = None
    operation: str | None = None
    kind: str | None = None
    points: tuple[RedPoint, ...] = ()  # by start


class GraphNode(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A service, or what services called and nobody sends spans for.

    `red` is of the server and consumer spans of a service, and of the calls to any other node.
    """

    id: str  # "<kind>:<name>"
    kind: str  # service, database, messaging, external, user
    name: str
    red: Red


class GraphEdge(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Calls from one node to another. `red.latency` is the caller's where it is known, else the called side's."""

    client: str  # ids of nodes
    server: str
    connection: str  # "call" or "messaging"
    red: Red
    client_latency: Latency | None = None
    server_latency: Latency | None = None


class Graph(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """The service graph of some time."""

    nodes: tuple[GraphNode, ...]  # by kind, in the order above, and name
    edges: tuple[GraphEdge, ...]  # by client, server and connection


class Dependency(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Calls between services as a dialect links them, and how many of them failed; whole numbers, as dialects tell."""

    parent: str
    child: str
    calls: int
    errors: int = 0


class ServiceSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A service. `red` is of its server and consumer spans: what it was asked to do."""

    service: str
    spans: float  # of every kind
    red: Red


class OperationSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """An operation of a service: a span name with a kind."""

    operation: str
    kind: str
    red: Red


class AttributeKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """An attribute that some span has, and how many values of it, counted by trace and hour.

    `scope` is a TraceQL scope, or "intrinsic".
    """

    scope: str
    key: str
    types: tuple[str, ...]
    count: int


class AttributeValue(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A value of an attribute and the number of traces, counted by hour, that are known to have it."""

    type: str
    value: str | int | bool
    traces: int


class AttributeValues(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """The values of an attribute that are known, most frequent first; `complete` if there are no others."""

    scope: str
    key: str
    values: tuple[AttributeValue, ...]
    complete: bool
