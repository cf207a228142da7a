"""A function called by its name: by clients, state machines, results, its own durable execution, and log lines."""

import gzip
import json
import types

import pytest

from chalicelib.propagation import executions
from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.logs import MAX_UNPACKED_BYTES
from chalicelib.propagation.triggers.recognise import recognise
from tests.propagation.triggers import events

NOBODY = Invoked()
SENDER = [(events.TRACE_ID, events.SPAN_ID)]
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"


def complete(found):
    return [(each.trace_id, each.span_id) for each in found.contexts if each.is_complete]


@pytest.mark.parametrize(
    "client_context",
    [events.OURS, {"custom": events.OURS}, {"_datadog": events.OURS}, types.SimpleNamespace(custom=events.OURS),
     types.SimpleNamespace(custom={"_trace": events.OURS})],
)  # fmt: skip
def test_an_invokers_client_context_is_read_however_it_comes(client_context):
    trigger = recognise({"order": 7}, Invoked(client_context=client_context))
    assert (trigger.kind, complete(trigger)) == ("invoke", SENDER)


@pytest.mark.parametrize("client_context", [7, "x", [], {"custom": 7}, types.SimpleNamespace(custom=None), object()])
def test_an_odd_client_context_carries_nothing(client_context):
    assert recognise({"order": 7}, Invoked(client_context=client_context)).contexts == ()


@pytest.mark.parametrize(
    "event",
    [{"_trace": events.OURS}, {"_datadog": events.OURS}, events.invoke(), {"traceparent": events.TRACEPARENT},
     {"params": {"header": {"Traceparent": events.TRACEPARENT}}}, {"Items": [], "BatchInput": {"_trace": events.OURS}}],
)  # fmt: skip
def test_a_payload_carries_its_context_under_a_key_or_in_headers(event):
    assert complete(recognise(event, NOBODY)) == SENDER


def test_an_invocation_is_known_by_its_request_id():
    assert recognise(None, Invoked("request-1")).joins == ("lambda:request-1",)


def test_lambdas_x_ray_variable_is_a_link_and_a_join_of_whatever_came():
    trigger = recognise(events.rest_request(), Invoked("r", xray_header=events.XRAY.replace("Sampled=1", "Sampled=0")))
    assert [(each.trace_id, each.span_id) for each in trigger.links] == [(events.XRAY_ROOT, events.XRAY_PARENT)]
    assert complete(trigger) == SENDER
    assert trigger.joins.count(f"xray:{events.XRAY_ROOT}") == 1


@pytest.mark.parametrize("header", [events.ROOT_ONLY, "nonsense", "Root=;Parent=", "=" * 9000])
def test_half_of_x_rays_variable_is_no_link(header):
    assert recognise({}, Invoked(xray_header=header)).links == ()


@pytest.mark.parametrize("build", [events.states_as_event, events.states_in_payload, lambda: events.states({})])
def test_a_state_is_the_parent_of_the_function_that_it_calls(build):
    trigger = recognise(build(), NOBODY)
    assert trigger.contexts == (executions.context_of(events.context_object()),)
    assert trigger.joins == (f"states:{events.EXECUTION}",)
    assert trigger.source == "shipping"
    assert trigger.attributes["aws.step_functions.state_machine.arn"] == events.arn("states", "stateMachine:shipping")


def test_an_execution_that_was_started_by_a_traced_function_is_of_its_trace():
    (context,) = recognise(events.states(), NOBODY).contexts
    assert (context.trace_id, context.span_id != events.SPAN_ID) == (events.TRACE_ID, True)
    assert recognise(events.states(), NOBODY).baggage == (("tenant", "blue"),)


def test_a_child_of_a_distributed_map_links_to_what_started_the_map():
    trigger = recognise(events.states_map_child(), NOBODY)
    assert trigger.contexts[0].trace_id != events.TRACE_ID
    assert [(each.trace_id, each.span_id) for each in trigger.links] == SENDER


def test_a_result_is_linked_to_what_the_other_function_was_given():
    trigger = recognise(events.destination(), NOBODY)
    assert (trigger.contexts, [(each.trace_id, each.span_id) for each in trigger.links]) == ((), SENDER)
    assert trigger.joins[0] == "lambda-result:e4b46cbf-b738-xmpl-8880-a18cdf61200e"
    assert trigger.attributes["spanfold.lambda.attempts"] == 3


def test_a_result_within_a_result_within_a_result_is_opened_to_a_depth():
    given = {"_trace": events.OURS}
    for _ in range(50):
        given = events.invocation_result(given)
    assert recognise(given, NOBODY).links == ()


def test_a_durable_function_continues_its_last_checkpoint():
    event = events.durable(("_datadog_0", {"traceparent": OTHER}), ("pay", {"paid": True}), ("_trace_1", events.OURS))
    trigger = recognise(event, NOBODY)
    assert complete(trigger)[0] == SENDER[0]
    assert (trigger.attributes["spanfold.durable.is_first"], trigger.inferred) == (False, ())


def test_a_durable_functions_first_run_continues_its_payload():
    trigger = recognise(events.durable(), NOBODY)
    assert (complete(trigger), trigger.source) == (SENDER, "order-7")
    assert trigger.inferred[0].start_ns == events.NOON_NS


@pytest.mark.parametrize(
    "state", [None, [], {}, {"Operations": {}}, {"Operations": [None, 7]}, {"Operations": {"a": 0}}]
)
def test_a_durable_function_whose_state_is_odd_is_a_root(state):
    trigger = recognise({**events.durable(), "InitialExecutionState": state}, NOBODY)
    assert (trigger.kind, trigger.contexts) == ("durable", ())


def test_a_client_of_cognito_can_hand_its_context_on():
    assert complete(recognise(events.cognito(), NOBODY)) == SENDER


def test_log_lines_link_to_the_spans_that_wrote_them():
    lines = [json.dumps({"trace_id": events.TRACE_ID, "span_id": events.SPAN_ID}), "START RequestId: 1",
             json.dumps({"traceparent": OTHER}), "{", json.dumps({"trace_id": "x", "span_id": 7})]  # fmt: skip
    trigger = recognise(events.logs(*lines), NOBODY)
    assert trigger.source == "/aws/lambda/pack"
    assert [complete(record) for record in trigger.records] == [SENDER, [], [("1" * 32, "2" * 16)], [], []]


def test_of_a_large_batch_of_log_lines_only_the_names_are_read():
    lines = [f"{number:09} traceparent " + "x" * 100 for number in range(10_000)]
    trigger = recognise(events.logs(*lines), NOBODY)
    assert (trigger.source, len(trigger.records)) == ("/aws/lambda/pack", 0)


def test_a_gzip_bomb_is_unpacked_no_further_than_to_the_limit():
    bomb = gzip.compress(b'{"logEvents":[' + b" " * 20 * MAX_UNPACKED_BYTES)
    assert len(bomb) < 20_000
    trigger = recognise({"awslogs": {"data": events.b64(bomb)}}, NOBODY)
    assert (trigger.kind, len(trigger.records)) == ("logs", 0)


LIST = gzip.compress(b"[]", mtime=0)  # the same name for the test, whoever collects it when


@pytest.mark.parametrize("packed", [None, 7, "", "%%%", "abcd", events.b64("hello"), events.b64(LIST)])
def test_what_is_no_gzip_gives_a_root(packed):
    trigger = recognise({"awslogs": {"data": packed}}, NOBODY)
    assert (trigger.kind, len(trigger.records), trigger.source) == ("logs", 0, "")
