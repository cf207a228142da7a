"""The traced workflow, end to end: API Gateway, SQS, SNS, Step Functions and EventBridge between six functions.

Everything is as deployed: the handlers in processes of their own, the library's copy, log lines through a subscription
into the receiver, and traces read back over the API.
"""

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
    senders = {orders.spans[link["linkedIndex"]]["index"] for link in batch["linked"]}
    placed = {above["index"] for sender in senders for above in orders.above(orders.spans[sender])}
    assert len(batch["linked"]) == 10
    assert batch["kind"] == "consumer"
    assert batch["attributes"]["messaging.batch.message_count"] == 10
    assert {invoked["index"] for invoked in orders.invocations("PlaceOrder")} <= placed


def test_each_message_of_the_batch_has_a_span_linked_to_whoever_sent_it(orders):
    [batch] = orders.of("ReserveStock", name="process shop-StockQueue")
    messages = [span for span in orders.below(batch) if span.get("parentIndex") == batch["index"] and span["linked"]]
    assert len(messages) == 10
    assert all(len(message["linked"]) == 1 for message in messages)
    assert {orders.spans[m["linked"][0]["linkedIndex"]]["service"] for m in messages} == {"shop-PlaceOrder"}


def test_the_functions_of_the_state_machine_hang_beneath_their_states(orders):
    for function in ("Pack", "Ship"):
        for invoked in orders.invocations(function):
            above = [span["name"] for span in orders.above(invoked)]
            assert function in above[:2]
            assert any("shop-Shipping" in name for name in above)


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
    assert died["durationNs"] >= 0.8e9
    assert hung["error"] is True
    assert hung["durationNs"] >= 0.5e9
    assert not lived.get("error")


def test_a_retry_is_a_second_span_of_the_same_message_with_its_number(slow):
    tried = [span for span in slow.spans if "messaging.delivery_attempt" in span["attributes"]]
    died, lived = slow.invocations("Charge")
    assert died["parentId"] != died["spanId"]
    assert slow.way_to(died) == slow.way_to(lived)
    assert 2 in {span["attributes"]["messaging.delivery_attempt"] for span in tried}


def test_of_a_partial_failure_only_the_message_is_an_error(shelf):
    first = shelf.invocations("ReserveStock")[0]
    messages = [span for span in shelf.below(first) if span["linked"] and span["kind"] == "consumer"]
    [batch] = [span for span in messages if span["attributes"].get("messaging.batch.message_count") == 2]
    failed = [span for span in messages if span.get("error") and span is not batch]
    assert len(failed) == 1
    assert "exception" in failed[0]["events"]
    assert not first.get("error")


def test_a_message_that_came_back_from_the_dead_letters_says_so_in_the_same_trace(shelf):
    *_, redriven = shelf.invocations("ReserveStock")
    told = [span["attributes"] for span in (redriven, *shelf.below(redriven), *shelf.above(redriven))]
    assert any("StockQueue" in str(value) for each in told for key, value in each.items() if "dead_letter" in key)
    assert len(shelf.invocations("ReserveStock")) == 3
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
    [batch] = [span for span in Trace(day.backend, third).spans if span["name"] == "process shop-StockQueue"]
    assert {link["linkedSpanId"] for link in batch["linked"]} <= sent
    assert {link["linkedTraceId"] for link in batch["linked"]} == {visit.trace_id for visit in visits}
