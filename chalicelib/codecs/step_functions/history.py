"""The history of an execution as it is posted: what GetExecutionHistory answered, and whose it is.

    {"executionArn": "arn:aws:states:…", "events": […], "nextToken": null, "execution": {…}}

`events` may be in either order, of one page or of several put together. `execution`, what DescribeExecution answered,
may be left out, or lie around the rest: its `executionArn`, `stateMachineArn`, `mapRunArn` and `input` are of use.
Format: AWS Step Functions API reference, 2016-11-23.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.codecs.step_functions.events import Event, of_history, text_of
from chalicelib.codecs.step_functions.spans import Described, spans_of
from chalicelib.codecs.step_functions.walk import Walk
from chalicelib.model.errors import PayloadError, PayloadTooLarge

DIALECT = "step-functions"
MAX_EVENTS = 100_000  # a standard execution has 25,000 at most
MAX_TOLD = 10  # broken events that are named
_ARN_PARTS = 8  # arn:aws:states:<region>:<account>:execution:<machine>:<name>, and more of express ones
_MAX_ARN_CHARACTERS = 1024


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A history as spans. `is_open`: the execution had not ended; what ends later is sent again then."""

    decoded: Decoded
    trace_id: str
    span_count: int
    is_open: bool


def decode(body: bytes) -> Read:
    """The spans of one execution. Raises PayloadError for a body that is no history of one, PayloadTooLarge."""
    told = _object(body)
    about = _described(told)
    events, repairs = _events(told.get("events"))
    walk = walked(events)
    if walk.execution is None:
        raise PayloadError(DIALECT, "events: the history does not begin with ExecutionStarted")
    spans = list(spans_of(walk, about))
    if walk.lost:
        repairs.append(f"{walk.lost} events follow from none that is known")
    return Read(
        decoded=Decoded(message=from_spans(spans), repairs=tuple(repairs)),
        trace_id=spans[0].trace_id,
        span_count=len(spans),
        is_open=not spans[0].end_ns,
    )


def walked(events: Iterable[Event], *, assumes_start: bool = False) -> Walk:
    """The tree of an execution's events, which are in any order, each once or more."""
    walk = Walk(assumes_start=assumes_start)
    by_id = {event.id: event for event in events}
    walk.follow(by_id[number] for number in sorted(by_id))
    return walk


def checked_arn(text: object) -> str:
    """The ARN of an execution. Raises PayloadError for what is none."""
    if isinstance(text, str) and len(text) <= _MAX_ARN_CHARACTERS:
        parts = text.split(":")
        if len(parts) >= _ARN_PARTS and parts[0] == "arn" and parts[2] == "states" and parts[5] in _OF_EXECUTIONS:
            return text
    raise PayloadError(DIALECT, f"executionArn: {str(text)[:80]!r} is not the ARN of an execution")


_OF_EXECUTIONS = ("execution", "express")


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
    except (ValueError, RecursionError) as broken:
        raise PayloadError(DIALECT, f"the body is not JSON: {broken}") from broken
    if not isinstance(told, dict):
        raise PayloadError(DIALECT, "the body is not a JSON object")
    return told


def _described(told: dict[str, Any]) -> Described:
    execution = told.get("execution")
    about = {**told, **(execution if isinstance(execution, dict) else {})}
    return Described(
        execution_arn=checked_arn(about.get("executionArn")),
        state_machine_arn=text_of(about, "stateMachineArn"),
        map_run_arn=text_of(about, "mapRunArn"),
        input_text=text_of(about, "input"),
    )


def _events(told: object) -> tuple[list[Event], list[str]]:
    """The events that can be read, and what is to be said of the others."""
    if not isinstance(told, list):
        raise PayloadError(DIALECT, "events: not an array")
    if len(told) > MAX_EVENTS:
        raise PayloadTooLarge(DIALECT, f"events: {len(told)} are more than {MAX_EVENTS}", MAX_EVENTS)
    found = [of_history(each) for each in told]
    broken = [number for number, event in enumerate(found) if event is None]
    said = [f"events[{number}] is not an event of a history" for number in broken[:MAX_TOLD]]
    said += [f"and {len(broken) - MAX_TOLD} more are not"] if len(broken) > MAX_TOLD else []
    return [event for event in found if event is not None], said
