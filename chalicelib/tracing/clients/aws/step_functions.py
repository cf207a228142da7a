"""Step Functions: our key in an execution's input, and X-Ray's header in `traceHeader`.

API reference: StartExecution (November 2026): the input 262,144 bytes, traceHeader 256 characters. An execution with a
name is idempotent by name *and input*: the same call again answers the execution that runs, and with another input it
fails with ExecutionAlreadyExists. A context is different each time, so the input of a named execution is left alone
(its ARN joins the two sides); SPANFOLD_INJECT=named-executions is for names that are never used twice.
"""

from ..limits import KIB, Room
from .arns import last_name
from .injection import Untouched
from .json_bodies import with_context
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .injection import Injection
    from .service import Answer, Attributes, Params

LIMITS_BYTES = (256 * KIB,)
MAX_TRACE_HEADER_CHARACTERS = 256
OPTION = "named-executions"
OPT_OUT = "step-functions-input"
_STARTS = ("StartExecution", "StartSyncExecution")


def _machine(params: "Params") -> str:
    arn = str(params.get("stateMachineArn") or "")
    return arn.partition(":stateMachine:")[2].partition(":")[0] or last_name(arn)


def _start(injection: "Injection", params: "Params") -> None:
    is_idempotent = bool(params.get("name")) and not injection.is_opted_in(OPTION)
    params.update(injection.one(params, lambda call: _with_context(injection, call, is_idempotent=is_idempotent)))


def _start_sync(injection: "Injection", params: "Params") -> None:
    params.update(injection.one(params, lambda call: _with_context(injection, call, is_idempotent=False)))


def _with_context(injection: "Injection", params: "Mapping[str, Any]", *, is_idempotent: bool) -> "dict[str, Any]":
    fits = 0 < len(injection.xray) <= MAX_TRACE_HEADER_CHARACTERS and "traceHeader" in injection.members
    added = {"traceHeader": injection.xray} if fits and not params.get("traceHeader") else {}
    try:
        return {**params, **added, "input": _input(injection, params, is_idempotent=is_idempotent)}
    except Untouched as reason:
        if not added:
            raise
        injection.reduced.append(f"traceHeader alone, {reason}")
        return {**params, **added}


def _input(injection: "Injection", params: "Mapping[str, Any]", *, is_idempotent: bool) -> str:
    if injection.is_opted_out(OPT_OUT):
        raise Untouched(f"SPANFOLD_INJECT says -{OPT_OUT}")
    if is_idempotent:
        raise Untouched("an execution with a name is idempotent by its input")
    text = params.get("input") or "{}"
    filled, extra_bytes = with_context(injection, text)
    if not Room(len(text.encode()), LIMITS_BYTES).has(extra_bytes):
        raise Untouched("the input would be too long")
    return filled


def _sent(_params: "Params", answer: "Answer") -> list[str]:
    arn = answer.get("executionArn")
    return [f"states:{arn}"] if arn else []


def _learn(operation: str, _params: "Params", answer: "Answer") -> "Attributes":
    arn = answer.get("executionArn")
    return {"aws.step_functions.execution.arn": arn} if arn and operation in _STARTS else {}


SERVICE = Service(
    attributes={
        "stateMachineArn": "aws.step_functions.state_machine.arn",
        "activityArn": "aws.step_functions.activity.arn",
        "executionArn": "aws.step_functions.execution.arn",
    },
    destination=_machine,
    sends=_STARTS,
    fills={"StartExecution": _start, "StartSyncExecution": _start_sync},
    joins={"StartExecution": _sent, "StartSyncExecution": _sent},
    learn=_learn,
)
