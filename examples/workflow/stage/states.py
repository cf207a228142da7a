"""Step Functions' part: a small interpreter of the Amazon States Language, with the log events that it leaves.

It knows Task (functions by `lambda:invoke`), Choice (equality and And/Or/Not), Parallel, Pass, Wait (which passes at
once), Succeed and Fail; Parameters, InputPath, ResultPath and OutputPath in JSONPath; Retry (at once) and Catch.
moto has an interpreter of its own; it calls functions in containers, and writes no log events.
"""

import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from examples.workflow.stage.lambdas import Invoked
from examples.workflow.stage.logs import LogEvent, now_ms

State = Mapping[str, Any]
Invoke = Callable[[str, Any], Invoked]  # function ARN or name, payload


class StateFailed(Exception):
    """A state's error, by the name that Retry and Catch match."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


class Execution:
    """One run of a state machine. `log` has its events when `run` is done."""

    def __init__(self, machine_arn: str, execution_arn: str, role_arn: str, given: Any, invoke: Invoke) -> None:
        self.log: list[LogEvent] = []
        self._execution_arn = execution_arn
        self._role_arn = role_arn
        self._given = given
        self._invoke = invoke
        self._context: dict[str, Any] = {
            "Execution": {
                "Id": execution_arn,
                "Input": given,
                "Name": execution_arn.rpartition(":")[2],
                "RoleArn": role_arn,
                "StartTime": iso(now_ms()),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": machine_arn, "Name": machine_arn.rpartition(":")[2]},
        }

    def run(self, definition: Mapping[str, Any]) -> Any:
        """The output; None if it failed, of which the log tells."""
        self._event("ExecutionStarted", input=self._given, roleArn=self._role_arn)
        try:
            output = self._branch(definition, self._given)
        except StateFailed as failed:
            self._event("ExecutionFailed", error=failed.error, cause=failed.cause)
            return None
        self._event("ExecutionSucceeded", output=output)
        return output

    def _branch(self, definition: Mapping[str, Any], given: Any) -> Any:
        name = definition["StartAt"]
        while name:
            given, name = self._enter(name, definition["States"][name], given)
        return given

    def _enter(self, name: str, state: State, given: Any) -> tuple[Any, str]:
        """The state's output, and the name of the next; "" at the end."""
        kind = state["Type"]
        entered_ms = self._event(f"{kind}StateEntered", name=name, input=given)
        self._context["State"] = {"EnteredTime": iso(entered_ms), "Name": name, "RetryCount": 0}
        if kind == "Fail":
            raise StateFailed(state.get("Error", ""), state.get("Cause", ""))
        try:
            output, following = self._output(kind, state, given), state.get("Next", "")
            if kind == "Choice":
                following = chosen(state, given)
        except StateFailed as failed:
            catcher = next((c for c in state.get("Catch", ()) if catches(c["ErrorEquals"], failed.error)), None)
            if catcher is None:
                raise
            told = {"Error": failed.error, "Cause": failed.cause}
            output, following = put(given, catcher.get("ResultPath", "$"), told), catcher["Next"]
        self._event(f"{kind}StateExited", name=name, output=output)
        return output, following

    def _output(self, kind: str, state: State, given: Any) -> Any:
        chosen_input = find(state.get("InputPath", "$"), given, self._context)
        if kind == "Task":
            result = self._task(state, chosen_input)
        elif kind == "Parallel":
            result = [self._branch(branch, copy.deepcopy(chosen_input)) for branch in state["Branches"]]
        else:
            result = state.get("Result", chosen_input)
        whole = put(given, state.get("ResultPath", "$"), result)
        return find(state.get("OutputPath", "$"), whole, self._context)

    def _task(self, state: State, given: Any) -> Any:
        retries = [retrier["MaxAttempts"] for retrier in state.get("Retry", ())]
        for attempt in range(1 + sum(retries)):
            self._context["State"]["RetryCount"] = attempt
            try:
                return self._attempt(state, given)
            except StateFailed as failed:
                allowed = sum(
                    r["MaxAttempts"] for r in state.get("Retry", ()) if catches(r["ErrorEquals"], failed.error)
                )
                if attempt >= allowed:
                    raise
        raise AssertionError("an attempt either answers or fails")

    def _attempt(self, state: State, given: Any) -> Any:
        parameters = fill(state.get("Parameters", given), given, self._context)
        of = {"resource": "invoke", "resourceType": "lambda"}
        self._event("TaskScheduled", parameters=parameters, region="us-east-1", **of)
        self._event("TaskStarted", **of)
        invoked = self._invoke(parameters["FunctionName"], parameters.get("Payload", {}))
        if invoked.error is not None:
            error, cause = invoked.error["errorType"], json.dumps(invoked.error)
            self._event("TaskFailed", error=error, cause=cause, **of)
            raise StateFailed(error, cause)
        output = {
            "ExecutedVersion": "$LATEST",
            "Payload": invoked.answer,
            "SdkHttpMetadata": {"HttpHeaders": {"x-amzn-RequestId": invoked.request_id}, "HttpStatusCode": 200},
            "SdkResponseMetadata": {"RequestId": invoked.request_id},
            "StatusCode": 200,
        }
        self._event("TaskSucceeded", output=output, **of)
        return output

    def _event(self, kind: str, **details: Any) -> int:
        """Log it, as a log group with level ALL and execution data gets it; its time in milliseconds."""
        time_ms, number = now_ms(), len(self.log) + 1
        for data in ("input", "output", "parameters"):
            if data in details:
                details[data] = json.dumps(details[data])
                details |= {f"{data}Details": {"truncated": False}} if data != "parameters" else {}
        event = {
            "id": str(number),
            "type": kind,
            "details": details,
            "redrive_count": "0",
            "previous_event_id": str(number - 1),
            "event_timestamp": str(time_ms),
            "execution_arn": self._execution_arn,
        }
        self.log.append(LogEvent(time_ms, json.dumps(event)))
        return time_ms


def iso(time_ms: int) -> str:
    """As the context object states times."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ms // 1000)) + f".{time_ms % 1000:03d}Z"


def catches(names: list[str], error: str) -> bool:
    """Whether a Retry or Catch with these names is for `error`."""
    return error in names or "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def find(path: str | None, given: Any, context: Mapping[str, Any]) -> Any:
    """What a reference path names: `$.a.b` of the input, `$$.a.b` of the context object. A null path is {}."""
    if path is None:
        return {}
    found, names = (context, path[2:]) if path.startswith("$$") else (given, path[1:])
    for name in names.split(".")[1:]:
        if not isinstance(found, Mapping) or name not in found:
            raise StateFailed("States.Runtime", f"nothing at {path}")
        found = found[name]
    return found


def put(given: Any, path: str | None, result: Any) -> Any:
    """`given` with `result` at `path`: `$` is the result alone, null the input alone."""
    if path is None:
        return given
    *outer, last = path.split(".")
    if not outer:
        return result
    changed = copy.deepcopy(given)
    place = changed
    for name in outer[1:]:
        place = place.setdefault(name, {})
    place[last] = result
    return changed


def fill(template: Any, given: Any, context: Mapping[str, Any]) -> Any:
    """A payload template with its `"name.$": "$.path"` replaced."""
    if isinstance(template, list):
        return [fill(inner, given, context) for inner in template]
    if not isinstance(template, Mapping):
        return template
    return dict(_filled(template, given, context))


def _filled(template: Mapping[str, Any], given: Any, context: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in template.items():
        if name.endswith(".$"):
            yield name[:-2], copy.deepcopy(find(value, given, context))
        else:
            yield name, fill(value, given, context)


def chosen(state: State, given: Any) -> str:
    """Where a Choice leads. Raises StateFailed if nothing fits and there is no default."""
    for rule in state["Choices"]:
        if holds(rule, given):
            return str(rule["Next"])
    if "Default" in state:
        return str(state["Default"])
    raise StateFailed("States.NoChoiceMatched", "no choice fits, and there is no default")


def holds(rule: Mapping[str, Any], given: Any) -> bool:
    """Whether a choice rule fits."""
    match rule:
        case {"And": list(rules)}:
            return all(holds(inner, given) for inner in rules)
        case {"Or": list(rules)}:
            return any(holds(inner, given) for inner in rules)
        case {"Not": dict(inner)}:
            return not holds(inner, given)
        case {"Variable": str(path), **tests}:
            value = find(path, given, {})
            return any(value == wanted for name, wanted in tests.items() if name.endswith("Equals"))
    return False
