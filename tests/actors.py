"""Who appears in the tests: a small serverless shop, and a way to make its spans by saying only what matters.

FRONTEND (API Gateway) calls CHECKOUT, which calls PAYMENTS and DATABASE and leaves orders in QUEUE for FULFILMENT.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from chalicelib.model.span import Event, Kind, Resource, Span, StatusCode

TRACE_ID = "5b8efff798038103d269b633813fc60c"
NOON_NS = 1_782_043_200_000_000_000  # 21 June 2026, 12:00 UTC
MS = 1_000_000


def resource(service: str, instance: str = "1", **attributes: Any) -> Resource:
    """What one sandbox of a function sends about itself."""
    return Resource(attributes={"service.name": service, "faas.instance": f"{service}/{instance}", **attributes})


FRONTEND = resource("frontend")
CHECKOUT = resource("checkout")
PAYMENTS = resource("payments")
DATABASE = resource("database")
QUEUE = resource("queue")
FULFILMENT = resource("fulfilment")


def span_id(name: str) -> str:
    """The same id for the same name, so that a test can name a parent that it has not made."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def span(name: str, *, parent: Span | str | None = None, at: tuple[float, float] = (0, 10), **fields: Any) -> Span:
    """A span from `at[0]` to `at[1]` milliseconds past noon, made by CHECKOUT, with an id that follows from its name.

    `parent` is a span, or the name of one. Anything else is a field of Span and wins.
    """
    parent_id = parent.span_id if isinstance(parent, Span) else span_id(parent) if parent else None
    made = {
        "trace_id": TRACE_ID,
        "span_id": span_id(name),
        "parent_id": parent_id,
        "name": name,
        "kind": Kind.INTERNAL,
        "start_ns": NOON_NS + round(at[0] * MS),
        "end_ns": NOON_NS + round(at[1] * MS),
        "resource": CHECKOUT,
    }
    return Span(**(made | fields))


def exception(kind: str = "CardDeclined", message: str = "no funds", at_ms: float = 5) -> Event:
    """An exception event as the OpenTelemetry SDKs record it."""
    attributes = {"exception.type": kind, "exception.message": message, "exception.stacktrace": "Traceback ..."}
    return Event(time_ns=NOON_NS + round(at_ms * MS), name="exception", attributes=attributes)


def failure(message: str = "card declined") -> dict[str, Any]:
    """Fields of a span whose operation failed."""
    return {"status_code": StatusCode.ERROR, "status_message": message}


def call(name: str, *, parent: Span | None, at: tuple[float, float], by: Resource, to: Resource) -> tuple[Span, Span]:
    """The two sides of a call, the server five milliseconds inside its client."""
    client = span(f"{name} (client)", parent=parent, at=at, kind=Kind.CLIENT, resource=by)
    return client, span(name, parent=client, at=(at[0] + 5, at[1] - 5), kind=Kind.SERVER, resource=to)


def trace() -> list[Span]:
    """An order: the gateway waits for a cold checkout, the card is declined, and the order is queued all the same."""
    gateway = span("POST /orders", at=(0, 900), kind=Kind.SERVER, resource=FRONTEND)
    cold = {"faas.coldstart": True, "faas.trigger": "http"}
    checkout = span("checkout", parent=gateway, at=(350, 880), kind=Kind.SERVER, attributes=cold)
    charge, payments = call("charge", parent=checkout, at=(400, 700), by=CHECKOUT, to=PAYMENTS)
    declined = {"events": (exception(at_ms=600),), **failure()}
    put, stored = call("PutItem", parent=checkout, at=(710, 760), by=CHECKOUT, to=DATABASE)
    send = span("send orders", parent=checkout, at=(780, 800), kind=Kind.PRODUCER)
    queued = span("orders", parent=send, at=(800, 5000), resource=QUEUE)
    ship = span("process orders", parent=queued, at=(5000, 5400), kind=Kind.CONSUMER, resource=FULFILMENT)
    return [gateway, checkout, charge, with_fields(payments, **declined), put, stored, send, queued, ship]


def with_fields(original: Span, **fields: Any) -> Span:
    """A copy of a span that differs in `fields`."""
    return Span(**({name: getattr(original, name) for name in Span.__struct_fields__} | fields))


def named(spans: Iterable[Any]) -> dict[str, Any]:
    """Spans (as sent, or assembled) by their names, which must differ."""
    by_name = {each.name: each for each in spans}
    assert len(by_name) == len(list(spans))
    return by_name
