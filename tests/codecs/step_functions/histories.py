"""Histories written as the API reference shows them, an event a line; the time goes on by a second for each."""

import json
from collections.abc import Iterable
from typing import Any

from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.codecs.step_functions.history import Read, decode
from chalicelib.model.span import Span

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"
ARN = "arn:aws:states:eu-west-1:123456789012:execution:orders:run-1"
NOON_S = 1_782_043_200
NS = 1_000_000_000

_KEYS = {  # details that several types share
    "StateEntered": "stateEntered",
    "StateExited": "stateExited",
    "MapIterationStarted": "mapIterationStarted",
}


class History:
    """Grows by `add`, which answers the number of the event; without `after` it follows from the last one."""

    def __init__(self, given: object = None, **fields: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.add("ExecutionStarted", input=json.dumps({} if given is None else given), roleArn="arn:aws:iam::1:role/r")
        self.fields = fields

    def add(self, type_: str, after: int | None = None, **details: Any) -> int:
        number = len(self.events) + 1
        event: dict[str, Any] = {
            "timestamp": NOON_S + number,
            "type": type_,
            "id": number,
            "previousEventId": number - 1 if after is None else after,
        }
        if details:
            kind = next((key for ending, key in _KEYS.items() if type_.endswith(ending)), type_[0].lower() + type_[1:])
            event[f"{kind}EventDetails"] = details
        self.events.append(event)
        return number

    def task(self, name: str, *outcome: str, after: int | None = None, **details: Any) -> int:
        """A task that was scheduled, started, and came to these outcomes, each but the last another try."""
        self.add("TaskStateEntered", after, name=name, input="{}")
        for end in outcome:
            self.add("TaskScheduled", **{"resourceType": "lambda", "resource": "invoke", "parameters": "{}"} | details)
            self.add("TaskStarted", resourceType="lambda", resource="invoke")
            told = {"output": details.get("output", "{}")} if end == "Succeeded" else {"error": "E", "cause": "why"}
            self.add(f"Task{end}", **told)
        return self.add("TaskStateExited", name=name, output="{}")

    def body(self, events: Iterable[dict[str, Any]] | None = None) -> bytes:
        chosen = self.events if events is None else list(events)
        return json.dumps({"executionArn": ARN, "events": chosen, **self.fields}).encode()

    def read(self) -> Read:
        return decode(self.body())

    def spans(self) -> list[Span]:
        return to_spans(self.read().decoded.message)


def tree(spans: Iterable[Span]) -> list[str]:
    """A line for each span: its depth in dots, name, seconds after noon, and what became of it."""
    by_id = {span.span_id: span for span in spans}
    depths: dict[str, int] = {}
    lines = []
    for span in by_id.values():
        depth = depths[span.span_id] = depths.get(span.parent_id or "", -1) + 1
        times = "-".join(str(at // NS - NOON_S) if at else "" for at in (span.start_ns, span.end_ns))
        lines.append(f"{'.' * depth}{span.name} {times} {span.attributes['aws.step_functions.status'].lower()}")
    return lines


def logged(events: Iterable[dict[str, Any]], arn: str = ARN) -> list[str]:
    """The same events as CloudWatch has them."""
    return [
        json.dumps(
            {
                "id": str(event["id"]),
                "type": event["type"],
                "details": next((value for key, value in event.items() if key.endswith("EventDetails")), {}),
                "redrive_count": "0",
                "previous_event_id": str(event["previousEventId"]),
                "event_timestamp": str(event["timestamp"] * 1000),
                "execution_arn": arn,
            }
        )
        for event in events
    ]
