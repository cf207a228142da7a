from typing import Any

import msgspec

from chalicelib.model.rollups import Graph, GraphEdge, GraphNode
from chalicelib.model.span import Kind, Span
from chalicelib.model.windows import Window
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.graph import graph
from chalicelib.rollups.red import operations, services
from chalicelib.rollups.rollup import coarsen
from tests.actors import CHECKOUT, FRONTEND, MS, NOON_NS, PAYMENTS, call, failure, span, trace, with_fields
from tests.rollups.strategies import stored

MINUTE = Window(NOON_NS, NOON_NS + 60 * 10**9)
DYNAMODB = {"db.system": "dynamodb", "aws.dynamodb.table_names": ["orders"]}


def graph_of(*spans: Span, window: Window = MINUTE) -> Graph:
    return graph(contribution(stored(list(spans))), window)


def edge(found: Graph, client: str, server: str) -> GraphEdge:
    (one,) = [each for each in found.edges if (each.client, each.server) == (client, server)]
    return one


def node(found: Graph, name: str) -> GraphNode:
    (one,) = [each for each in found.nodes if each.id == name]
    return one


def calls_to_payments(count: int, **server: Any) -> list[Span]:
    spans: list[Span] = []
    for number in range(count):
        caller, served = call(f"charge {number}", parent=None, at=(0, 100), by=CHECKOUT, to=PAYMENTS)
        spans += [caller, with_fields(served, **server)]
    return spans


def test_the_shop_is_drawn():
    found = graph_of(*trace())
    assert [each.id for each in found.nodes] == [
        "service:checkout",
        "service:database",
        "service:frontend",
        "service:fulfilment",
        "service:payments",
        "service:queue",
        "user:user",
    ]
    assert [(each.client, each.server, each.connection) for each in found.edges] == [
        ("service:checkout", "service:database", "call"),
        ("service:checkout", "service:payments", "call"),
        ("service:checkout", "service:queue", "messaging"),
        ("service:frontend", "service:checkout", "call"),
        ("service:queue", "service:fulfilment", "messaging"),
        ("user:user", "service:frontend", "call"),
    ]


def test_an_edge_tells_rate_errors_and_both_sides_durations():
    found = edge(graph_of(*calls_to_payments(6, **failure())), "service:checkout", "service:payments")
    assert (found.red.calls, found.red.calls_per_s, found.red.errors, found.red.error_ratio) == (6, 0.1, 6, 1)
    assert found.client_latency is not None
    assert found.server_latency is not None
    assert abs(found.client_latency.p50_ns - 100 * MS) < 5 * MS
    assert abs(found.server_latency.p50_ns - 90 * MS) < 5 * MS
    assert found.red.latency == found.client_latency


def test_a_call_whose_caller_measured_nothing_has_the_called_sides_duration():
    caller = span("handler", resource=FRONTEND)
    found = edge(graph_of(caller, span("serve", parent=caller)), "service:frontend", "service:checkout")
    assert (found.red.calls, found.client_latency) == (1, None)
    assert found.red.latency == found.server_latency is not None


def test_a_node_that_sends_no_spans_is_measured_by_its_callers():
    put = span("PutItem", kind=Kind.CLIENT, at=(0, 50), attributes=DYNAMODB, **failure())
    found = node(graph_of(put), "database:dynamodb/orders")
    assert (found.kind, found.name, found.red.calls, found.red.errors) == ("database", "dynamodb/orders", 1, 1)


def test_a_service_without_edges_is_a_node():
    found = graph_of(span("job"))
    assert [(each.id, each.red.calls) for each in found.nodes] == [("service:checkout", 0)]
    assert found.edges == ()


def test_only_calls_within_the_window_are_drawn():
    late = span("late", kind=Kind.SERVER, at=(61_000, 61_001), resource=PAYMENTS)
    spans = [span("early", kind=Kind.SERVER), late]
    assert {each.id for each in graph_of(*spans).nodes} == {"user:user", "service:checkout"}
    rollups = {hour: coarsen(rollup) for hour, rollup in contribution(stored(spans)).items()}
    assert {each.id for each in graph(rollups, MINUTE).nodes} == {"user:user", "service:checkout", "service:payments"}


def test_sampled_calls_count_for_those_that_were_dropped():
    spans = [with_fields(each, trace_state="ot=th:c") for each in calls_to_payments(1)]
    assert edge(graph_of(*spans), "service:checkout", "service:payments").red.calls == 4


def test_services_and_operations_say_what_they_were_asked_to_do():
    rollups = contribution(stored(trace()))
    found = {each.service: each for each in services(rollups, MINUTE)}
    assert (found["checkout"].spans, found["checkout"].red.calls) == (4, 1)
    assert list(found) == sorted(found)
    asked = operations(rollups, MINUTE, "payments")
    assert [(each.operation, each.kind, each.red.errors) for each in asked] == [("charge", "server", 1)]
    assert operations(rollups, MINUTE, "nobody") == ()


def test_answers_are_json_in_camel_case():
    (first, *_) = msgspec.json.decode(msgspec.json.encode(graph_of(*calls_to_payments(1))))["edges"]
    assert set(first) == {"client", "server", "connection", "red", "clientLatency", "serverLatency"}
    assert set(first["red"]) == {"calls", "errors", "callsPerS", "errorRatio", "latency"}
