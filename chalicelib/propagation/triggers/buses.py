"""EventBridge: an event of a bus, a rule that runs by the clock, and EventBridge Scheduler.

Shape: EventBridge user guide, "Event structure", and Scheduler's (read November 2026). The bus is not named in the
event, and its TraceHeader reaches a function as _X_AMZN_TRACE_ID alone. What a rule's input transformer made is any
JSON, and is read as an invocation's payload.
"""

from . import arns, carriers, envelopes
from .budget import Budget
from .trigger import AT_START, Trigger
from .untrusted import listed, present, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .invoked import Invoked

    Json = dict[str, object]


def event(held: "Json", _invoked: "Invoked") -> Trigger:
    """An event of a bus, custom or of an AWS service (S3, Step Functions, Lambda's destinations among them)."""
    opened = envelopes.bus_event(held, AT_START, Budget())
    attributes = {
        "messaging.system": "aws.eventbridge",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        **_event(held),
        "spanfold.replay": text(held.get("replay-name")),
    }
    return Trigger(
        "eventbridge",
        "pubsub",
        source=text(held.get("source")),
        attributes={**present(attributes), **opened.attributes},
        contexts=opened.extracted.contexts,
        links=opened.links,
        baggage=opened.extracted.baggage,
        joins=opened.joins + carriers.xray_joins(opened.extracted),
        inferred=opened.inferred,
    )


def schedule(held: "Json", _invoked: "Invoked") -> Trigger:
    """A rule on a schedule. Nobody called: a root, but for what the clock's own wait shows."""
    return _timer("schedule", held)


def scheduler(held: "Json", _invoked: "Invoked") -> Trigger:
    """EventBridge Scheduler with its default input; with one of its own it looks like any invocation."""
    return _timer("scheduler", held)


def _timer(kind: str, held: "Json") -> Trigger:
    opened = envelopes.bus_event(held, AT_START, Budget())
    rule = arns.resource(next(iter(listed(held.get("resources"))), "")).rpartition("/")[2]
    attributes = {"faas.time": text(held.get("time")), "spanfold.schedule": rule, **_event(held)}
    return Trigger(
        kind,
        "timer",
        source=rule,
        attributes=present(attributes),
        contexts=opened.extracted.contexts,
        baggage=opened.extracted.baggage,
        joins=opened.joins,
        inferred=opened.inferred,
    )


def _event(held: "Json") -> "dict[str, object]":
    return {
        "cloudevents.event_id": text(held.get("id")),
        "cloudevents.event_source": text(held.get("source")),
        "cloudevents.event_type": text(held.get("detail-type")),
    }
