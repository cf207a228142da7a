"""What set a function off: the table of sources, and the function that chooses among them.

docs/triggers.md describes every kind, and a test holds it to what is here. A source's module is imported when its first
event comes: a cold start pays for the one kind that the function has. Whatever is not recognised is an invocation of an
unknown kind, a root unless its payload carries a context.
"""

from .. import xray
from . import carriers
from .invoked import Invoked
from .trigger import Trigger
from .untrusted import at, join, listed, mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, object]


def _has(event: "Json", holder: str, *keys: str) -> bool:
    held = event.get(holder)
    return isinstance(held, dict) and all(key in held for key in keys)


def _is_authorizer(event: "Json") -> bool:
    return event.get("type") in ("TOKEN", "REQUEST") and ("methodArn" in event or "routeArn" in event)


def _is_function_url(event: "Json") -> bool:
    domain = at(event, "requestContext", "domainName")
    return isinstance(domain, str) and ".lambda-url." in domain


def _is_resolver(event: "Json") -> bool:
    return _has(event, "info", "fieldName", "parentTypeName")


def _is_task(event: "Json") -> bool:
    """Step Functions' context object, as the event, in its wrapper, or under a key."""
    payload = mapping(event.get("Payload")) or event
    candidates = (payload, *(payload.get(key) for key in carriers.KEYS), at(payload, "BatchInput", "_trace"))
    return any(isinstance(held, dict) and "Execution" in held and "State" in held for held in candidates)


# Kind of an event that is no batch: how it is known, and the function that reads it. The first that fits is taken.
EVENTS: "tuple[tuple[str, Callable[[Json], bool], str], ...]" = (
    ("authorizer", _is_authorizer, "requests.authorizer"),
    ("load-balancer", lambda event: at(event, "requestContext", "elb") is not None, "requests.load_balancer"),
    ("lambda-destination", lambda event: _has(event, "requestContext", "condition", "functionArn"),
     "invocations.destination"),
    ("api-gateway-websocket", lambda event: _has(event, "requestContext", "connectionId"), "requests.websocket"),
    ("function-url", lambda event: _has(event, "requestContext", "http") and _is_function_url(event),
     "requests.function_url"),
    ("api-gateway-http", lambda event: _has(event, "requestContext", "http"), "requests.http"),
    ("vpc-lattice", lambda event: _has(event, "requestContext", "serviceArn"), "requests.lattice"),
    ("api-gateway-rest", lambda event: "httpMethod" in event and isinstance(event.get("requestContext"), dict),
     "requests.rest"),
    ("schedule", lambda event: event.get("source") == "aws.events" and event.get("detail-type") == "Scheduled Event",
     "buses.schedule"),
    ("scheduler", lambda event: event.get("source") == "aws.scheduler" and "detail-type" in event, "buses.scheduler"),
    ("eventbridge", lambda event: "detail-type" in event and "detail" in event and "source" in event, "buses.event"),
    ("firehose", lambda event: "deliveryStreamArn" in event and isinstance(event.get("records"), list),
     "streams.firehose"),
    ("logs", lambda event: _has(event, "awslogs", "data"), "logs.subscription"),
    ("appsync", _is_resolver, "requests.appsync"),
    ("durable", lambda event: "DurableExecutionArn" in event, "invocations.durable"),
    ("cognito", lambda event: "triggerSource" in event or event.get("eventType") == "SyncTrigger", "others.cognito"),
    ("states", _is_task, "invocations.states"),
)  # fmt: skip

# Kind of a batch, by the eventSource of its records or of the event: the function that reads it, where the records are.
BATCHES: "dict[str, tuple[str, str, str]]" = {
    "aws:sqs": ("sqs", "queues.sqs", "Records"),
    "aws:sns": ("sns", "topics.sns", "Records"),
    "aws:kinesis": ("kinesis", "streams.kinesis", "Records"),
    "aws:dynamodb": ("dynamodb", "tables.dynamodb", "Records"),
    "aws:s3": ("s3", "objects.s3", "Records"),
    "aws:ses": ("ses", "others.ses", "Records"),
    "aws:codecommit": ("codecommit", "others.codecommit", "Records"),
    "aws:docdb": ("docdb", "tables.docdb", "events"),
    "aws:kafka": ("msk", "brokers.kafka", "records"),
    "SelfManagedKafka": ("kafka", "brokers.kafka", "records"),
    "aws:SelfManagedKafka": ("kafka", "brokers.kafka", "records"),
    "aws:mq": ("activemq", "brokers.activemq", "messages"),
    "aws:rmq": ("rabbitmq", "brokers.rabbitmq", "rmqMessagesByQueue"),
}

# Kinds that `recognise` tells from these by itself; the roots of their kind are in .others.
FURTHER = ("pipes", "appsync-batch", "cloudfront", "invoke", "unknown")


def recognise(event: object, invoked: Invoked) -> Trigger:
    """What the event says of where it comes from. Any value is an event; an unknown one gives a root."""
    if isinstance(event, dict):
        trigger = _of_object(event, invoked)
    elif isinstance(event, list):
        trigger = _of_list(event, invoked)
    else:
        trigger = _read("invocations.invoke", event, invoked)
    return _with_invocation(trigger, invoked)


def _of_object(event: "Json", invoked: Invoked) -> Trigger:
    if (source := _batch_source(event)) is not None:
        _, reader, place = source
        return _read(reader, _flat(event.get(place)), event)
    if at(next(iter(listed(event.get("Records"))), None), "cf") is not None:
        return _read("requests.cloudfront", event["Records"], event)
    for _, is_one, reader in EVENTS:
        if is_one(event):
            return _read(reader, event, invoked)
    trigger = _read("invocations.invoke", event, invoked)
    return _read("others.plain", event, invoked) if trigger.kind == "unknown" else trigger


def _of_list(events: "list[object]", invoked: Invoked) -> Trigger:
    """A bare list: what EventBridge Pipes hand over, or AppSync's batch; else anybody's payload."""
    first = mapping(next(iter(events), None))
    name = first.get("eventSource") or first.get("EventSource")
    if isinstance(name, str) and name in BATCHES:
        kind, reader, _ = BATCHES[name]
        trigger = _read(reader, events, {})
        trigger.attributes = {**trigger.attributes, "spanfold.pipes.source": kind}
        trigger.kind, trigger.is_partial = "pipes", True
        return trigger
    if _is_resolver(first):
        return _read("requests.appsync_batch", events, invoked)
    return _read("invocations.invoke", events, invoked)


def _batch_source(event: "Json") -> tuple[str, str, str] | None:
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else event
    if not isinstance(first, dict):
        return None
    name = first.get("eventSource") or first.get("EventSource")
    return BATCHES.get(name) if isinstance(name, str) else None


def _flat(held: object) -> "list[object]":
    """The records of an event that has a list of them, or lists by partition or queue."""
    if isinstance(held, dict):
        return [record for records in held.values() for record in listed(records)]
    return listed(held)


def _with_invocation(trigger: Trigger, invoked: Invoked) -> Trigger:
    """With what the runtime told; the trigger is new, and nobody has seen it yet."""
    header = xray.parse(invoked.xray_header) if invoked.xray_header else None
    joins = join("lambda", invoked.request_id)
    if header is not None:
        joins += (f"xray:{header.trace_id}",)
        is_known = any(known.span_id == header.span_id for known in (*trigger.contexts, *trigger.links))
        if header.is_complete and not is_known:
            trigger.links += (header,)
    trigger.joins = tuple(dict.fromkeys(trigger.joins + joins))
    return trigger


def _read(reader: str, *given: object) -> Trigger:
    """The answer of "<module>.<function>"."""
    module, _, function = reader.partition(".")
    found: Trigger = getattr(__import__(module, globals(), None, [function], 1), function)(*given)
    return found
