"""S3: an object was written, removed, restored.

Shape: S3 user guide, "Event message structure" 2.1 to 2.3 (read November 2026). The notification has none of the
object's metadata, so no context comes with it; writer and reader know the object by its hash (../pointers) and the
request by its id.
"""

from . import arns, envelopes
from .batches import batch
from .trigger import AT_START, Record
from .untrusted import at, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .budget import Budget
    from .trigger import Trigger

OPERATIONS = (("ObjectCreated:", "insert"), ("ObjectRemoved:", "delete"), ("LifecycleExpiration:", "delete"))


def s3(records: "list[object]", _event: "dict[str, object]") -> "Trigger":
    """Notifications of one bucket, one at a time in practice."""
    bucket = text_at(records[0], "s3", "bucket", "name") if records else ""
    arn = arns.name(at(records[0], "s3", "bucket", "arn")) if records else ""
    source = bucket or arn
    attributes = present({"aws.s3.bucket": source, "faas.document.collection": source})
    return batch("s3", "datasource", records, _object, source=source, attributes=attributes)


def _object(record: object, _budget: "Budget") -> Record:
    opened = envelopes.object_record(record, AT_START)
    name = text(at(record, "eventName")).removeprefix("s3:")
    attributes = {
        "faas.document.collection": opened.attributes.get("aws.s3.bucket", ""),
        "faas.document.name": opened.attributes.get("aws.s3.key", ""),
        "faas.document.operation": next((does for prefix, does in OPERATIONS if name.startswith(prefix)), "edit"),
        "faas.document.time": text(at(record, "eventTime")),
    }
    return Record(joins=opened.joins, attributes={**opened.attributes, **present(attributes)}, inferred=opened.inferred)
