"""DynamoDB Streams and DocumentDB change streams: what was done to an item, after it was done.

Shapes: DynamoDB Streams API reference ("Record"), Lambda developer guide for both (read November 2026). A context can
only come in the item itself, as an attribute that the writer added (`_trace`, or `traceparent`); it is taken when that
attribute is new with this change, for an item keeps its last writer's, whoever deletes it.
"""

from ..composite import NOTHING
from ..pointers import dynamodb_item
from . import arns, carriers, envelopes, times
from .batches import batch
from .trigger import AT_START, Record
from .untrusted import at, integer, join, mapping, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..composite import Extracted
    from .budget import Budget
    from .trigger import Scalar, Trigger

OPERATIONS = {
    "INSERT": "insert", "MODIFY": "edit", "REMOVE": "delete",
    "insert": "insert", "update": "edit", "replace": "edit", "delete": "delete",
}  # fmt: skip
EXPIRY = "dynamodb.amazonaws.com"  # the principal that deletes items whose time to live is over


def dynamodb(records: "list[object]", _event: "dict[str, object]") -> "Trigger":
    """Changes of one table."""
    table = arns.name(at(records[0], "eventSourceARN")) if records else ""
    attributes = _batch(table, len(records))
    return batch("dynamodb", "datasource", records, _change, source=table, attributes=attributes, is_partial=True)


def docdb(records: "list[object]", _event: "dict[str, object]") -> "Trigger":
    """Changes of one DocumentDB collection, or of all."""
    namespace = at(records[0], "event", "ns") if records else None
    collection = f"{text_at(namespace, 'db')}.{text_at(namespace, 'coll')}".strip(".")
    attributes = _batch(collection, len(records))
    return batch("docdb", "datasource", records, _document, source=collection, attributes=attributes)


def _batch(collection: str, count: int) -> "dict[str, Scalar]":
    return present({"faas.document.collection": collection, "messaging.batch.message_count": count})


def _change(record: object, _budget: "Budget") -> Record:
    held, change = mapping(record), mapping(at(record, "dynamodb"))
    table, number = arns.name(held.get("eventSourceARN")), text(change.get("SequenceNumber"))
    changed_ns = times.of_any(change.get("ApproximateCreationDateTime"))
    extracted = _context(change)
    attributes = present({
        "faas.document.collection": table,
        "faas.document.operation": OPERATIONS.get(text(held.get("eventName")), ""),
        "spanfold.dynamodb.expired": text_at(held, "userIdentity", "principalId") == EXPIRY or None,
    })  # fmt: skip
    return Record(
        contexts=extracted.contexts,
        baggage=extracted.baggage,
        joins=join("dynamodb", dynamodb_item(table, change.get("Keys"))),
        identifier=number,
        attributes=attributes,
        inferred=envelopes.waiting("dynamodb", f"table {table}", changed_ns, AT_START, attributes),
    )


def _document(record: object, _budget: "Budget") -> Record:
    held = mapping(at(record, "event"))
    attributes = present({
        "faas.document.collection": text_at(held, "ns", "coll"),
        "faas.document.operation": OPERATIONS.get(text(held.get("operationType")), ""),
        "faas.document.name": text_at(held, "documentKey", "_id", "$oid"),
    })  # fmt: skip
    changed_ns = times.of_s(integer(at(held, "clusterTime", "$timestamp", "t")))
    name = f"collection {text_at(held, 'ns', 'coll')}"
    return Record(
        joins=join("docdb", at(held, "_id", "_data")),
        attributes=attributes,
        inferred=envelopes.waiting("docdb", name, changed_ns, AT_START, attributes),
    )


def _context(change: "dict[str, object]") -> "Extracted":
    """Of the new image, {"S": text} or {"M": {name: {"S": text}}} by name."""
    new, old = mapping(change.get("NewImage")), mapping(change.get("OldImage"))
    for key in (*carriers.KEYS, "traceparent"):
        if key in new and new[key] != old.get(key):
            return carriers.of_json({key: _plain(new[key])}) if key in carriers.KEYS else _of_names(new)
    return NOTHING


def _of_names(image: "dict[str, object]") -> "Extracted":
    return carriers.of_json({name: _plain(image[name]) for name in carriers.W3C if name in image})


def _plain(attribute: object) -> object:
    members = at(attribute, "M")
    if isinstance(members, dict):
        return {name: text_at(value, "S") for name, value in list(members.items())[: carriers.MAX_PLACES]}
    return text_at(attribute, "S")
