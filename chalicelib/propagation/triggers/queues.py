"""SQS: a batch of messages, each with its producer's context, its own history, and maybe another service's envelope.

Shape: Lambda developer guide, "Using Lambda with Amazon SQS", and SQS's message system attributes (read November 2026).
Botocore sends X-Ray's header on every call of a function, so that AWSTraceHeader is there even if nobody traces.
"""

from . import arns, carriers, envelopes, times
from .batches import batch
from .trigger import AT_START, Record
from .untrusted import at, integer, join, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .budget import Budget
    from .trigger import Scalar, Trigger

SYSTEM = "aws_sqs"


def sqs(records: "list[object]", _event: "dict[str, object]") -> "Trigger":
    """The messages that Lambda took from one queue."""
    arn = at(records[0], "eventSourceARN") if records else ""
    queue = arns.name(arn)
    attributes = present({
        "messaging.system": SYSTEM,
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": queue,
        "messaging.batch.message_count": len(records),
        "aws.sqs.queue.url": arns.queue_url(arn),
    })  # fmt: skip
    return batch("sqs", "pubsub", records, _message, source=queue, attributes=attributes, is_partial=True)


def _message(record: object, budget: "Budget") -> Record:
    held = mapping(record)
    system = mapping(held.get("attributes"))
    body, message_id = held.get("body"), text(held.get("messageId"))
    sent_ns = times.of_ms(system.get("SentTimestamp"))
    own = carriers.of_attributes(held.get("messageAttributes"), system.get("AWSTraceHeader"))
    inside = envelopes.open_body(body, sent_ns, budget)
    extracted = carriers.merged((own, inside.extracted)) if inside is not envelopes.EMPTY else own
    queue = arns.name(held.get("eventSourceARN"))
    about = present(
        {"messaging.system": SYSTEM, "messaging.destination.name": queue, "messaging.message.id": message_id}
    )
    return Record(
        contexts=extracted.contexts,
        links=inside.links,
        baggage=extracted.baggage,
        joins=join("sqs", message_id) + inside.joins + _failure_joins(held) + carriers.xray_joins(extracted),
        identifier=message_id,
        attributes={**about, **_history(held, system), **inside.attributes},
        inferred=inside.inferred + envelopes.waiting("sqs", f"queue {queue}", sent_ns, AT_START, about),
    )


def _history(held: "dict[str, object]", system: "dict[str, object]") -> "dict[str, Scalar]":
    """What the queue did with the message, and what Lambda's and SNS's dead letters say of it.

    A message with a dead letter's source has been in a dead-letter queue, and was sent back from there.
    """
    body, given = held.get("body"), held.get("messageAttributes")
    return present({
        "messaging.message.body.size": len(body) if isinstance(body, str) and body.isascii() else None,
        "spanfold.delivery.attempt": integer(system.get("ApproximateReceiveCount")),
        "spanfold.message.group": system.get("MessageGroupId"),
        "spanfold.message.deduplication_id": system.get("MessageDeduplicationId"),
        "spanfold.dead_letter.source": arns.name(system.get("DeadLetterQueueSourceArn")),
        "error.type": text_at(given, "ErrorCode", "stringValue"),
        "spanfold.dead_letter.error": text_at(given, "ErrorMessage", "stringValue"),
    })  # fmt: skip


def _failure_joins(held: "dict[str, object]") -> tuple[str, ...]:
    """Of the invocation that failed, whose event the body is."""
    attributes = held.get("messageAttributes")
    if not attributes or at(attributes, "ErrorCode") is None:
        return ()
    return join("lambda-result", at(attributes, "RequestID", "stringValue"))
