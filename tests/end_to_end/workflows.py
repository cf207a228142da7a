"""A day of examples/workflow, its logs handed to the receivers, and its traces as the API answers them."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.functions.receive_logs import receive_logs
from examples.workflow.scenes import Customer, Scene, play
from examples.workflow.stage.stage import Differences, staged
from infra.library import copy
from tests.clocks import Clock
from tests.end_to_end.backend import JSON, Backend, read_message
from tests.engines import moto_tables
from tests.functions.events import Context
from tests.infra.templates import ROOT

TEMPLATE = ROOT / "examples" / "workflow" / "template.yaml"
# Long enough for a busy machine, and with room before the end for what a function says of itself there.
DIFFERENCES = Differences(environment={"SPANFOLD_TIMEOUT_MARGIN_MS": "500"}, timeouts_s={"Charge": 2.0})

Span = dict[str, Any]


class Trace:
    """One trace: the assembly's spans, each with its `attributes`, `events` and `linked` (what it links to)."""

    def __init__(self, backend: Backend, trace_id: str) -> None:
        reply = backend.get(f"/v1/traces/{trace_id}/assembly")
        assert reply.status == 200, reply
        self.assembly = json.loads(reply.body)
        self.trace_id = trace_id
        told = _told(backend, trace_id)
        self.spans: list[Span] = [
            span | told[span["spanId"]] | {"index": index, "linked": []}
            for index, span in enumerate(self.assembly["spans"])
        ]
        for link in self.assembly["links"]:
            self.spans[link["index"]]["linked"].append(link)

    def of(self, service: str, **wanted: object) -> list[Span]:
        """The spans of a service (without the stack's name) with these fields, in order."""
        return [
            span
            for span in self.spans
            if span["service"].removeprefix("shop-") == service
            and all(span.get(field) == value for field, value in wanted.items())
        ]

    def invocations(self, function: str) -> list[Span]:
        """The spans of a function's invocations, by start."""
        found = [span for span in self.of(function) if "faas.invocation_id" in span["attributes"]]
        return sorted(found, key=lambda span: span["offsetNs"])

    def above(self, span: Span) -> Iterator[Span]:
        """Its ancestors, the nearest first."""
        while "parentIndex" in span:
            span = self.spans[span["parentIndex"]]
            yield span

    def below(self, span: Span) -> list[Span]:
        """Its descendants."""
        return self.spans[span["index"] + 1 : span["index"] + 1 + span.get("descendantCount", 0)]

    def messages(self, span: Span) -> list[Span]:
        """The spans of single messages below it, by start."""
        found = [each for each in self.below(span) if each["name"].startswith("record ")]
        return sorted(found, key=lambda each: each["offsetNs"])

    def way_to(self, span: Span) -> list[str]:
        """The services that a span was reached through, from the root to its own, each once."""
        services = [each["service"].removeprefix("shop-") for each in (*reversed(list(self.above(span))), span)]
        return list(dict.fromkeys(services))


class Day(NamedTuple):
    """What happened, by name, and where to read it."""

    backend: Backend
    scenes: dict[str, Scene]
    deliveries: Sequence[dict[str, Any]]

    def trace(self, scene: str) -> Trace:
        """The trace of a scene."""
        return Trace(self.backend, self.scenes[scene].trace_id)

    def linking_to(self, trace: Trace) -> set[str]:
        """The ids of the traces that have links to `trace`."""
        reply = self.backend.get(f"/v1/traces/{trace.trace_id}/links")
        return {link["traceId"] for link in json.loads(reply.body)["incoming"]}

    def receive(self, deliveries: Sequence[dict[str, Any]]) -> None:
        """Have the receiver take these, and everything be sealed."""
        for delivery in deliveries:
            receive_logs(self.backend.services, delivery, Context(self.backend.clock))
        self.backend.index()
        self.backend.seal()


@contextmanager
def played(folder: Path) -> Iterator[Day]:
    """The day, received and sealed. `folder` is for the library's copy."""
    copy(folder)
    deliveries: list[dict[str, Any]] = []
    posts: list[bytes] = []
    with moto_tables() as connection, staged(TEMPLATE, folder, deliveries.append, DIFFERENCES) as stage:
        scenes = play(stage, Customer(stage, posts.append))
        backend = Backend(connection, clock=Clock(time.time_ns()))
        for post in posts:
            assert backend.ask("POST", "/v1/traces", {"Content-Type": JSON}, post).status == 200
        day = Day(backend, {scene.what: scene for scene in scenes}, deliveries)
        day.receive(deliveries)
        yield day


def _told(backend: Backend, trace_id: str) -> dict[str, Span]:
    """What the assembly leaves out of each span, by id."""
    message = read_message(backend.get(f"/v1/traces/{trace_id}", Accept=JSON))
    every = [
        span
        for resource_spans in message.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]
    return {  # of several reports of a span the one that ended last, as in the assembly
        span.span_id.hex(): {
            "attributes": {pair.key: _value(pair.value) for pair in span.attributes},
            "events": [event.name for event in span.events],
        }
        for span in sorted(every, key=lambda span: span.end_time_unix_nano)
    }


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(inner) for inner in value.array_value.values] if kind == "array_value" else getattr(value, kind)
