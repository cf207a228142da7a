"""Batches: links to every producer, a span per record, and what failed."""

import pytest

from chalicelib.propagation.joins import RECEIVED
from chalicelib.tracing import baggage, current_span, records, span, traced, tracer
from chalicelib.tracing.origins import MAX_CHAINS
from chalicelib.tracing.span import CONSUMER, ERROR, UNSET
from tests.clocks import NOON_NS
from tests.tracing.lambda_world import (
    MS,
    OTHER_TRACE,
    PARENT,
    TRACE,
    LambdaContext,
    batch_of,
    in_lambda,
    message,
    request,
    traceparent,
)

TWO_TRACES = batch_of(message(1, traceparent()), message(2, traceparent(OTHER_TRACE)))
SAME_TRACE = batch_of(message(1, traceparent()), message(2, traceparent(TRACE, "1" * 16)))


@traced
def walking(event, context):
    return [(current_span().name, record["messageId"]) for record in records(event)]


@traced
def working(event, context):
    for _ in records(event):
        with span("work"):
            pass


def answering(answer):
    @traced
    def handler(event, context):
        for _ in records(event):
            pass
        return answer

    return handler


def failing(*numbers):
    return {"batchItemFailures": [{"itemIdentifier": f"message-{number}"} for number in numbers]}


def linked(found):
    return [(link.context.trace_id, link.context.span_id) for link in found.links]


def test_a_batch_of_several_traces_begins_its_own_and_links_to_each(recorder):
    assert walking(TWO_TRACES, LambdaContext()) == [("record paid", "message-1"), ("record paid", "message-2")]
    own, process = recorder.named("orders"), recorder.named("process paid")
    assert own.parent_id == ""
    assert (process.kind, process.parent_id, process.trace_id) == (CONSUMER, own.span_id, own.trace_id)
    assert linked(process) == [(TRACE, PARENT), (OTHER_TRACE, PARENT)]
    assert process.attributes[RECEIVED] == ["sqs:message-1", "sqs:message-2"]
    assert process.attributes["messaging.batch.message_count"] == 2
    first, second = recorder.all_named("record paid")
    assert {first.parent_id, second.parent_id} == {process.span_id}
    assert (linked(first), linked(second)) == ([(TRACE, PARENT)], [(OTHER_TRACE, PARENT)])
    assert first.attributes[RECEIVED] == ["sqs:message-1"]


@pytest.mark.parametrize("event", [batch_of(message(1, traceparent())), SAME_TRACE])
def test_a_batch_of_one_message_or_of_one_trace_belongs_to_it_and_links_all_the_same(recorder, event):
    walking(event, LambdaContext())
    own = recorder.named("orders")
    queue = next(found for found in recorder.spans if found.span_id == own.parent_id)
    assert (own.trace_id, queue.trace_id, queue.parent_id) == (TRACE, TRACE, PARENT)
    assert len(recorder.named("process paid").links) == len(event["Records"])


def test_links_alone_if_that_is_asked_for():
    recorder = in_lambda(SPANFOLD_PARENT="always-link")
    walking(batch_of(message(1, traceparent())), LambdaContext())
    assert recorder.named("orders").parent_id == ""
    assert linked(recorder.named("process paid")) == [(TRACE, PARENT)]


def test_a_record_stays_in_its_producers_trace_if_that_is_asked_for():
    recorder = in_lambda(SPANFOLD_PARENT="record")
    working(TWO_TRACES, LambdaContext())
    process = recorder.named("process paid")
    first, second = recorder.all_named("record paid")
    assert [(one.trace_id, one.parent_id) for one in (first, second)] == [(TRACE, PARENT), (OTHER_TRACE, PARENT)]
    assert linked(first) == [(TRACE, PARENT), (process.trace_id, process.span_id)]
    assert [one.trace_id for one in recorder.all_named("work")] == [TRACE, OTHER_TRACE]
    assert process.trace_id not in (TRACE, OTHER_TRACE)


def test_records_of_one_trace_stay_beneath_the_batch_whatever_is_asked_for():
    recorder = in_lambda(SPANFOLD_PARENT="record")
    walking(SAME_TRACE, LambdaContext())
    process = recorder.named("process paid")
    assert {one.parent_id for one in recorder.all_named("record paid")} == {process.span_id}


def test_the_time_in_the_queue_is_a_span_of_the_producers_trace(recorder):
    walking(TWO_TRACES, LambdaContext())
    waits = [found for found in recorder.spans if found.parent_id == PARENT]
    assert {found.trace_id for found in waits} == {TRACE, OTHER_TRACE}
    own = recorder.named("orders")
    for found in waits:
        assert (found.start_ns, found.end_ns) == (NOON_NS - 500 * MS, own.start_ns)
    assert recorder.named("process paid").attributes["spanfold.batch.oldest_age_ms"] == 501


def test_a_message_from_the_future_waited_for_no_time(recorder):
    walking(batch_of(message(1, traceparent(), sent_ms=NOON_NS // MS + 60_000)), LambdaContext())
    (wait,) = (found for found in recorder.spans if found.parent_id == PARENT)
    assert wait.start_ns == wait.end_ns == recorder.named("orders").start_ns
    assert recorder.named("process paid").attributes["spanfold.batch.oldest_age_ms"] == 0


def test_of_a_large_batch_the_ways_are_not_shown_one_by_one(recorder):
    count = MAX_CHAINS + 1
    event = batch_of(*(message(number, traceparent(f"{number + 1:032x}")) for number in range(count)))
    walking(event, LambdaContext())
    assert not [found for found in recorder.spans if found.parent_id == PARENT]
    assert len(recorder.named("process paid").links) == count


def test_links_have_a_limit_and_the_rest_is_counted(recorder):
    event = batch_of(*(message(number, traceparent(f"{number + 1:032x}")) for number in range(200)))
    walking(event, LambdaContext())
    process = recorder.named("process paid")
    assert (len(process.links), process.dropped_links) == (128, 72)
    assert len(process.attributes[RECEIVED]) == 128
    assert len(recorder.all_named("record paid")) == 200


def test_the_records_that_the_answer_names_are_errors(recorder):
    answer = failing(2)
    assert answering(answer)(TWO_TRACES, LambdaContext()) is answer
    first, second = recorder.all_named("record paid")
    assert (first.status_code, second.status_code) == (UNSET, ERROR)
    assert second.attributes["error.type"] == "batch_item_failure"
    process = recorder.named("process paid")
    assert (process.status_code, process.status_message) == (ERROR, "1 of 2 records failed")
    assert process.attributes["spanfold.batch.failed_count"] == 1
    assert recorder.named("orders").status_code == UNSET


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, "done"])
def test_no_names_is_success(recorder, answer):
    answering(answer)(TWO_TRACES, LambdaContext())
    assert {found.status_code for found in recorder.spans} == {UNSET}


@pytest.mark.parametrize("name", ["", None, "message-9", 7])
def test_a_name_that_no_record_has_fails_the_whole_batch(recorder, name):
    answering({"batchItemFailures": [{"itemIdentifier": name}]})(TWO_TRACES, LambdaContext())
    assert [found.status_code for found in recorder.all_named("record paid")] == [ERROR, ERROR]
    assert recorder.named("orders").attributes["spanfold.batch.unknown_identifier"] is True


def test_records_that_were_not_walked_over_are_told_as_events(recorder):
    traced(lambda event, context: failing(2))(TWO_TRACES, LambdaContext())
    (event,) = recorder.named("process paid").events
    assert event.attributes == {"spanfold.record.identifier": "message-2"}


def test_of_a_stream_everything_comes_again_after_the_first_failure(recorder):
    def record(number):
        return {
            "eventSource": "aws:kinesis",
            "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
            "kinesis": {"sequenceNumber": f"{number}", "data": "e30=", "approximateArrivalTimestamp": NOON_NS / 1e9},
        }

    answer = {"batchItemFailures": [{"itemIdentifier": "2"}]}
    traced(lambda event, context: answer)(batch_of(*map(record, range(1, 6))), LambdaContext())
    process = recorder.named("process clicks")
    assert process.attributes["spanfold.batch.failed_count"] == 1
    assert process.attributes["spanfold.batch.retried_count"] == 4


def test_the_record_in_hand_is_at_fault_when_the_handler_raises(recorder):
    @traced
    def handler(event, context):
        for record in records(event):
            if record["messageId"] == "message-2":
                raise ValueError("declined")

    with pytest.raises(ValueError, match="declined"):
        handler(TWO_TRACES, LambdaContext())
    first, second = recorder.all_named("record paid")
    assert (first.status_code, second.status_code) == (UNSET, ERROR)
    assert second.events[0].attributes["exception.message"] == "declined"
    assert recorder.named("process paid").attributes["spanfold.batch.retried_count"] == 2
    assert recorder.named("orders").status_code == ERROR


@span("charge")
def charge(record):
    raise ValueError("declined")


def test_an_error_that_the_loop_deals_with_is_marked_by_the_answer(recorder):
    @traced
    def handler(event, context):
        failed = []
        for record in records(event):
            try:
                charge(record)
            except ValueError:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    handler(TWO_TRACES, LambdaContext())
    assert [found.status_code for found in recorder.all_named("record paid")] == [ERROR, ERROR]
    assert [found.parent_id for found in recorder.all_named("charge")] == [
        found.span_id for found in recorder.all_named("record paid")
    ]


def test_a_loop_that_is_left_early_ends_its_record(recorder):
    @traced
    def handler(event, context):
        for _ in records(event):
            break
        return current_span().name

    assert handler(TWO_TRACES, LambdaContext()) == "process paid"
    (found,) = recorder.all_named("record paid")
    assert found.end_ns
    assert found.status_code == UNSET


def test_each_record_has_its_own_baggage(recorder):
    first, second = message(1, traceparent()), message(2, traceparent(OTHER_TRACE))
    first["messageAttributes"]["baggage"] = {"stringValue": "user=7", "dataType": "String"}

    @traced
    def handler(event, context):
        return [baggage.get("user") for _ in records(event)]

    assert handler(batch_of(first, second), LambdaContext()) == ["7", None]


def test_a_retry_says_which_attempt_it_is(recorder):
    walking(batch_of(message(1, traceparent(), attempt=3)), LambdaContext())
    assert recorder.named("record paid").attributes["spanfold.delivery.attempt"] == 3


def test_outside_of_an_invocation_records_are_spans_all_the_same(recorder):
    for _ in records(TWO_TRACES):
        with span("work"):
            pass
    tracer().flush()
    assert recorder.names == ["record paid", "record paid", "work", "work"]


@pytest.mark.parametrize(
    ("event", "items"),
    [
        ({}, []),
        (request(), []),
        ([1, 2], [1, 2]),
        ({"Records": [1, None]}, [1, None]),
        ({"records": {"topic-0": [1], "topic-1": [2]}}, [1, 2]),
        ({"Records": "text"}, []),
    ],
)
def test_any_event_gives_its_records_untouched(recorder, event, items):
    assert list(records(event)) == items
