"""Kinesis and Firehose: batches of records whose data is base64 of anything, maybe of JSON with a context.

Shapes: Lambda developer guide, "Using Lambda to process records from Amazon Kinesis Data Streams"; Firehose developer
guide, "Transform source data"; EventBridge Pipes, whose Kinesis records are flat (read November 2026). Records that the
Kinesis Producer Library aggregated are protobuf and say nothing.
"""

from . import arns, carriers, envelopes, times
from .batches import batch
from .budget import MAX_BODY_CHARS
from .trigger import AT_START, Record
from .untrusted import at, join, listed, mapping, present, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .budget import Budget
    from .invoked import Invoked
    from .trigger import Scalar, Trigger

SYSTEM = "aws.kinesis"


def kinesis(records: "list[object]", _event: "dict[str, object]") -> "Trigger":
    """Records of one stream, of one shard unless it has consumers that aggregate."""
    stream = arns.name(at(records[0], "eventSourceARN")) if records else ""
    attributes = {**_batch(SYSTEM, stream, len(records)), **present({"aws.kinesis.stream_name": stream})}
    return batch("kinesis", "pubsub", records, _record, source=stream, attributes=attributes, is_partial=True)


def firehose(event: "dict[str, object]", _invoked: "Invoked") -> "Trigger":
    """Records that a delivery stream wants transformed; the answer has to repeat their ids."""
    records = listed(event.get("records"))
    stream = arns.name(event.get("deliveryStreamArn"))
    source = arns.name(event.get("sourceKinesisStreamArn"))

    def read(record: object, budget: "Budget") -> Record:
        return _delivery(record, stream, source, budget)

    attributes = _batch("aws.firehose", stream, len(records))
    return batch("firehose", "pubsub", records, read, source=stream, attributes=attributes)


def _batch(system: str, stream: str, count: int) -> "dict[str, Scalar]":
    return present({
        "messaging.system": system,
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": stream,
        "messaging.batch.message_count": count,
    })  # fmt: skip


def _record(record: object, budget: "Budget") -> Record:
    held = mapping(record)
    inner = mapping(held.get("kinesis")) or held  # Pipes have no level between
    stream, number = arns.name(held.get("eventSourceARN")), text(inner.get("sequenceNumber"))
    sent_ns = times.of_any(inner.get("approximateArrivalTimestamp"))
    opened = open_data(inner.get("data"), sent_ns, budget)
    about = present({"messaging.system": SYSTEM, "messaging.destination.name": stream, "messaging.message.id": number})
    shard = text(held.get("eventID")).partition(":")[0]
    partition = {"messaging.destination.partition.id": shard if shard.startswith("shardId") else ""}
    return Record(
        contexts=opened.extracted.contexts,
        links=opened.links,
        baggage=opened.extracted.baggage,
        joins=join("kinesis", stream, number) + opened.joins,
        identifier=number,
        attributes={**about, **present(partition), **opened.attributes},
        inferred=opened.inferred + envelopes.waiting("kinesis", f"stream {stream}", sent_ns, AT_START, about),
    )


def _delivery(record: object, stream: str, source: str, budget: "Budget") -> Record:
    held = mapping(record)
    record_id = text(held.get("recordId"))
    sent_ns = times.of_ms(held.get("approximateArrivalTimestamp"))
    opened = open_data(held.get("data"), sent_ns, budget)
    number = at(held, "kinesisRecordMetadata", "sequenceNumber")
    about = present(
        {"messaging.system": "aws.firehose", "messaging.destination.name": stream, "messaging.message.id": record_id}
    )
    return Record(
        contexts=opened.extracted.contexts,
        links=opened.links,
        baggage=opened.extracted.baggage,
        joins=join("firehose", record_id) + join("kinesis", source, number) + opened.joins,
        identifier=record_id,
        attributes={**about, **opened.attributes},
        inferred=opened.inferred + envelopes.waiting("firehose", f"stream {stream}", sent_ns, AT_START, about),
    )


def open_data(data: object, until_ns: int, budget: "Budget") -> envelopes.Opened:
    """Of base64. Only what begins like a JSON object is decoded: "{" and what may follow are "e", then "w" to "/"."""
    if not isinstance(data, str) or data[:1] != "e" or len(data) > MAX_BODY_CHARS:
        return envelopes.EMPTY
    return envelopes.open_body(carriers.decoded(data, MAX_BODY_CHARS), until_ns, budget)
