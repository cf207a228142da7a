"""The traced workflow, end to end: API Gateway, SQS, SNS, Step Functions and EventBridge between six functions.

Everything is as deployed: the handlers in processes of their own, the library's copy, log lines through a subscription
into the receiver, and traces read back over the API.
"""

import itertools
from collections import Counter

import pytest

from tests.end_to_end.workflows import Trace, played

FUNCTIONS = ("PlaceOrder", "ReserveStock", "Charge", "Pack", "Ship", "Notify")


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    with played(tmp_path_factory.mktemp("library")) as day:
        yield day


@pytest.fixture(scope="module")
def orders(day):
    return day.trace("three orders, ten lines")


@pytest.fixture(scope="module")
def slow(day):
    return day.trace("a card network that hangs")


@pytest.fixture(scope="module")
def shelf(day):
    return day.trace("an empty shelf")


def test_three_orders_are_one_trace_through_all_functions(orders):
    assert [len(orders.invocations(function)) for function in FUNCTIONS] == [3, 1, 3, 3, 3, 3]
    assert orders.assembly["summary"]["orphanCount"] == 0
    [root] = [span for span in orders.spans if span["depth"] == 0]
    assert root["service"] == "browser"


def test_every_way_from_the_browser_to_the_customers_inbox_leads_through_all_of_them(orders):
    ways = {tuple(orders.way_to(notified)) for notified in orders.invocations("Notify")}
    assert {tuple(service for service in way if service in FUNCTIONS) for way in ways} == {
        ("PlaceOrder", "ReserveStock", "Charge", "Ship", "Notify")
    }


def test_nothing_failed_and_tracing_neither(orders):
    assert [span["name"] for span in orders.spans if span.get("error")] == []
    assert not [span for span in orders.spans if "spanfold.errors" in span["attributes"]]


def test_the_batch_of_ten_is_linked_to_its_three_producers(orders):
    [batch] = orders.of("ReserveStock", name="process shop-StockQueue")
    senders = [orders.spans[link["linkedIndex"]] for link in batch["linked"]]
    placed = [next(orders.above(sender))["spanId"] for sender in senders]
    assert batch["kind"] == "consumer"
    assert batch["attributes"]["messaging.batch.message_count"] == 10
    assert {(sender["name"], sender["kind"]) for sender in senders} == {("send shop-StockQueue", "producer")}
    assert sorted(placed) == sorted(invoked["spanId"] for invoked in orders.invocations("PlaceOrder"))


def test_each_message_of_the_batch_has_a_span_linked_to_whoever_sent_it(orders):
    [batch] = orders.of("ReserveStock", name="process shop-StockQueue")
    messages = orders.messages(batch)
    senders = Counter(orders.spans[link["linkedIndex"]]["spanId"] for each in messages for link in each["linked"])
    assert {message["parentIndex"] for message in messages} == {batch["index"]}
    assert len({message["attributes"]["messaging.message.id"] for message in messages}) == 10
    assert sorted(senders.values()) == [3, 3, 4]


def test_the_functions_of_the_state_machine_hang_beneath_their_states(orders):
    for function in ("Pack", "Ship"):
        for invoked in orders.invocations(function):
            state, execution, started = itertools.islice(orders.above(invoked), 3)
            assert (state["name"], state["kind"]) == (function, "client")
            assert (execution["name"], execution["service"]) == ("shop-Shipping", "shop-Shipping")
            assert (started["name"], started["kind"]) == ("SFN.StartExecution", "producer")


def test_the_branch_that_an_execution_took_is_in_the_trace(orders, slow):
    assert [span["name"] for span in orders.of("Shipping") if "Wait" in span["name"]] == []
    assert [span["name"] for span in slow.of("Shipping") if "Wait" in span["name"]] == ["WaitForTheTruck"]


def test_a_message_waits_in_its_topic_and_its_queue_between_sender_and_receiver(orders):
    for invoked in orders.invocations("Charge"):
        above = [span["name"] for span in itertools.islice(orders.above(invoked), 3)]
        assert above == ["queue shop-ChargeQueue", "topic shop-ReservedTopic", "send shop-ReservedTopic"]


def test_the_first_invocation_of_a_function_is_a_cold_start_and_no_other(orders):
    for function in FUNCTIONS:
        assert [bool(span.get("coldStart")) for span in orders.invocations(function)][1:] == [False] * (
            len(orders.invocations(function)) - 1
        )
        assert orders.invocations(function)[0].get("coldStart") is True


def test_a_function_that_ran_out_of_time_is_closed_by_the_platforms_word_with_what_hung_inside(slow):
    died, lived = slow.invocations("Charge")
    [hung] = [span for span in slow.below(died) if span["name"] == "authorise the card"]
    assert died["error"] is True
    assert died["attributes"]["error.type"] == "timeout"
    assert hung["error"] is True
    assert min(died["durationNs"], hung["durationNs"]) >= 1e9
    assert "aws.lambda.billed_duration_ms" in died["attributes"]
    assert not lived.get("error")


def test_a_retry_is_a_second_span_of_the_same_message_with_its_number(slow):
    first, second = [span["attributes"] for span in slow.of("Charge", name="process shop-ChargeQueue")]
    died, lived = slow.invocations("Charge")
    assert first["messaging.message.id"] == second["messaging.message.id"]
    assert {first["spanfold.delivery.attempt"], second["spanfold.delivery.attempt"]} == {1, 2}
    assert slow.way_to(died) == slow.way_to(lived)
    assert lived["offsetNs"] >= died["offsetNs"] + died["durationNs"]


def test_of_a_partial_failure_only_the_message_is_an_error(shelf):
    first = shelf.invocations("ReserveStock")[0]
    tea, cup = shelf.messages(first)
    [batch] = [span for span in shelf.below(first) if span["name"] == "process shop-StockQueue"]
    assert not tea.get("error")
    assert cup["error"] is True
    assert cup["events"] == ["exception"]
    assert batch["attributes"]["spanfold.batch.failed_count"] == 1
    assert not first.get("error")


def test_a_message_that_failed_is_tried_again_alone(shelf):
    first, second, _ = shelf.invocations("ReserveStock")
    [again] = shelf.messages(second)
    assert again["attributes"]["messaging.message.id"] == shelf.messages(first)[1]["attributes"]["messaging.message.id"]
    assert again["attributes"]["spanfold.delivery.attempt"] == 2
    assert again["error"] is True


def test_a_message_that_came_back_from_the_dead_letters_says_so_in_the_same_trace(shelf):
    *_, third = shelf.invocations("ReserveStock")
    [redriven] = shelf.messages(third)
    told = redriven["attributes"]
    assert told["spanfold.dead_letter.source"] == "shop-StockQueue"
    assert told["spanfold.delivery.attempt"] == 1
    assert not redriven.get("error")
    assert len(shelf.invocations("Notify")) == 1


def test_lines_that_are_delivered_again_change_nothing(day, orders):
    before = day.trace("three orders, ten lines").spans
    day.receive(day.deliveries[: len(day.deliveries) // 2])
    assert day.trace("three orders, ten lines").spans == before


def test_a_batch_of_two_traces_is_a_third_that_links_to_both(day):
    visits = [day.trace("one of two visits"), day.trace("the other visit")]
    assert all(not visit.invocations("ReserveStock") for visit in visits)
    sent = {span["spanId"] for visit in visits for span in visit.of("PlaceOrder")}
    [third] = {trace_id for visit in visits for trace_id in day.linking_to(visit)}
    theirs = Trace(day.backend, third)
    [batch] = theirs.of("ReserveStock", name="process shop-StockQueue")
    assert {link["linkedSpanId"] for link in batch["linked"]} <= sent
    assert {link["linkedTraceId"] for link in batch["linked"]} == {visit.trace_id for visit in visits}
    assert [len(theirs.invocations(function)) for function in FUNCTIONS] == [0, 1, 2, 2, 2, 2]
