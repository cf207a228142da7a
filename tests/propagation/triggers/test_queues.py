"""SQS, and whatever another service put into a queue."""

import json

import pytest

from chalicelib.propagation import executions
from chalicelib.propagation.triggers.budget import MAX_DEPTH, MAX_EVENT_CHARS, Budget
from chalicelib.propagation.triggers.envelopes import open_body
from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.recognise import recognise
from chalicelib.propagation.triggers.trigger import AT_START
from tests.propagation.triggers import events

NOBODY = Invoked()
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"


def record_of(event):
    (record,) = recognise(event, NOBODY).records
    return record


def complete(record):
    return [(each.trace_id, each.span_id) for each in record.contexts if each.is_complete]


SENDER = [(events.TRACE_ID, events.SPAN_ID)]


def test_a_batch_tells_of_its_queue():
    trigger = recognise(events.sqs(), NOBODY)
    assert trigger.attributes == {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "orders",
        "messaging.batch.message_count": 3,
        "aws.sqs.queue.url": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
    }
    assert (trigger.source, trigger.is_partial, trigger.contexts) == ("orders", True, ())


def test_every_message_has_its_own_producer():
    senders = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 11)]
    messages = [events.sqs_message(0, attributes=events.sqs_attributes(traceparent=sender)) for sender in senders]
    found = [complete(record) for record in recognise(events.sqs(*messages), NOBODY).records]
    assert found == [[(f"{number:032x}", f"{number:016x}")] for number in range(1, 11)]


def test_opentelemetrys_sqs_instrumentation_puts_a_prefix_before_the_names():
    """opentelemetry-instrumentation-boto3sqs; a name without the prefix is somebody's who came later."""
    attributes = {"otel.traceparent": events.TRACEPARENT, "otel.baggage": "a=1"}
    record = record_of(events.sqs(events.sqs_message(attributes=events.sqs_attributes(**attributes))))
    assert (complete(record), record.baggage) == (SENDER, (("a", "1"),))
    both = events.sqs_attributes(**attributes | {"traceparent": OTHER})
    assert complete(record_of(events.sqs(events.sqs_message(attributes=both)))) == [("1" * 32, "2" * 16)]


def test_the_producers_own_context_comes_before_x_rays():
    record = record_of(events.sqs(events.sqs_message(AWSTraceHeader=events.XRAY)))
    assert [each.format for each in record.contexts] == ["tracecontext", "xray"]
    assert record.joins == (f"sqs:{record.identifier}", f"xray:{events.XRAY_ROOT}")


def test_x_rays_header_is_the_context_where_there_is_no_other():
    record = record_of(events.sqs(events.sqs_message(attributes={}, AWSTraceHeader=events.XRAY)))
    assert complete(record) == [(events.XRAY_ROOT, events.XRAY_PARENT)]


def test_datadogs_object_is_read_from_an_attribute():
    attributes = events.sqs_attributes(_datadog=json.dumps(events.DATADOG))
    assert complete(record_of(events.sqs(events.sqs_message(attributes=attributes)))) == [
        (events.TRACE_ID, f"{67667974448284343:016x}")
    ]


def test_a_binary_attribute_is_decoded():
    assert complete(record_of(events.sns_raw_in_sqs())) == SENDER


def test_baggage_comes_along():
    attributes = events.sqs_attributes(traceparent=events.TRACEPARENT, baggage="tenant=blue,shop=7")
    assert record_of(events.sqs(events.sqs_message(attributes=attributes))).baggage == (
        ("tenant", "blue"),
        ("shop", "7"),
    )


def test_a_message_waited_from_when_it_was_sent_until_the_handler_begins():
    (queue,) = record_of(events.sqs(events.sqs_message())).inferred
    assert (queue.name, queue.start_ns, queue.end_ns) == ("queue orders", events.NOON_NS, AT_START)


def test_a_message_tells_of_its_group_and_of_its_tries():
    assert record_of(events.sqs_fifo()).attributes["spanfold.message.group"] == "blue"
    redriven = record_of(events.sqs_redriven())
    assert redriven.attributes["spanfold.delivery.attempt"] == 3
    assert redriven.attributes["spanfold.dead_letter.source"] == "orders-source"
    assert complete(redriven) == SENDER  # the trace goes on through the dead-letter queue


def test_a_functions_dead_letter_tells_of_the_invocation_that_failed():
    record = record_of(events.lambda_dead_letter())
    assert "lambda-result:request-9" in record.joins
    assert record.attributes["spanfold.dead_letter.error"] == "order is not defined"
    assert complete(record) == SENDER


def test_a_notification_in_a_queue_waited_in_the_topic_first():
    event = events.sns_in_sqs()
    event["Records"][0]["attributes"]["SentTimestamp"] = str(events.NOON_MS + 40)
    record = record_of(event)
    topic, queue = record.inferred
    assert (topic.name, topic.start_ns, topic.end_ns) == ("topic shipments", events.NOON_NS, queue.start_ns)
    assert (queue.name, queue.end_ns) == ("queue orders", AT_START)
    assert complete(record) == SENDER
    assert record.joins[1] == "sns:95df01b4-ee98-5cb9-9903-4c221d41eb5e"  # the same for every queue of the topic


@pytest.mark.parametrize("build", [events.bus_event_in_sqs, events.bus_detail_in_sqs])
def test_a_bus_event_in_a_queue_is_read_with_and_without_its_envelope(build):
    assert complete(record_of(build()))[:1] == SENDER


def test_an_object_in_a_notification_in_a_queue_is_known_by_its_pointer():
    record = record_of(events.s3_in_sns_in_sqs())
    assert [span.name for span in record.inferred] == ["bucket some-bucket", "topic shipments", "queue orders"]
    assert "s3:e721375466d4116ab551213fdea08413" in record.joins
    assert "s3-request:C3D13FE58DE4C810" in record.joins


def test_the_result_of_an_invocation_is_linked_and_not_continued():
    record = record_of(events.destination_in_sqs())
    assert record.contexts == ()
    assert [(each.trace_id, each.span_id) for each in record.links] == SENDER
    assert "lambda-result:e4b46cbf-b738-xmpl-8880-a18cdf61200e" in record.joins
    assert record.attributes["spanfold.lambda.condition"] == "RetriesExhausted"


def test_a_batch_that_lambda_gave_up_is_known_by_its_first_and_last_record():
    joins = record_of(events.stream_failure_in_sqs()).joins
    assert joins[-2:] == ("kinesis:clicks:1", "kinesis:clicks:9")


def test_a_state_that_sends_a_message_is_its_parent():
    """Step Functions' definitions put the context object into an attribute, or into a bus event's detail."""
    held = events.context_object()
    wanted = executions.context_of(held)
    attributes = events.sqs_attributes(_trace=json.dumps(held))
    assert record_of(events.sqs(events.sqs_message(attributes=attributes))).contexts == (wanted,)
    body = json.dumps(events.bus_event({"_datadog": held}))
    assert record_of(events.sqs(events.sqs_message(body=body, attributes={}))).contexts == (wanted,)


def test_the_attributes_of_a_message_come_before_what_is_in_its_body():
    message = events.sqs_message(
        body=json.dumps({"_trace": events.OURS}), attributes=events.sqs_attributes(traceparent=OTHER)
    )
    assert complete(record_of(events.sqs(message))) == [("1" * 32, "2" * 16), *SENDER]


HOSTILE = (
    None, 7, [], "", "{", "[]", "[1]", "null", '"_trace"', '{"_trace": null}', '{"_trace": {"traceparent": 7}}',
    '{"_trace": {"Execution": 1, "State": 2}}', "{" + '"_trace":{' * 20_000, "[" * 100_000,
    '{"_trace": ' + "9" * 9_000 + "}", '{"TopicArn": {}, "Message": [], "MessageId": 3}',
    '{"detail-type": 0, "detail": "", "source": [0]}', '{"Records": {"aws:s3": 0}}',
    '{"requestContext": 5, "version": 0, "timestamp": 0, "requestPayload": 0}',
    '{"requestContext": {}, "version": 0, "timestamp": 0, "KinesisBatchInfo": {"startSequenceNumber": []}}',
)  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: str(body)[:24])
def test_a_hostile_body_gives_a_message_without_a_context(body):
    record = record_of(events.sqs(events.sqs_message(body=body, attributes={})))
    assert record.contexts == ()
    assert record.joins[0] == f"sqs:{record.identifier}"


def test_notifications_within_notifications_are_opened_to_a_depth():
    body = json.dumps(events.notification("hello", {}))
    for _ in range(MAX_DEPTH + 3):
        body = json.dumps(events.notification(body, {}))
    names = [span.name for span in record_of(events.sqs(events.sqs_message(body=body, attributes={}))).inferred]
    assert names == ["topic shipments"] * MAX_DEPTH + ["queue orders"]


def test_no_more_than_a_megabyte_of_an_events_bodies_is_parsed():
    body = json.dumps({"_trace": events.OURS, "padding": "x" * 200_000})
    messages = [events.sqs_message(body=body, attributes={}) for _ in range(30)]
    opened = [bool(record.contexts) for record in recognise(events.sqs(*messages), NOBODY).records]
    assert sum(opened) == MAX_EVENT_CHARS // len(body)
    assert opened == sorted(opened, reverse=True)


def test_a_body_without_a_sign_of_a_context_is_not_parsed_at_all():
    budget = Budget()
    open_body(json.dumps({"order": 7}), 0, budget)
    assert budget.chars == MAX_EVENT_CHARS
