"""Topics, buses, streams, tables, objects and brokers: what is not said of all sources together in test_recognise."""

import json

import pytest

from chalicelib.propagation.triggers import brokers
from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.recognise import recognise
from tests.propagation.triggers import events

NOBODY = Invoked()
SENDER = [(events.TRACE_ID, events.SPAN_ID)]


def complete(found):
    return [(each.trace_id, each.span_id) for each in found.contexts if each.is_complete]


def records_of(event):
    return tuple(recognise(event, NOBODY).records)


def test_a_notification_may_carry_its_context_in_binary():
    """Datadog writes it so, since a JSON text would be matched by the subscription's filter policy."""
    attributes = {"_datadog": {"Type": "Binary", "Value": events.b64(json.dumps(events.DATADOG))}}
    (record,) = records_of(events.sns(attributes=attributes))
    assert complete(record) == [(events.TRACE_ID, f"{67667974448284343:016x}")]


def test_a_topic_does_not_take_back_single_records():
    assert not recognise(events.sns(), NOBODY).is_partial


@pytest.mark.parametrize(
    "detail",
    [{"_trace": events.OURS}, {"_datadog": events.OURS}, {"traceparent": events.TRACEPARENT}, {"headers": events.OURS}],
    ids=["_trace", "_datadog", "top level", "headers"],
)
def test_a_bus_events_context_is_found_where_producers_put_it(detail):
    assert complete(recognise(events.bus_event(detail), NOBODY)) == SENDER


def test_a_bus_event_is_described_as_a_cloud_event():
    attributes = recognise(events.bus_event(**{"replay-name": "sunday"}), NOBODY).attributes
    assert attributes["cloudevents.event_type"] == "OrderPlaced"
    assert attributes["cloudevents.event_source"] == "shop.orders"
    assert attributes["spanfold.replay"] == "sunday"


def test_an_object_that_s3_tells_the_bus_of_has_the_pointer_that_its_writer_knows():
    joins = recognise(events.s3_on_bus(), NOBODY).joins
    assert joins[1:3] == ("s3:e721375466d4116ab551213fdea08413", "s3-request:N4N7GDK58NMKJ12R")


def test_the_end_of_an_execution_is_known_by_its_arn():
    event = events.bus_event({"executionArn": events.EXECUTION, "status": "FAILED"}, "aws.states", "Status Change")
    assert f"states:{events.EXECUTION}" in recognise(event, NOBODY).joins


@pytest.mark.parametrize("build", [events.schedule, events.scheduler])
def test_what_the_clock_starts_says_when_it_was_due(build):
    trigger = recognise(build(), NOBODY)
    assert (trigger.faas_trigger, trigger.source, trigger.contexts) == ("timer", "nightly", ())
    assert trigger.attributes["faas.time"] == "2026-11-22T12:00:00Z"
    assert trigger.inferred[0].name == "schedule nightly"


def test_a_streams_record_is_called_by_its_sequence_number():
    first, second = records_of(events.kinesis())
    assert first.identifier.endswith("8870")
    assert first.joins == (f"kinesis:clicks:{first.identifier}",)
    assert (complete(first), complete(second)) == (SENDER, [])
    assert first.inferred[0].start_ns == events.NOON_NS


def test_pipes_records_of_a_stream_are_flat():
    trigger = recognise(events.pipes_kinesis(), NOBODY)
    assert (trigger.kind, trigger.attributes["spanfold.pipes.source"], trigger.is_partial) == ("pipes", "kinesis", True)
    assert complete(trigger.records[0]) == SENDER


def test_a_record_that_firehose_took_from_a_stream_is_known_by_that_streams_number_too():
    (record,) = records_of(events.firehose())
    assert record.joins[1].startswith("kinesis:clicks:")
    assert complete(record) == SENDER


@pytest.mark.parametrize(
    "change",
    [events.table_change("INSERT", {"traceparent": {"S": events.TRACEPARENT}}),
     events.table_change("MODIFY", {"_trace": {"M": {"traceparent": {"S": events.TRACEPARENT}}}}),
     events.table_change("MODIFY", {"_trace": {"S": json.dumps(events.OURS)}}, {"_trace": {"S": "{}"}})],
)  # fmt: skip
def test_a_writer_can_leave_its_context_in_the_item(change):
    assert complete(records_of(events.dynamodb(change))[0]) == SENDER


def test_a_change_that_left_the_items_context_as_it_was_is_somebody_elses():
    kept = {"traceparent": {"S": events.TRACEPARENT}}
    assert complete(records_of(events.dynamodb(events.table_change("MODIFY", kept, kept)))[0]) == []


def test_a_change_of_an_item_is_known_by_table_and_key():
    record = records_of(events.dynamodb())[0]
    assert record.joins == ("dynamodb:7f1aee721472bcb48701d45c7c7f7821",)
    assert record.attributes == {"faas.document.collection": "some-table", "faas.document.operation": "edit"}
    assert record.identifier == "4421584500000000017450439091"


def test_an_item_whose_time_was_over_was_deleted_by_the_table():
    service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    record = records_of(events.dynamodb(events.table_change("REMOVE", userIdentity=service)))[0]
    assert record.attributes["spanfold.dynamodb.expired"] is True
    assert record.attributes["faas.document.operation"] == "delete"


def test_an_objects_key_is_decoded():
    (record,) = records_of(events.s3())
    assert record.attributes["aws.s3.key"] == "orders/a b!.json"


@pytest.mark.parametrize(
    ("name", "operation"),
    [("ObjectCreated:Put", "insert"), ("s3:ObjectRemoved:Delete", "delete"), ("ObjectRestore:Completed", "edit")],
)
def test_what_was_done_to_an_object_is_one_of_three(name, operation):
    (record,) = records_of({"Records": [{**events.object_record(), "eventName": name}]})
    assert record.attributes["faas.document.operation"] == operation


@pytest.mark.parametrize(
    "encoded",
    [
        events.numbers("blå"),
        events.by_position("blå"),
        events.b64("blå"),
        [byte - 256 if byte > 127 else byte for byte in "blå".encode()],
    ],
    ids=["numbers", "by position", "base64", "signed"],
)
def test_bytes_of_a_kafka_header_are_read_in_every_encoding(encoded):
    assert brokers.of_bytes(encoded) == "blå"


@pytest.mark.parametrize(
    "encoded", [None, 7, [1000], ["x"], [None], {"a": "48"}, {"1": "48"}, [48] * 10_000, {"0": "999"}, "%"]
)
def test_bytes_that_are_none_are_no_text(encoded):
    assert brokers.of_bytes(encoded) == ""


def test_records_of_all_partitions_are_one_batch():
    first, second = records_of(events.msk())
    assert [complete(first), complete(second)] == [SENDER, SENDER]
    assert (first.joins, second.joins) == (("kafka:clicks:0:15",), ("kafka:clicks:1:15",))
    assert first.baggage == (("tenant", "blue"),)


def test_who_runs_the_cluster_tells_two_kinds_apart():
    assert [recognise(build(), NOBODY).kind for build in (events.msk, events.kafka)] == ["msk", "kafka"]


def test_messages_of_brokers_carry_headers():
    (active,), (rabbit,) = records_of(events.activemq()), records_of(events.rabbitmq())
    assert (complete(active), complete(rabbit)) == (SENDER, SENDER)
    assert active.attributes["spanfold.delivery.redelivered"] is True
    assert "spanfold.delivery.redelivered" not in rabbit.attributes
    assert recognise(events.rabbitmq(), NOBODY).source == "orders"
