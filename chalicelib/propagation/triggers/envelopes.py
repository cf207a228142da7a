"""What a message holds that another service put into it: a notification in a queue, an event in a notification, …

A body is parsed only if it looks as though it held a context or an envelope, and only within a Budget. What is inside
came first, so its spans are the outer ones: S3 in SNS in SQS gives [object, topic], and the queue's span follows.
"""

from ..composite import NOTHING
from ..pointers import dynamodb_item, s3_object
from . import arns, carriers, times
from .budget import MAX_DEPTH, MAX_WIDTH, Budget
from .trigger import AT_START, Inferred
from .untrusted import at, integer, join, listed, mapping, parsed, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..composite import Extracted
    from ..context import TraceContext
    from .trigger import Scalar

INTERNAL, SERVER = 1, 2  # OTLP, Span.SpanKind
INFERRED = "spanfold.inferred"  # says of a span which kind of source it was made for

# A body without any of them holds nothing for us. They are looked for unquoted: in nested JSON the quotes are escaped.
MARKERS = (
    "_trace", "_datadog", "traceparent", "TopicArn", "detail-type", "aws:s3", "requestContext", "Execution",
    "aws:dynamodb",
)  # fmt: skip


class Opened:
    """What was found in a body. `inferred`: outermost first; the rest as in Record."""

    __slots__ = ("attributes", "extracted", "inferred", "joins", "links")

    def __init__(
        self,
        extracted: "Extracted" = NOTHING,
        *,
        joins: tuple[str, ...] = (),
        inferred: tuple[Inferred, ...] = (),
        links: "tuple[TraceContext, ...]" = (),
        attributes: "dict[str, Scalar] | None" = None,
    ) -> None:
        self.extracted = extracted
        self.joins = joins
        self.inferred = inferred
        self.links = links
        self.attributes = attributes or {}


EMPTY = Opened()


def open_body(body: object, until_ns: int, budget: Budget, depth: int = 0) -> Opened:
    """Of a body's text. `until_ns`: when what was inside was handed on, which is the start of the span around it."""
    if not isinstance(body, str) or depth >= MAX_DEPTH or not _is_promising(body) or not budget.allows(len(body)):
        return EMPTY
    held = parsed(body)
    return open_object(held, until_ns, budget, depth) if isinstance(held, dict) else EMPTY


def open_object(held: "dict[str, object]", until_ns: int, budget: Budget, depth: int = 0) -> Opened:
    """Of a body that is parsed already: the first envelope that it looks like, else what lies in the object itself."""
    for keys, opener in ENVELOPES:
        if all(key in held for key in keys):
            return opener(held, until_ns or AT_START, budget, depth)
    return Opened(carriers.of_json(held))


def notification(held: "dict[str, object]", until_ns: int, budget: Budget, depth: int = 0) -> Opened:
    """Of SNS's message, as it comes to a function and as the body of a queue's message."""
    sent_ns = times.of_iso(held.get("Timestamp"))
    topic = arns.name(held.get("TopicArn"))
    inside = open_body(held.get("Message"), sent_ns, budget, depth + 1)
    about = present({
        "messaging.system": "aws.sns",
        "messaging.destination.name": topic,
        "messaging.message.id": text(held.get("MessageId")),
    })  # fmt: skip
    span = waiting("sns", f"topic {topic}", sent_ns, until_ns, about)
    own = carriers.of_attributes(held.get("MessageAttributes"))
    joins = join("sns", held.get("MessageId"))
    return _around(inside, own, joins, span)


def bus_event(held: "dict[str, object]", until_ns: int, budget: Budget, depth: int = 0) -> Opened:
    """Of EventBridge's event."""
    sent_ns = times.of_iso(held.get("time"))
    source, kind, detail = text(held.get("source")), text(held.get("detail-type")), mapping(held.get("detail"))
    inside = _bus_detail(source, detail, sent_ns, budget, depth)
    about = present({
        "messaging.system": "aws.eventbridge",
        "cloudevents.event_id": text(held.get("id")),
        "cloudevents.event_source": source,
        "cloudevents.event_type": kind,
    })  # fmt: skip
    span = waiting("eventbridge", f"event {kind}", sent_ns, until_ns, about)
    return _around(inside, NOTHING, join("eventbridge", held.get("id")), span)


def _bus_detail(source: str, detail: "dict[str, object]", sent_ns: int, budget: Budget, depth: int) -> Opened:
    if source == "aws.s3":
        return object_event(detail, sent_ns)
    if source == "aws.states":
        return Opened(joins=join("states", detail.get("executionArn")))
    if source == "lambda" and "requestContext" in detail:
        return invocation_result(detail, sent_ns, budget, depth + 1)
    return Opened(carriers.of_json(detail))


def object_event(detail: "dict[str, object]", _until_ns: int) -> Opened:
    """Of the detail that S3 gives EventBridge; its key is not URL-encoded."""
    bucket, key = text_at(detail, "bucket", "name"), text_at(detail, "object", "key")
    etag = text_at(detail, "object", "etag") or text_at(detail, "object", "eTag")
    joins = join("s3", s3_object(bucket, key, etag)) + join("s3-request", detail.get("request-id"))
    return Opened(joins=joins, attributes=present({"aws.s3.bucket": bucket, "aws.s3.key": key}))


def object_record(record: object, until_ns: int) -> Opened:
    """Of one record of S3's own notification, whose key is URL-encoded."""
    bucket, key = text_at(record, "s3", "bucket", "name"), unquoted(text_at(record, "s3", "object", "key"))
    etag = text_at(record, "s3", "object", "eTag")
    request_id = at(record, "responseElements", "x-amz-request-id")
    attributes = present({"aws.s3.bucket": bucket, "aws.s3.key": key})
    span = waiting("s3", f"bucket {bucket}", times.of_iso(at(record, "eventTime")), until_ns, attributes)
    joins = join("s3", s3_object(bucket, key, etag)) + join("s3-request", request_id)
    return Opened(joins=joins, inferred=span, attributes=attributes)


def invocation_result(held: "dict[str, object]", until_ns: int, budget: Budget, depth: int = 0) -> Opened:
    """Of what Lambda tells of an asynchronous invocation, or of a batch of a stream that it gave up.

    The invocation that it tells of is known by its request id alone; what that one was given is linked to.
    """
    context = mapping(held.get("requestContext"))
    request_id = context.get("requestId")
    given = held.get("requestPayload")
    before = open_object(given, until_ns, budget, depth + 1) if isinstance(given, dict) and depth < MAX_DEPTH else EMPTY
    attributes = present({
        "spanfold.lambda.condition": text(context.get("condition")),
        "spanfold.lambda.attempts": integer(context.get("approximateInvokeCount")),
        "spanfold.lambda.function": arns.resource(context.get("functionArn")),
    })  # fmt: skip
    joins = join("lambda-result", request_id) + join("lambda", request_id) + _batch_joins(held)
    return Opened(joins=joins, links=before.extracted.contexts + before.links, attributes=attributes)


def waiting(kind: str, name: str, start_ns: int, end_ns: int, attributes: "dict[str, Scalar]") -> tuple[Inferred, ...]:
    """The span of what waited for the function; () if the event does not say since when."""
    if not start_ns:
        return ()
    return (Inferred(name.rstrip(), INTERNAL, start_ns, end_ns, {INFERRED: kind, **attributes}),)


def unquoted(key: str) -> str:
    """An object's key as S3 writes it in its notifications: form-encoded."""
    if "%" not in key and "+" not in key:
        return key
    from urllib.parse import unquote_plus  # noqa: PLC0415  # five milliseconds of a cold start

    return unquote_plus(key)


def _object_records(held: "dict[str, object]", until_ns: int, _budget: Budget, _depth: int) -> Opened:
    records = [record for record in listed(held["Records"])[:MAX_WIDTH] if at(record, "s3") is not None]
    opened = [object_record(record, until_ns) for record in records]
    joins = tuple(name for each in opened for name in each.joins)
    return Opened(joins=joins, inferred=opened[0].inferred if opened else ())


def _item_change(held: "dict[str, object]", _until_ns: int, _budget: Budget, _depth: int) -> Opened:
    """Of an item's change, as DynamoDB gives it to a Kinesis stream."""
    return Opened(joins=join("dynamodb", dynamodb_item(text(held.get("tableName")), at(held, "dynamodb", "Keys"))))


def _batch_joins(held: "dict[str, object]") -> tuple[str, ...]:
    """The first and the last record of a stream's batch."""
    kinesis = mapping(held.get("KinesisBatchInfo"))
    stream = arns.name(kinesis.get("streamArn"))
    ends = dict.fromkeys((kinesis.get("startSequenceNumber"), kinesis.get("endSequenceNumber")) if kinesis else ())
    return tuple(name for number in ends for name in join("kinesis", stream, number))


def _around(inside: Opened, own: "Extracted", joins: tuple[str, ...], span: tuple[Inferred, ...]) -> Opened:
    return Opened(
        carriers.merged((own, inside.extracted)),
        joins=joins + inside.joins,
        inferred=inside.inferred + span,
        links=inside.links,
        attributes=inside.attributes,
    )


def _is_promising(body: str) -> bool:
    return body[:64].lstrip()[:1] == "{" and any(marker in body for marker in MARKERS)


ENVELOPES: "tuple[tuple[tuple[str, ...], Callable[[dict[str, object], int, Budget, int], Opened]], ...]" = (
    (("TopicArn", "Message", "MessageId"), notification),
    (("detail-type", "source", "detail"), bus_event),
    (("requestContext", "version", "timestamp"), invocation_result),
    (("dynamodb", "eventSource"), _item_change),
    (("Records",), _object_records),
)
