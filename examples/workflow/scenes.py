"""What happens in the shop: orders that go well, and one of each way in which they do not at first."""

import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from examples.workflow.stage.stage import Stage
from examples.workflow.stage.template import client

CLIENT = 3  # OTLP, Span.SpanKind

Post = Callable[[bytes], None]  # takes OTLP JSON


class Scene(NamedTuple):
    """What happened, and in which trace; `orders` are their numbers."""

    what: str
    trace_id: str
    orders: tuple[str, ...]


class Customer:
    """Somebody's browser, which begins the traces. `post` gets its spans."""

    def __init__(self, stage: Stage, post: Post) -> None:
        self._stage = stage
        self._post = post
        self._orders = 0

    def visit(self, what: str, *orders: Sequence[str], card: str = "tok_visa", express: bool = True) -> Scene:
        """Place orders of these lines, one after the other, in one trace."""
        trace_id, span_id, start_ns = os.urandom(16).hex(), os.urandom(8).hex(), time.time_ns()
        numbers = [self._number() for _ in orders]
        for number, lines in zip(numbers, orders, strict=True):
            order = {"id": number, "card": card, "express": express, "lines": list(lines)}
            answer = self._stage.request("POST", "/orders", order, traceparent=f"00-{trace_id}-{span_id}-01")
            if answer["statusCode"] != 202:
                raise RuntimeError(f"the shop does not take orders: {answer}")
        self._post(browser_span(trace_id, span_id, what, start_ns, time.time_ns()))
        return Scene(what, trace_id, tuple(numbers))

    def _number(self) -> str:
        self._orders += 1
        return f"{self._orders:04d}"


def play(stage: Stage, customer: Customer) -> list[Scene]:
    """A small day. Everything is at rest afterwards."""
    put_on_shelf(stage, "tea", 100)
    put_on_shelf(stage, "cup", 0)
    scenes = [customer.visit("three orders, ten lines", ["tea"] * 4, ["tea"] * 3, ["tea"] * 3)]
    stage.run()
    scenes += [customer.visit("one of two visits", ["tea", "tea"]), customer.visit("the other visit", ["tea", "tea"])]
    stage.run()
    scenes.append(customer.visit("a card network that hangs", ["tea"], card="tok_slow", express=False))
    stage.run()
    scenes.append(customer.visit("an empty shelf", ["tea", "cup"]))
    stage.run()
    put_on_shelf(stage, "cup", 10)
    stage.redrive("StockFailures", "StockQueue")
    stage.run()
    return scenes


def put_on_shelf(stage: Stage, sku: str, on_hand: int) -> None:
    """So many are there from now on."""
    client("dynamodb").put_item(TableName=stage.name("Stock"), Item={"sku": {"S": sku}, "on_hand": {"N": str(on_hand)}})


def browser_span(trace_id: str, span_id: str, name: str, start_ns: int, end_ns: int) -> bytes:
    """A root span as OTLP JSON."""
    span: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": span_id,
        "name": name,
        "kind": CLIENT,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(end_ns),
    }
    service = {"key": "service.name", "value": {"stringValue": "browser"}}
    scope_spans = [{"scope": {"name": "examples.workflow"}, "spans": [span]}]
    resource_spans = [{"resource": {"attributes": [service]}, "scopeSpans": scope_spans}]
    return json.dumps({"resourceSpans": resource_spans}).encode()
