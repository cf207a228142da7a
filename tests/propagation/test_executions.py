"""The vectors are those of datadog-lambda-python's tests (tests/test_tracing.py, read Nov 2026)."""

import pytest

from chalicelib.propagation import executions
from tests.propagation.triggers.events import EXECUTION, OURS, SPAN_ID, TRACE_ID, arn, context_object

MACHINE = "arn:aws:states:sa-east-1:425362996713:execution:abhinav-activity-state-machine"
ARN = f"{MACHINE}:72a7ca3e-901c-41bb-b5a3-5f279b92a316"


def datadog_object(**more):
    execution = {"Id": "665c417c-1237-4742-aaca-8b3becbb9e75", "RedriveCount": 0}
    state = {"Name": "my-awesome-state", "EnteredTime": "Mon Nov 13 12:43:33 PST 2023", "RetryCount": 0}
    return {"Execution": execution, "StateMachine": {}, "State": state, "serverless-version": "v1", **more}


def halves(context):
    return context.trace_id[:16].lstrip("0"), int(context.trace_id[16:], 16), int(context.span_id, 16)


def test_an_executions_trace_is_the_hash_of_its_arn():
    assert executions.trace_id(ARN) == f"3e7a89d1b7310603{435175499815315247:016x}"


@pytest.mark.parametrize(("retries", "redrives", "span_id"), [(0, 0, 3929055471293792800), (0, 1, 8782364156266188026)])
def test_a_states_span_is_the_hash_of_when_it_was_entered_and_of_its_tries(retries, redrives, span_id):
    entered = "2024-12-04T19:38:04.118Z"
    assert int(executions.span_id(ARN, "Lambda Invoke", entered, retries, redrives), 16) == span_id


def test_every_try_of_a_state_is_another_span():
    spans = {
        executions.span_id(ARN, "Pack", "2026-11-22T12:00:00Z", retry, redrive)
        for retry in (0, 1)
        for redrive in (0, 1)
    }
    assert len(spans) == 4


def test_a_function_traced_upstream_gives_the_trace_and_the_state_the_parent():
    found = executions.context_of(
        datadog_object(
            **{"x-datadog-trace-id": "5821803790426892636", "x-datadog-tags": "_dd.p.dm=-0,_dd.p.tid=672a7cb100000000"}
        )
    )
    assert halves(found) == ("672a7cb100000000", 5821803790426892636, 6880978411788117524)


def test_the_outermost_execution_gives_the_trace_of_a_nested_one():
    found = executions.context_of(datadog_object(RootExecutionId="4875aba4-ae31-4a4c-bf8a-63e9eee31dad"))
    assert halves(found) == ("12d1270d99cc5e03", 4521899030418994483, 6880978411788117524)


def test_an_execution_that_says_who_started_it_is_of_that_ones_trace():
    parent = arn("states", "execution:outer:1")
    found = executions.context_of(context_object({executions.STARTED_BY: parent}))
    assert found.trace_id == executions.trace_id(parent)


@pytest.mark.parametrize("given", [{"_trace": OURS}, {"_datadog": OURS}, OURS], ids=["_trace", "_datadog", "top level"])
def test_a_context_in_the_executions_input_goes_on(given):
    found = executions.context_of(context_object(given))
    assert (found.trace_id, found.sampled, found.trace_state) == (TRACE_ID, True, "vendor=1")
    assert found.span_id not in ("", SPAN_ID)


def test_nobody_decided_on_sampling_where_nobody_traced_before():
    found = executions.context_of(context_object())
    assert (found.trace_id, found.sampled, found.format) == (executions.trace_id(EXECUTION), None, "states")


def test_each_child_of_a_distributed_map_is_its_own_trace():
    child = arn("states", "execution:shipping/Each:0b5bb9f8")
    assert executions.is_map_child(child)
    found = executions.context_of(context_object({"_trace": OURS, executions.STARTED_BY: EXECUTION}, child))
    assert found.trace_id == executions.trace_id(child)


@pytest.mark.parametrize(
    "held",
    [{}, {"Execution": None, "State": None}, {"Execution": {"Id": 7}, "State": {"Name": "a", "EnteredTime": "b"}},
     {"Execution": {"Id": ""}, "State": {"Name": "a", "EnteredTime": "b"}},
     {"Execution": {"Id": "x"}, "State": {"Name": "a"}}],
)  # fmt: skip
def test_what_is_no_context_object_of_a_state_has_no_context(held):
    assert executions.context_of(held) is None


def test_counts_that_are_none_are_as_good_as_zero():
    odd = context_object()
    odd["State"]["RetryCount"], odd["Execution"]["RedriveCount"] = "1", -3
    assert executions.context_of(odd) == executions.context_of(context_object())
