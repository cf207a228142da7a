"""Brokers: Kafka (MSK and self-managed), ActiveMQ and RabbitMQ (Amazon MQ).

Shapes: Lambda developer guide for each (read November 2026). Their headers are bytes: a list of numbers, Java's
signed ones too; what a Java runtime re-serialised has them by position ({"0": "48"}), and an older example base64.
"""

from ..headers import Headers
from . import arns, carriers, envelopes, times
from .batches import batch
from .trigger import AT_START, Record
from .untrusted import at, integer, join, listed, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .budget import Budget
    from .trigger import Scalar, Trigger

MAX_HEADER_BYTES = 8192
MAX_KEY_CHARS = 256


def kafka(records: "list[object]", event: "dict[str, object]") -> "Trigger":
    """Records of one topic, of several of its partitions; kind "msk" or "kafka" by who runs the cluster."""
    first = mapping(records[0]) if records else {}
    topic = text(first.get("topic"))
    is_managed = (text(event.get("eventSource")) or text(first.get("eventSource"))) == "aws:kafka"
    attributes = _batch("kafka", topic, len(records))
    return batch("msk" if is_managed else "kafka", "pubsub", records, _record, source=topic, attributes=attributes)


def activemq(records: "list[object]", event: "dict[str, object]") -> "Trigger":
    """Messages of one queue of an ActiveMQ broker."""
    queue = text_at(records[0], "destination", "physicalName") if records else ""
    attributes = {**_batch("activemq", queue, len(records)), **_broker(event)}
    return batch("activemq", "pubsub", records, _active_message, source=queue, attributes=attributes)


def rabbitmq(records: "list[object]", event: "dict[str, object]") -> "Trigger":
    """Messages of one queue of a RabbitMQ broker, under "<queue>::<virtual host>"."""
    name = next(iter(mapping(event.get("rmqMessagesByQueue"))), "")
    queue = text(name).partition("::")[0]
    attributes = {**_batch("rabbitmq", queue, len(records)), **_broker(event)}

    def read(record: object, budget: "Budget") -> Record:
        return _rabbit_message(record, queue, budget)

    return batch("rabbitmq", "pubsub", records, read, source=queue, attributes=attributes)


def _batch(system: str, destination: str, count: int) -> "dict[str, Scalar]":
    return present({
        "messaging.system": system,
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": destination,
        "messaging.batch.message_count": count,
    })  # fmt: skip


def _broker(event: "dict[str, object]") -> "dict[str, Scalar]":
    return present({"spanfold.broker": arns.resource(event.get("eventSourceArn")).partition(":")[2].partition(":")[0]})


def _record(record: object, _budget: "Budget") -> Record:
    held = mapping(record)
    topic, sent_ns = text(held.get("topic")), times.of_ms(held.get("timestamp"))
    partition, offset = integer(held.get("partition")), integer(held.get("offset"))
    extracted = carriers.extract(Headers(_kafka_headers(held)))
    about = present({"messaging.system": "kafka", "messaging.destination.name": topic})
    key = carriers.decoded(text(held.get("key"))[: MAX_KEY_CHARS * 2], MAX_KEY_CHARS)
    where = present({
        "messaging.destination.partition.id": "" if partition is None else str(partition),
        "messaging.kafka.offset": offset,
        "messaging.kafka.message.key": key,
    })  # fmt: skip
    return Record(
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("kafka", topic, str(partition), str(offset)) if partition is not None and offset is not None else (),
        attributes={**about, **where},
        inferred=envelopes.waiting("kafka", f"topic {topic}", sent_ns, AT_START, about),
    )


def _kafka_headers(held: "dict[str, object]") -> "Iterator[tuple[str, str]]":
    for header in listed(held.get("headers"))[: carriers.MAX_PLACES]:
        for name, value in mapping(header).items():
            yield name, of_bytes(value)


def _active_message(record: object, _budget: "Budget") -> Record:
    held = mapping(record)
    message_id, queue = text(held.get("messageID")), text_at(held, "destination", "physicalName")
    sent_ns = times.of_ms(held.get("timestamp"))
    extracted = carriers.of_headers(held.get("properties"))
    about = present(
        {"messaging.system": "activemq", "messaging.destination.name": queue, "messaging.message.id": message_id}
    )
    redelivered = present({"spanfold.delivery.redelivered": held.get("redelivered") is True or None})
    return Record(
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("activemq", message_id),
        attributes={**about, **redelivered},
        inferred=envelopes.waiting("activemq", f"queue {queue}", sent_ns, AT_START, about),
    )


def _rabbit_message(record: object, queue: str, _budget: "Budget") -> Record:
    """Its timestamp is a text of its own ("Jan 1, 1970, 12:33:41 AM") and mostly not set, so no time is inferred."""
    properties = mapping(at(record, "basicProperties"))
    headers = list(mapping(properties.get("headers")).items())[: carriers.MAX_PLACES]
    extracted = carriers.extract(Headers((name, _rabbit_value(value)) for name, value in headers))
    message_id = text(properties.get("messageId"))
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": queue,
        "messaging.message.id": message_id,
        "messaging.message.conversation_id": text(properties.get("correlationId")),
        "spanfold.delivery.redelivered": at(record, "redelivered") is True or None,
    }
    return Record(
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("rabbitmq", message_id),
        attributes=present(attributes),
    )


def _rabbit_value(value: object) -> str:
    return value if isinstance(value, str) else of_bytes(at(value, "bytes"))


def of_bytes(value: object) -> str:
    """The text of a header's bytes, in any of the three encodings; "" for what is none of them."""
    if isinstance(value, str):
        return carriers.decoded(value)
    if isinstance(value, dict):
        value = [value.get(str(position)) for position in range(min(len(value), MAX_HEADER_BYTES + 1))]
    if not isinstance(value, list) or len(value) > MAX_HEADER_BYTES:
        return ""
    numbers = [integer(byte) for byte in value]
    known = [number & 0xFF for number in numbers if number is not None and -129 < number < 256]
    return bytes(known).decode(errors="replace") if len(known) == len(value) else ""
