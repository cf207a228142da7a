"""What spans call the messages that they sent and received, and which ends of joins a trace leaves to other traces."""

import pytest

from chalicelib.model.span import Kind, Link
from chalicelib.propagation.joins import MAX_JOINS, RECEIVED, SENT
from chalicelib.rollups.join_names import received_names, sent_names
from chalicelib.rollups.joins import TraceJoins, name_hash
from chalicelib.rollups.operations import Family, operations
from tests.actors import CHECKOUT, FULFILMENT, PAYMENTS, span
from tests.rollups.strategies import stored
from tests.rollups.test_topology import edges

SQS = {"messaging.system": "aws_sqs", "messaging.message.id": "m-1"}


def made(kind, **attributes):
    return span("a", kind=kind, attributes={key.replace("__", "."): value for key, value in attributes.items()})


@pytest.mark.parametrize(
    ("kind", "attributes", "names"),
    [
        (Kind.INTERNAL, {SENT: ["sqs:a", "sns:b"]}, ("sqs:a", "sns:b")),
        (Kind.INTERNAL, {SENT: "sqs:a"}, ("sqs:a",)),
        (Kind.PRODUCER, SQS, ("sqs:m-1",)),
        (Kind.PRODUCER, SQS | {SENT: ["sqs:m-1"]}, ("sqs:m-1",)),
        (Kind.PRODUCER, {"messaging.message.id": "no system"}, ()),
        (Kind.PRODUCER, SQS | {"messaging.system": "kafka"}, ("kafka:m-1",)),
        (Kind.CLIENT, SQS | {"messaging.operation.type": "send"}, ("sqs:m-1",)),
        (Kind.CLIENT, SQS | {"messaging.operation": "publish", "messaging.system": "AmazonSNS"}, ("sns:m-1",)),
        (Kind.CLIENT, SQS | {"messaging.operation.type": "receive"}, ()),
        (Kind.CONSUMER, SQS, ()),
        (Kind.CLIENT, {"aws.request_id": "r", "rpc.service": "Lambda", "rpc.method": "Invoke"}, ("lambda:r",)),
        (Kind.CLIENT, {"aws.request_id": "r", "rpc.method": "Lambda/Invoke"}, ("lambda:r",)),
        (Kind.CLIENT, {"aws.requestId": "r", "faas.invoked_name": "f"}, ("lambda:r",)),
        (Kind.CLIENT, {"aws.request_id": "r", "rpc.service": "SQS", "rpc.method": "SendMessage"}, ()),
        (Kind.INTERNAL, {SENT: 5}, ()),
        (Kind.INTERNAL, {SENT: [None, 1, "", "x" * 513, b"a"]}, ()),
    ],
)
def test_names_that_a_span_sent_under(kind, attributes, names):
    assert sent_names(made(kind, **attributes)) == names


@pytest.mark.parametrize(
    ("kind", "attributes", "names"),
    [
        (Kind.SERVER, {RECEIVED: ["s3:a"]}, ("s3:a",)),
        (Kind.CONSUMER, SQS, ("sqs:m-1",)),
        (Kind.INTERNAL, SQS | {"messaging.operation.type": "process"}, ("sqs:m-1",)),
        (Kind.CLIENT, SQS | {"messaging.operation.type": "receive"}, ("sqs:m-1",)),
        (Kind.CONSUMER, SQS | {"messaging.operation.type": "settle"}, ()),
        (Kind.PRODUCER, SQS, ()),
        (Kind.SERVER, {"faas.invocation_id": "r"}, ("lambda:r",)),
        (Kind.SERVER, {"faas.invocation_id": "r", "faas.trigger": "other"}, ("lambda:r",)),
        (Kind.SERVER, {"faas.invocation_id": "r", "faas.trigger": "http"}, ()),
        (Kind.CLIENT, {"faas.invocation_id": "r"}, ()),
        (Kind.SERVER, {RECEIVED: ["sqs:a", "lambda:r", "xray:b"], "faas.trigger": "pubsub"}, ("sqs:a",)),
        (
            Kind.SERVER,
            {RECEIVED: ["states:a", "lambda:r", "xray:b"], "faas.trigger": "other"},
            ("states:a", "lambda:r"),
        ),
    ],
)
def test_names_that_a_span_received(kind, attributes, names):
    assert received_names(made(kind, **attributes)) == names


def test_no_span_has_names_without_end():
    many = span("a", attributes={SENT: [f"sqs:{n}" for n in range(1000)]})
    assert len(sent_names(many)) == MAX_JOINS


def sent(name, *names, **fields):
    return span(name, **({"kind": Kind.PRODUCER, "attributes": {SENT: list(names)}} | fields))


def received(name, *names, **fields):
    attributes = {RECEIVED: list(names), "faas.trigger": "pubsub"}
    return span(name, **({"kind": Kind.SERVER, "attributes": attributes, "resource": FULFILMENT} | fields))


def loose(*spans):
    found = operations(stored(list(spans)))
    return sorted(
        (end.name, end.operation.span.name, end.is_received) for end in TraceJoins(found).loose_ends(Family(found))
    )


def test_ends_are_loose_where_the_other_is_in_no_span_of_the_trace():
    assert loose(sent("send", "sqs:1"), received("take", "sqs:2")) == [
        ("sqs:1", "send", False),
        ("sqs:2", "take", True),
    ]


def test_what_is_received_in_the_trace_that_sent_it_is_no_loose_end_but_others_may_receive_it_too():
    assert loose(sent("send", "sqs:1"), received("take", "sqs:1", at=(20, 30))) == [("sqs:1", "send", False)]


def test_an_invocation_and_its_records_are_set_off_once_by_one_name():
    outer = received("invocation", "sqs:1", "sqs:2")
    inner = received("process", "sqs:1", "sqs:2", parent=outer, kind=Kind.CONSUMER)
    record = received("record", "sqs:1", parent=inner, kind=Kind.CONSUMER)
    assert loose(outer, inner, record) == [("sqs:1", "invocation", True), ("sqs:2", "invocation", True)]


def test_spans_that_only_say_the_same_name_side_by_side_were_set_off_twice():
    assert len(loose(received("one", "sqs:1"), received("retry", "sqs:1"))) == 2


def test_spans_that_are_each_others_parents_are_no_endless_walk():
    one = received("one", "sqs:1", parent="two")
    assert len(loose(one, received("two", "sqs:1", parent="one"))) <= 2


def test_a_join_within_a_trace_is_a_message_between_its_services():
    drawn = edges(sent("send", "sqs:1", resource=CHECKOUT), received("take", "sqs:1", at=(20, 30)))
    assert drawn == ["checkout ~> fulfilment"]


def test_of_several_senders_in_the_trace_the_last_before_the_receiver_is_meant():
    drawn = edges(
        sent("first", "s3:1", resource=CHECKOUT),
        sent("second", "s3:1", resource=PAYMENTS, at=(10, 12)),
        sent("later", "s3:1", resource=CHECKOUT, at=(90, 92)),
        received("take", "s3:1", at=(20, 30)),
    )
    assert drawn == ["payments ~> fulfilment"]


def test_what_a_parent_or_link_tells_is_not_counted_again_for_a_join():
    send = sent("send", "sqs:1")
    by_parent = received("take", "sqs:1", parent=send, at=(20, 30))
    record = received("record", "sqs:1", parent=by_parent, at=(21, 29))
    assert edges(send, by_parent, record) == ["checkout ~> fulfilment"]
    link = Link(trace_id=send.trace_id, span_id=send.span_id)
    process = received("process", "sqs:1", kind=Kind.CONSUMER, links=(link,), at=(20, 30))
    record = received("record", "sqs:1", parent=process, at=(21, 29))
    assert edges(send, process, record) == ["checkout ~> fulfilment"]


def test_an_invocation_that_was_joined_was_not_called_by_the_user():
    take = received("take", "sqs:1", at=(20, 30), attributes={RECEIVED: ["lambda:1"]})
    assert edges(sent("send", "lambda:1"), take) == ["checkout ~> fulfilment"]


def test_a_hash_follows_from_the_name_alone_and_takes_five_bytes():
    assert name_hash("sqs:1") == name_hash("sqs:1") != name_hash("sqs:2")
    assert name_hash("\ud800") < 1 << 35
