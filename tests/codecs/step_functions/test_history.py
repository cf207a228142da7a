"""Histories of executions, as spans."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.codecs.step_functions.events import of_history
from chalicelib.codecs.step_functions.history import MAX_EVENTS, decode, walked
from chalicelib.codecs.step_functions.walk import MAX_DEPTH, MAX_STEPS
from chalicelib.model.errors import PayloadError, PayloadTooLarge
from chalicelib.model.span import Kind, StatusCode
from chalicelib.propagation import executions
from chalicelib.propagation.joins import RECEIVED, SENT
from tests.actors import named
from tests.codecs.step_functions.histories import ARN, MACHINE, NOON_S, NS, History, tree


def test_an_execution_is_a_server_and_its_states_are_children_in_order():
    history = History()
    history.add("PassStateEntered", name="Prepare")
    history.add("PassStateExited", name="Prepare")
    history.task("Charge", "Succeeded")
    history.add("WaitStateEntered", name="Wait")
    history.add("WaitStateExited", name="Wait")
    history.add("SucceedStateEntered", name="Done")
    history.add("SucceedStateExited", name="Done")
    history.add("ExecutionSucceeded", output="{}")
    spans = history.spans()
    assert tree(spans) == [
        "orders 1-13 succeeded",
        ".Prepare 2-3 succeeded",
        ".Charge 4-8 succeeded",
        ".Wait 9-10 succeeded",
        ".Done 11-12 succeeded",
    ]
    assert [span.kind for span in spans] == [Kind.SERVER, Kind.INTERNAL, Kind.CLIENT, Kind.INTERNAL, Kind.INTERNAL]
    assert spans[0].resource.attributes == {
        "service.name": "orders",
        "cloud.provider": "aws",
        "cloud.region": "eu-west-1",
        "cloud.account.id": "123456789012",
        "cloud.resource_id": MACHINE,
    }


def test_a_function_that_saw_the_context_object_is_a_child_of_its_states_span():
    history = History({"order": 1})
    history.task("Charge", "Failed", "Failed", "Succeeded")
    history.add("ExecutionSucceeded")
    spans = named(history.spans())
    entered = "2026-06-21T12:00:02.000Z"
    for retry, name in ((0, "Charge"), (1, "Charge try 1"), (2, "Charge try 2")):
        state = {"Name": "Charge", "EnteredTime": entered, "RetryCount": retry}
        seen = executions.context_of({"Execution": {"Id": ARN, "Input": {"order": 1}}, "State": state})
        assert seen is not None
        assert (spans[name].trace_id, spans[name].span_id) == (seen.trace_id, seen.span_id)


def test_datadogs_published_ids_are_ours():
    """Its vector: execution and state of dd-trace-py's own tests, ids as decimal numbers."""
    arn = (
        "arn:aws:states:sa-east-1:425362996713:execution:abhinav-activity-state-machine:"
        "72a7ca3e-901c-41bb-b5a3-5f279b92a316"
    )
    started, entered = "2024-12-04T19:38:04.069+00:00", "2024-12-04T19:38:04.118+00:00"
    events = [
        {"id": 1, "type": "ExecutionStarted", "timestamp": started},
        {
            "id": 2,
            "previousEventId": 0,
            "type": "TaskStateEntered",
            "timestamp": entered,
            "stateEnteredEventDetails": {"name": "Lambda Invoke"},
        },
    ]
    read = decode(json.dumps({"executionArn": arn, "events": events}).encode())
    execution, state = to_spans(read.decoded.message)
    assert execution.trace_id == f"3e7a89d1b7310603{435175499815315247:016x}"
    assert state.span_id == f"{3929055471293792800:016x}"
    assert read.is_open


def test_tries_are_spans_where_there_are_several():
    history = History()
    history.task("Charge", "Failed", "TimedOut", "Succeeded")
    history.add("ExecutionSucceeded")
    assert tree(history.spans()) == [
        "orders 1-13 succeeded",
        ".Charge 2-12 succeeded",
        "..Charge try 0 3-5 failed",
        "..Charge try 1 6-8 timed_out",
        "..Charge try 2 9-11 succeeded",
    ]
    failed = named(history.spans())["Charge try 0"]
    assert (failed.status_code, failed.status_message) == (StatusCode.ERROR, "why")
    assert failed.events[0].attributes == {"exception.type": "E", "exception.message": "why"}
    assert failed.attributes["error.type"] == "E"


def test_a_failure_that_was_caught_is_told_and_is_no_error_of_the_state():
    history = History()
    history.task("Charge", "Failed")
    history.add("ExecutionSucceeded")
    charge = history.spans()[1]
    assert (charge.attributes["aws.step_functions.status"], charge.status_code) == ("CAUGHT", StatusCode.UNSET)
    assert charge.events[0].attributes["exception.type"] == "E"


def test_a_functions_exception_is_read_out_of_the_cause():
    history = History()
    history.add("TaskStateEntered", name="Charge")
    history.add("LambdaFunctionScheduled", resource="arn:aws:lambda:eu-west-1:1:function:charge:live")
    cause = json.dumps({"errorMessage": "no funds", "errorType": "CardDeclined", "stackTrace": []})
    history.add("LambdaFunctionFailed", error="CardDeclined", cause=cause)
    history.add("ExecutionFailed", error="CardDeclined", cause=cause)
    execution, charge = history.spans()
    assert tree([execution, charge]) == ["orders 1-5 failed", ".Charge 2-5 failed"]
    assert (execution.status_message, charge.status_message) == ("no funds", "no funds")
    assert charge.attributes["faas.invoked_name"] == "charge"


def test_branches_side_by_side_are_told_apart_by_what_they_follow_from():
    history = History()
    history.add("ParallelStateEntered", name="Both")
    started = history.add("ParallelStateStarted")
    left = history.add("TaskStateEntered", started, name="Left")
    right = history.add("TaskStateEntered", started, name="Right")
    left = history.add("TaskScheduled", left, resourceType="sqs", resource="sendMessage")
    right = history.add("TaskScheduled", right, resourceType="sns", resource="publish")
    right = history.add("TaskSucceeded", right, output='{"MessageId": "r"}')
    left = history.add("TaskSucceeded", left, output='{"MessageId": "l"}')
    left = history.add("TaskStateExited", left, name="Left")
    after = history.add("PassStateEntered", left, name="After")
    right = history.add("TaskStateExited", right, name="Right")
    history.add("PassStateExited", after, name="After")
    history.add("ParallelStateSucceeded")
    history.add("ParallelStateExited", name="Both")
    history.add("ExecutionSucceeded")
    spans = history.spans()
    assert tree(spans) == [
        "orders 1-16 succeeded",
        ".Both 2-15 succeeded",
        "..Left 4-10 succeeded",
        "..Right 5-12 succeeded",
        "..After 11-13 succeeded",
    ]
    assert [span.attributes.get(SENT) for span in spans[2:4]] == [["sqs:l"], ["sns:r"]]


def test_a_branch_that_fails_takes_the_others_with_it_and_may_be_caught():
    history = History()
    history.add("ParallelStateEntered", name="Both")
    started = history.add("ParallelStateStarted")
    history.add("WaitStateEntered", started, name="Wait")
    task = history.add("TaskStateEntered", started, name="Charge")
    task = history.add("TaskScheduled", task, resourceType="lambda", resource="invoke")
    task = history.add("TaskFailed", task, error="E", cause="why")
    failed = history.add("ParallelStateFailed", task, error="E", cause="why")
    history.add("ParallelStateExited", failed, name="Both")
    history.add("ExecutionSucceeded")
    assert tree(history.spans()) == [
        "orders 1-10 succeeded",
        ".Both 2-9 caught",
        "..Wait 4-9 aborted",
        "..Charge 5-9 failed",
    ]


def test_iterations_of_a_map_hold_states_of_their_own():
    history = History()
    history.add("MapStateEntered", name="Each")
    started = history.add("MapStateStarted", length=2)
    for index in range(2):
        history.add("MapIterationStarted", started, name="Each", index=index)
        history.add("PassStateEntered", name="One")
        history.add("PassStateExited", name="One")
        last = history.add("MapIterationSucceeded", name="Each", index=index)
    history.add("MapStateSucceeded", last)
    history.add("MapStateExited", name="Each")
    history.add("ExecutionSucceeded")
    spans = history.spans()
    assert tree(spans) == [
        "orders 1-14 succeeded",
        ".Each 2-13 succeeded",
        "..Each [0] 4-7 succeeded",
        "...One 5-6 succeeded",
        "..Each [1] 8-11 succeeded",
        "...One 9-10 succeeded",
    ]
    assert spans[1].attributes["aws.step_functions.map.length"] == 2


def test_an_iteration_that_fails_says_why():
    history = History()
    history.add("MapStateEntered", name="Each")
    history.add("MapStateStarted", length=1)
    history.add("MapIterationStarted", name="Each", index=0)
    history.add("TaskStateEntered", name="One")
    history.add("TaskScheduled", resourceType="lambda", resource="invoke")
    history.add("TaskFailed", error="E", cause="why")
    history.add("MapIterationFailed", name="Each", index=0)
    history.add("MapStateFailed", error="E", cause="why")
    history.add("ExecutionFailed", error="E", cause="why")
    spans = history.spans()
    assert tree(spans) == ["orders 1-10 failed", ".Each 2-10 failed", "..Each [0] 4-8 failed", "...One 5-8 failed"]
    assert spans[2].attributes["error.type"] == "E"


def test_a_distributed_map_knows_its_run_and_a_child_execution_is_a_trace_of_its_own():
    run = "arn:aws:states:eu-west-1:123456789012:mapRun:orders/Each:run"
    history = History()
    history.add("MapStateEntered", name="Each")
    history.add("MapStateStarted", length=0)
    history.add("MapRunStarted", mapRunArn=run)
    history.add("MapRunSucceeded")
    history.add("MapStateSucceeded")
    history.add("MapStateExited", name="Each")
    history.add("ExecutionSucceeded")
    each = history.spans()[1]
    assert each.attributes[SENT] == [f"states:{run}"]
    traced = {"_trace": {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}}
    child = History(traced, execution={"mapRunArn": run})
    arn = "arn:aws:states:eu-west-1:123456789012:execution:orders/Each:child"
    body = json.loads(child.body()) | {"executionArn": arn}
    (execution,) = to_spans(decode(json.dumps(body).encode()).decoded.message)
    assert execution.trace_id == executions.trace_id(arn)
    assert execution.parent_id is None
    assert execution.attributes[RECEIVED] == [f"states:{arn}", f"states:{run}"]


@pytest.mark.parametrize("key", ["_trace", "_datadog"])
def test_a_trace_that_began_before_goes_on(key):
    history = History({key: {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "tracestate": "a=b"}})
    history.task("Charge", "Succeeded")
    execution, charge = history.spans()
    assert (execution.trace_id, execution.parent_id) == ("1" * 32, "2" * 16)
    assert (execution.flags, execution.trace_state) == (0x301, "a=b")
    assert (charge.trace_id, charge.parent_id) == ("1" * 32, execution.span_id)


def test_an_execution_that_another_started_is_of_its_trace():
    parent = ARN.replace("run-1", "outer")
    history = History({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent})
    (execution,) = history.spans()
    assert execution.trace_id == executions.trace_id(parent)
    assert execution.attributes[RECEIVED] == [f"states:{ARN}"]


def test_what_failed_is_tried_again_after_a_redrive_under_ids_that_count_it():
    history = History()
    history.add("TaskStateEntered", name="Charge")
    details = {"resourceType": "lambda", "resource": "invoke"}
    history.add("TaskScheduled", **details)
    history.add("TaskFailed", error="E", cause="why")
    history.add("ExecutionFailed", error="E", cause="why")
    before = history.spans()
    history.add("ExecutionRedriven", redriveCount=1)
    history.add("TaskScheduled", **details)
    history.add("TaskSucceeded", output="{}")
    history.add("TaskStateExited", name="Charge")
    history.add("ExecutionSucceeded")
    spans = history.spans()
    assert tree(spans) == [
        "orders 1-10 succeeded",
        ".Charge 2-9 succeeded",
        "..Charge try 0 3-4 failed",
        "..Charge try 1 7-8 succeeded",
    ]
    assert [span.span_id for span in before] == [span.span_id for span in spans[:2]]
    assert tree(before) == ["orders 1-5 failed", ".Charge 2-5 failed"]
    state = {"Name": "Charge", "EnteredTime": "2026-06-21T12:00:02.000Z", "RetryCount": 0}
    seen = executions.context_of({"Execution": {"Id": ARN, "RedriveCount": 1}, "State": state})
    assert seen is not None
    assert spans[3].span_id == seen.span_id


def test_an_aborted_execution_leaves_its_states_aborted():
    history = History()
    history.add("WaitStateEntered", name="Wait")
    history.add("ExecutionAborted")
    assert tree(history.spans()) == ["orders 1-3 aborted", ".Wait 2-3 aborted"]


def test_a_timed_out_execution_is_an_error():
    history = History()
    history.add("WaitStateEntered", name="Wait")
    history.add("ExecutionTimedOut")
    execution, _ = history.spans()
    assert (execution.status_code, execution.attributes["aws.step_functions.status"]) == (StatusCode.ERROR, "TIMED_OUT")


def test_a_fail_state_is_what_failed():
    history = History()
    history.add("FailStateEntered", name="Refuse")
    history.add("ExecutionFailed", error="E", cause="because")
    refuse = history.spans()[1]
    assert (refuse.status_code, refuse.status_message, refuse.end_ns) == (
        StatusCode.ERROR,
        "because",
        (NOON_S + 3) * NS,
    )


def test_what_runs_is_open_and_the_whole_history_gives_the_same_spans_with_their_ends():
    history = History()
    history.task("Charge", "Succeeded")
    history.add("WaitStateEntered", name="Wait")
    running = history.read()
    early = to_spans(running.decoded.message)
    history.add("WaitStateExited", name="Wait")
    history.add("ExecutionSucceeded")
    late = history.spans()
    assert running.is_open
    assert not history.read().is_open
    assert tree(early) == ["orders 1- running", ".Charge 2-6 succeeded", ".Wait 7- running"]
    identity = [[(span.span_id, span.kind, span.start_ns) for span in spans] for spans in (early, late)]
    assert identity[0] == identity[1]


def test_a_state_that_is_entered_twice_in_a_millisecond_is_two_spans():
    history = History()
    history.add("MapStateEntered", name="Each")
    started = history.add("MapStateStarted", length=2)
    for index in range(2):
        history.add("MapIterationStarted", started, name="Each", index=index)
        history.events[-1]["timestamp"] = NOON_S
        history.add("PassStateEntered", name="One")
        history.events[-1]["timestamp"] = NOON_S
    assert len({span.span_id for span in history.spans()}) == 6


def test_events_in_either_order_give_the_same():
    history = History()
    history.task("Charge", "Succeeded")
    assert decode(history.body(reversed(history.events))) == history.read()


def test_what_follows_from_nothing_known_is_told():
    history = History()
    history.add("TaskStateExited", name="Never entered")
    history.events.append("no event")
    history.events.append({"id": 9, "type": "X", "timestamp": "yesterday"})
    assert history.read().decoded.repairs == (
        "events[2] is not an event of a history",
        "events[3] is not an event of a history",
        "1 events follow from none that is known",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"executionArn": "arn:aws:states:eu-west-1:1:execution:m:e"}',
        b'{"executionArn": "arn:aws:sqs:eu-west-1:1:execution:m:e", "events": []}',
        b'{"executionArn": "arn:aws:states:eu-west-1:1:execution:m:e", "events": []}',
        History().body([{"id": 2, "type": "PassStateEntered", "timestamp": 1}]),
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_history_is_the_senders_fault(body):
    with pytest.raises(PayloadError):
        decode(body)


def test_a_history_of_more_events_than_there_can_be_is_too_large():
    with pytest.raises(PayloadTooLarge):
        decode(json.dumps({"executionArn": ARN, "events": [0] * (MAX_EVENTS + 1)}).encode())


TYPES = st.sampled_from(
    [
        "ExecutionStarted", "ExecutionSucceeded", "ExecutionFailed", "ExecutionRedriven", "TaskStateEntered",
        "TaskStateExited", "TaskScheduled", "TaskSubmitted", "TaskSucceeded", "TaskFailed", "ParallelStateEntered",
        "ParallelStateStarted", "ParallelStateExited", "MapStateEntered", "MapIterationStarted", "MapIterationFailed",
        "MapIterationSucceeded", "MapStateAborted", "FailStateEntered", "EvaluationFailed", "SomethingNew",
    ]
)  # fmt: skip
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4)
DETAILS = st.dictionaries(
    st.sampled_from(
        ["name", "index", "output", "parameters", "resource", "resourceType", "redriveCount", "error", "length"]
    ),
    st.sampled_from(["a", "lambda", "invoke", '{"MessageId": 1}', 0, 1]) | JSON,
    max_size=5,
)


@given(st.lists(st.tuples(TYPES, st.integers(0, 12), DETAILS), max_size=25))
def test_any_events_are_a_tree_of_spans_with_ids_of_their_own(events):
    history = History()
    for type_, after, details in events:
        history.add(type_, min(after, len(history.events)), **details)
    spans = history.spans()
    ids = [span.span_id for span in spans]
    assert len(set(ids)) == len(ids)
    assert all(span.parent_id in ids[:number] for number, span in enumerate(spans) if number)
    assert {span.trace_id for span in spans} == {spans[0].trace_id}


@pytest.mark.parametrize(
    "type_", ["TaskStateEntered", "MapIterationStarted", "MapIterationFailed", "ExecutionFailed", "ExecutionRedriven"]
)
def test_a_history_made_to_be_deep_or_slow_is_neither(type_):
    history = History()
    history.add("MapStateEntered", name="Each")
    for number in range(1500):
        history.add(type_, name="Each", index=number)
        history.add("PassStateEntered", name="One")
    walk = walked(filter(None, map(of_history, history.events)))
    assert walk.execution is not None
    assert max(node.depth for node in walk.execution.within()) <= MAX_DEPTH
    assert 0 <= walk.steps_left <= MAX_STEPS
