"""SNS, straight to a function: one notification at a time, though in a list.

Shape: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications" (read November 2026).
"""

from . import arns, carriers, envelopes
from .batches import batch
from .trigger import AT_START, Record
from .untrusted import at, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .budget import Budget
    from .trigger import Trigger


def sns(records: "list[object]", _event: "dict[str, object]") -> "Trigger":
    """The notifications of one topic."""
    arn = text_at(records[0], "Sns", "TopicArn") if records else ""
    topic = arns.name(arn)
    attributes = present({
        "messaging.system": "aws.sns",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": topic,
        "messaging.batch.message_count": len(records),
        "aws.sns.topic.arn": arn,
    })  # fmt: skip
    return batch("sns", "pubsub", records, _notification, source=topic, attributes=attributes)


def _notification(record: object, budget: "Budget") -> Record:
    held = mapping(at(record, "Sns"))
    opened = envelopes.notification(held, AT_START, budget)
    message_id = text(held.get("MessageId"))
    about = {
        "messaging.system": "aws.sns",
        "messaging.destination.name": arns.name(held.get("TopicArn")),
        "messaging.message.id": message_id,
    }
    return Record(
        contexts=opened.extracted.contexts,
        links=opened.links,
        baggage=opened.extracted.baggage,
        joins=opened.joins + carriers.xray_joins(opened.extracted),
        identifier=message_id,
        attributes={**present(about), **opened.attributes},
        inferred=opened.inferred,
    )
