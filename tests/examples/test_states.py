"""The stage's interpreter of state machines."""

import json

import pytest

from examples.workflow.stage.lambdas import Invoked
from examples.workflow.stage.states import Execution

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
RUN = "arn:aws:states:us-east-1:123456789012:execution:m:run"
FAILED = {"errorType": "Broken", "errorMessage": "no"}


def task(**more):
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload": {"given.$": "$", "state.$": "$$.State"}},
        "OutputPath": "$.Payload",
        "End": True,
        **more,
    }


class Functions:
    """Answers with what it was given, after failing so many times."""

    def __init__(self, failures=0):
        self.payloads = []
        self._failures = failures

    def __call__(self, function, payload):
        self.payloads.append(payload)
        fails = len(self.payloads) <= self._failures
        return Invoked("r", None, FAILED) if fails else Invoked("r", {"was": payload["given"]}, None)


def run(states, given, functions=None, start="A"):
    execution = Execution(MACHINE, RUN, "arn:aws:iam::123456789012:role/m", given, functions or Functions())
    return execution.run({"StartAt": start, "States": states}), [json.loads(each.message) for each in execution.log]


def is_n(number):
    return {"Variable": "$.n", "NumericEquals": number}


def kinds(log):
    return [event["type"] for event in log]


def test_a_task_is_given_its_parameters_and_what_it_answers_goes_on():
    functions = Functions()
    output, log = run({"A": task()}, {"x": 1}, functions)
    assert output == {"was": {"x": 1}}
    assert functions.payloads[0]["state"].items() >= {"Name": "A", "RetryCount": 0}.items()
    assert kinds(log) == [
        "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip
    assert [(event["id"], event["previous_event_id"]) for event in log[:2]] == [("1", "0"), ("2", "1")]


def test_a_retry_counts_and_keeps_the_time_at_which_the_state_was_entered():
    functions = Functions(failures=2)
    output, log = run({"A": task(Retry=[{"ErrorEquals": ["Broken"], "MaxAttempts": 2}])}, {}, functions)
    states = [payload["state"] for payload in functions.payloads]
    assert output == {"was": {}}
    assert [state["RetryCount"] for state in states] == [0, 1, 2]
    assert len({state["EnteredTime"] for state in states}) == 1
    assert kinds(log).count("TaskFailed") == 2


def test_what_fails_for_good_fails_the_execution_with_its_cause():
    output, log = run({"A": task()}, {}, Functions(failures=1))
    assert output is None
    assert log[-1]["type"] == "ExecutionFailed"
    assert log[-1]["details"] == {"error": "Broken", "cause": json.dumps(FAILED)}


def test_what_is_caught_goes_on_elsewhere():
    caught = task(Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "B"}])
    output, _ = run({"A": caught, "B": {"Type": "Pass", "End": True}}, {"x": 1}, Functions(failures=1))
    assert output == {"x": 1, "why": {"Error": "Broken", "Cause": json.dumps(FAILED)}}


@pytest.mark.parametrize(("given", "name"), [({"n": 1}, "One"), ({"n": 2, "big": True}, "Big"), ({"n": 3}, "Other")])
def test_a_choice_leads_to_the_first_rule_that_fits(given, name):
    rules = [
        {**is_n(1), "Next": "One"},
        {"And": [{"Not": is_n(3)}, {"Variable": "$.big", "BooleanEquals": True}], "Next": "Big"},
    ]
    ends = {end: {"Type": "Pass", "Result": end, "End": True} for end in ("One", "Big", "Other")}
    output, _ = run({"A": {"Type": "Choice", "Choices": rules, "Default": "Other"}, **ends}, given)
    assert output == name


def test_branches_side_by_side_give_a_list():
    branch = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": 1, "End": True}}}
    other = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    output, log = run({"A": {"Type": "Parallel", "Branches": [branch, other], "End": True}}, {"x": 1})
    assert output == [1, {"x": 1}]
    assert kinds(log)[1] == "ParallelStateEntered"


def test_a_fail_state_names_its_error():
    _, log = run({"A": {"Type": "Fail", "Error": "TooLate", "Cause": "it is dark"}}, {})
    assert log[-1]["details"] == {"error": "TooLate", "cause": "it is dark"}
