"""Who called whom, as the service graph counts it."""

from collections import Counter
from typing import Any

from hypothesis import given

from chalicelib.model.span import Kind, Link, Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.rollups.operations import operations
from chalicelib.rollups.topology import topology
from tests.actors import (
    CHECKOUT,
    DATABASE,
    FRONTEND,
    FULFILMENT,
    PAYMENTS,
    TRACE_ID,
    call,
    resource,
    span,
    trace,
    with_fields,
)
from tests.rollups.strategies import stored, traces

ORDERS = {"messaging.system": "aws_sqs", "messaging.destination.name": "orders"}


def edges(*spans: Span) -> list[str]:
    """`caller -> called` of each call, "~>" for messages; kinds are said where they are not services."""
    return edges_of(stored(list(spans)))


def edges_of(trace: StoredTrace) -> list[str]:
    found = []
    for each in topology(operations(trace)).calls:
        client, server = each.client_node, each.server_node
        arrow = "~>" if each.is_messaging else "->"
        found.append(f"{_said(client.kind, client.name)} {arrow} {_said(server.kind, server.name)}")
    return sorted(found)


def _said(kind: str, name: str) -> str:
    return name if kind in ("service", "user") else f"{name} ({kind})"


def client(name: str, parent: Span | None = None, **fields: Any) -> Span:
    return span(name, parent=parent, **({"kind": Kind.CLIENT} | fields))


def test_the_shop_calls_as_it_is_drawn():
    assert edges(*trace()) == sorted(
        [
            "user -> frontend",
            "frontend -> checkout",
            "checkout -> payments",
            "checkout -> database",
            "checkout ~> queue",
            "queue ~> fulfilment",
        ]
    )


def test_a_client_and_its_server_are_one_call_with_both_sides_measured():
    caller, called = call("charge", parent=None, at=(0, 100), by=CHECKOUT, to=PAYMENTS)
    (found,) = [each for each in topology(operations(stored([caller, called]))).calls if each.client is not None]
    assert found.client is not None
    assert found.server is not None
    assert (found.client.span, found.server.span) == (caller, called)


def test_a_call_within_a_service_is_no_edge_and_needs_no_peer():
    caller, called = call("self", parent=None, at=(0, 100), by=CHECKOUT, to=CHECKOUT)
    assert edges(with_fields(caller, attributes={"server.address": "checkout.local"}), called) == []


def test_a_client_whose_server_sent_no_spans_called_its_peer():
    put = client("PutItem", attributes={"db.system": "dynamodb", "aws.dynamodb.table_names": ["orders"]})
    assert edges(put) == ["checkout -> dynamodb/orders (database)"]


def test_a_client_that_was_answered_called_no_peer():
    caller, called = call("put", parent=None, at=(0, 100), by=CHECKOUT, to=DATABASE)
    assert edges(with_fields(caller, attributes={"db.system": "mysql"}), called) == ["checkout -> database"]


def test_a_call_of_a_library_within_that_of_an_sdk_is_counted_once():
    outer = client("DynamoDB.PutItem", attributes={"db.system": "dynamodb"})
    inner = client("POST", outer, attributes={"server.address": "dynamodb.eu-west-1.amazonaws.com"})
    assert edges(outer, inner) == ["checkout -> dynamodb (database)"]


def test_a_call_within_one_that_names_nobody_speaks_for_itself():
    outer = client("fetch all")
    inner = client("GET", outer, attributes={"server.address": "api.example.com"})
    assert edges(outer, inner) == ["checkout -> api.example.com (external)"]


def test_an_answer_to_the_inner_call_answers_the_outer_one():
    outer = client("invoke", attributes={"faas.invoked_name": "payments"})
    inner = client("POST", outer, attributes={"server.address": "lambda.eu-west-1.amazonaws.com"})
    served = span("serve", parent=inner, kind=Kind.SERVER, resource=PAYMENTS)
    assert edges(outer, inner, served) == ["checkout -> payments"]


def test_a_consumer_below_its_producer_is_a_message_between_services():
    send = span("send", kind=Kind.PRODUCER, attributes=ORDERS)
    process = span("process", parent=send, kind=Kind.CONSUMER, resource=FULFILMENT, attributes=ORDERS)
    assert edges(send, process) == ["checkout ~> fulfilment"]


def test_a_consumer_linked_to_its_producer_in_the_trace_is_a_message_between_services():
    send = span("send", kind=Kind.PRODUCER, attributes=ORDERS)
    link = Link(trace_id=TRACE_ID, span_id=send.span_id)
    process = span("process", kind=Kind.CONSUMER, resource=FULFILMENT, attributes=ORDERS, links=(link, link))
    assert edges(send, process) == ["checkout ~> fulfilment"]


def test_a_link_to_another_trace_leaves_both_to_the_queue():
    send = span("send", kind=Kind.PRODUCER, attributes=ORDERS)
    link = Link(trace_id="f" * 32, span_id="1" * 16)
    process = span("process", kind=Kind.CONSUMER, resource=FULFILMENT, attributes=ORDERS, links=(link,))
    assert edges(send) == ["checkout ~> aws_sqs/orders (messaging)"]
    assert edges(process) == ["aws_sqs/orders (messaging) ~> fulfilment"]


def test_a_batch_from_here_and_from_elsewhere_is_both():
    send = span("send", kind=Kind.PRODUCER, attributes=ORDERS)
    links = (Link(trace_id=TRACE_ID, span_id=send.span_id), Link(trace_id="f" * 32, span_id="1" * 16))
    process = span("process", kind=Kind.CONSUMER, resource=FULFILMENT, attributes=ORDERS, links=links)
    assert edges(send, process) == ["aws_sqs/orders (messaging) ~> fulfilment", "checkout ~> fulfilment"]


def test_a_service_that_queues_for_itself_is_seen_at_its_queue():
    send = span("send", kind=Kind.PRODUCER, attributes=ORDERS)
    process = span("process", parent=send, kind=Kind.CONSUMER, attributes=ORDERS)
    assert edges(send, process) == ["aws_sqs/orders (messaging) ~> checkout", "checkout ~> aws_sqs/orders (messaging)"]


def test_processing_within_a_receive_took_no_second_message():
    receive = span("receive", kind=Kind.CONSUMER, attributes=ORDERS)
    process = span("process", parent=receive, kind=Kind.CONSUMER, attributes=ORDERS)
    assert edges(receive, process) == ["aws_sqs/orders (messaging) ~> checkout"]


def test_only_a_root_server_was_called_by_the_user():
    assert edges(span("GET /", kind=Kind.SERVER)) == ["user -> checkout"]
    assert edges(span("GET /", parent="not here", kind=Kind.SERVER)) == []
    assert edges(span("job", kind=Kind.INTERNAL)) == []


def test_what_a_timer_or_a_queue_set_off_was_not_called_by_the_user():
    assert edges(span("nightly", kind=Kind.SERVER, attributes={"faas.trigger": "timer"})) == []
    attributes = ORDERS | {"faas.trigger": "pubsub"}
    assert edges(span("orders", kind=Kind.SERVER, attributes=attributes)) == ["aws_sqs/orders (messaging) ~> checkout"]


def test_a_shared_zipkin_span_is_a_call_and_its_children_are_the_servers():
    caller = client("get", resource=FRONTEND)
    served = with_fields(caller, kind=Kind.SERVER, resource=CHECKOUT)
    below = client("PutItem", served, attributes={"db.system": "mysql"})
    assert edges(caller, served, below) == ["checkout -> mysql (database)", "frontend -> checkout"]


def test_versions_of_a_span_are_one_call():
    running = client("get", at=(0, 0), attributes={"server.address": "api"})
    assert edges(running, with_fields(running, end_ns=running.end_ns + 5)) == ["checkout -> api (external)"]


def test_a_caller_that_is_no_client_is_one_all_the_same_but_has_measured_nothing():
    caller = span("handler", resource=FRONTEND)
    served = span("serve", parent=caller, kind=Kind.SERVER)
    (found,) = topology(operations(stored([caller, served]))).calls
    assert edges(caller, served) == ["frontend -> checkout"]
    assert found.client_bucket < 0


def test_a_long_chain_of_clients_that_name_nobody_is_walked_once():
    chain = [client("0")]
    for number in range(1, 5000):
        chain.append(client(str(number), chain[-1]))
    named = [client(f"leaf {number}", chain[-1], attributes={"server.address": "api"}) for number in range(5000)]
    assert Counter(edges(*chain, *named)) == {"checkout -> api (external)": 5000}


def test_many_spans_of_one_id_are_walked_once():
    shared = [with_fields(client("x"), start_ns=number, resource=resource("a")) for number in range(3000)]
    below = [span(str(number), parent="x", kind=Kind.SERVER) for number in range(3000)]
    assert len(edges(*shared, *below)) == 3000


@given(traces())
def test_a_call_has_a_service_at_one_end_and_its_measure_there(trace: StoredTrace):
    for each in topology(operations(trace)).calls:
        assert (each.client_node.kind == "service") == (each.client is not None)
        assert (each.server_node.kind == "service") == (each.server is not None)
        assert each.client_node != each.server_node


@given(traces())
def test_the_order_of_the_spans_means_nothing(trace: StoredTrace):
    assert edges_of(trace) == edges_of(StoredTrace(trace_id=TRACE_ID, spans=trace.spans[::-1], arrived_ms=1))
