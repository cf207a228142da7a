"""A function called by its name: by a client, a state machine, another function's result, its own durable execution.

Their events are whatever the caller sent, so that a context is looked for where callers put one: in the client context
(Datadog's and our way), in the payload under a key (../carriers) or in its `headers` (OpenTelemetry's for botocore).
Shapes: Lambda developer guide ("Capturing records of Lambda asynchronous invocations", "Durable functions"), Step
Functions developer guide ("Context object"), read November 2026; checkpoints: datadog-lambda-python, durable.py.
"""

from .. import datadog, executions
from ..composite import NOTHING
from . import carriers, envelopes, times
from .budget import Budget
from .trigger import AT_START, Trigger
from .untrusted import at, join, listed, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..composite import Extracted
    from .invoked import Invoked

    Json = dict[str, object]

MAX_CHECKPOINTS = 1000  # operations of a durable execution that are looked at, the latest


def invoke(event: object, invoked: "Invoked") -> Trigger:
    """Any payload; "unknown" if nothing in it, nor beside it, is of a tracer."""
    extracted = carriers.merged((_of_client(invoked.client_context), _of_payload(event)))
    return Trigger(
        "invoke" if extracted is not NOTHING or invoked.client_context else "unknown",
        "other",
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=carriers.xray_joins(extracted),
    )


def destination(event: "Json", _invoked: "Invoked") -> Trigger:
    """The result of an asynchronous invocation of another function, or its failure after all tries."""
    opened = envelopes.invocation_result(event, AT_START, Budget())
    return Trigger(
        "lambda-destination",
        "other",
        source=text(opened.attributes.get("spanfold.lambda.function")),
        attributes=opened.attributes,
        links=opened.links,
        joins=opened.joins,
        inferred=envelopes.waiting(
            "lambda-destination", "destination", times.of_iso(event.get("timestamp")), AT_START, opened.attributes
        ),
    )


def states(event: "Json", _invoked: "Invoked") -> Trigger:
    """A task of a state machine that passes its context object on: as the event, under a key, or in Payload."""
    payload = _unwrapped(event)
    held = context_object(payload) or {}
    context, before = executions.context_of(held), executions.upstream(held)
    execution_id = text_at(held, "Execution", "Id")
    is_other_trace = context is not None and before is not None and before.trace_id != context.trace_id
    attributes = {
        "aws.step_functions.state_machine.arn": text_at(held, "StateMachine", "Id"),
        "spanfold.states.execution": execution_id,
        "spanfold.states.state": text_at(held, "State", "Name"),
        "spanfold.states.retries": at(held, "State", "RetryCount"),
        "spanfold.states.redrives": at(held, "Execution", "RedriveCount"),
    }
    started_by = at(held, "Execution", "Input", executions.STARTED_BY)
    baggage = next((found.baggage for found in map(_of_input, _inputs(held)) if found.baggage), ())
    return Trigger(
        "states",
        "other",
        source=text_at(held, "StateMachine", "Name"),
        attributes=present(attributes),
        contexts=() if context is None else (context,),
        links=(before,) if is_other_trace and before is not None and before.is_complete else (),
        baggage=baggage,
        joins=join("states", execution_id) + join("states", started_by),
    )


def durable(event: "Json", _invoked: "Invoked") -> Trigger:
    """A durable function, run again from its start after every wait.

    The context is of its last checkpoint that has one, else of the payload with which it began. Only the first run has
    waited for the function.
    """
    operations = _operations(event)
    first = mapping(operations[0]) if operations else {}
    arn = text(event.get("DurableExecutionArn"))
    extracted = carriers.merged((_of_checkpoints(operations), _of_first(first)))
    is_first = len(operations) == 1
    attributes = present({"spanfold.durable.execution": arn, "spanfold.durable.is_first": is_first})
    started_ns = times.of_any(first.get("StartTimestamp")) if is_first else 0
    return Trigger(
        "durable",
        "other",
        source=arn.rpartition("/durable-execution/")[2].partition("/")[0],
        attributes=attributes,
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("durable", arn) + carriers.xray_joins(extracted),
        inferred=envelopes.waiting("durable", "durable execution", started_ns, AT_START, attributes),
    )


def context_object(payload: "Json") -> "Json | None":
    """Step Functions' context object in a task's payload; None if there is none."""
    for candidate in (payload, *(payload.get(key) for key in carriers.KEYS), at(payload, "BatchInput", "_trace")):
        if isinstance(candidate, dict) and "Execution" in candidate and "State" in candidate:
            return candidate
    return None


def _unwrapped(event: "Json") -> "Json":
    """Without the wrapper of older definitions, which hand the whole request of lambda:invoke on."""
    return mapping(event.get("Payload")) or event


def _inputs(held: "Json") -> "list[object]":
    given = mapping(at(held, "Execution", "Input"))
    return [held, *(given[key] for key in carriers.KEYS if key in given)]


def _of_input(carried: object) -> "Extracted":
    return carriers.extract(datadog.headers_of(carried))


def _of_client(client_context: object) -> "Extracted":
    """`custom` of the client context, as a dict or as the runtime's object; Datadog once nested it once more."""
    custom = client_context if isinstance(client_context, dict) else getattr(client_context, "custom", None)
    custom = mapping(custom)
    custom = mapping(custom.get("custom")) or custom
    return carriers.merged((carriers.of_headers(custom), carriers.of_json(custom))) if custom else NOTHING


def _of_payload(event: object) -> "Extracted":
    held = mapping(event)
    found = [carriers.of_json(held)] if held else []
    for key in ("params", "BatchInput"):  # API Gateway's pass-through template; a batch of a distributed map
        inner = mapping(held.get(key))
        if inner:
            found.append(carriers.merged((carriers.of_json(inner), carriers.of_headers(inner.get("header")))))
    return carriers.merged(found)


def _operations(event: "Json") -> "list[object]":
    held = at(event, "InitialExecutionState", "Operations")
    return list(held.values()) if isinstance(held, dict) else listed(held)


def _of_checkpoints(operations: "list[object]") -> "Extracted":
    """Steps named "_trace…" or "_datadog_<n>" whose result is the headers."""
    for operation in reversed(operations[-MAX_CHECKPOINTS:]):
        if text(at(operation, "Name")).startswith(carriers.KEYS):
            extracted = _of_input(at(operation, "StepDetails", "Result"))
            if extracted.contexts:
                return extracted
    return NOTHING


def _of_first(operation: "Json") -> "Extracted":
    """What the execution was started with: any event again, of which only a payload's own context is read."""
    given = at(operation, "ExecutionDetails", "InputPayload")
    opened = envelopes.open_body(given, 0, Budget())
    return opened.extracted
