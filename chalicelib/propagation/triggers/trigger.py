"""What an event says about where it comes from."""

from ..context import TraceContext
from ..values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Scalar = str | bool | int | float

# When an inferred span ends, where that is not a time the event states.
AT_START = -1  # when the handler starts: what waited for the function (queues, topics, buses, streams)
AT_END = -2  # when the handler ends: what waits for its answer (gateways)


class Inferred(Value):
    """A span of a managed service, which reports none itself: the gateway's, a queue's, a topic's.

    `kind` is OTLP's number. `start_ns` is the time the event states; whoever makes the span takes care that it is not
    after the handler's start. `end_ns` is a time, AT_START or AT_END. The outermost comes first: an SNS message within
    an SQS message gives [topic, queue], the queue's span a child of the topic's, the invocation a child of the queue's.
    """

    __slots__ = ("attributes", "end_ns", "kind", "name", "start_ns")

    def __init__(self, name: str, kind: int, start_ns: int, end_ns: int, attributes: "Mapping[str, Scalar]") -> None:
        self.name = name
        self.kind = kind
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.attributes = attributes


class Record(Value):
    """One message or record of an event.

    `contexts`: those its producer sent along, best first (a complete one first; X-Ray's own header last); () if none.
    `links`: contexts that have to do with it, and of which it is no child (what a failed invocation was given).
    `baggage`: W3C baggage, decoded, in order. `joins`: the names under which producer and consumer know the record (see
    ..joins). `identifier`: what `batchItemFailures[].itemIdentifier` would call it; "" where a source has no such.
    `attributes`: OpenTelemetry's, of the record alone. `inferred`: outermost first.
    """

    __slots__ = ("attributes", "baggage", "contexts", "identifier", "inferred", "joins", "links")

    def __init__(
        self,
        *,
        contexts: tuple[TraceContext, ...] = (),
        links: tuple[TraceContext, ...] = (),
        baggage: tuple[tuple[str, str], ...] = (),
        joins: tuple[str, ...] = (),
        identifier: str = "",
        attributes: "Mapping[str, Scalar] | None" = None,
        inferred: tuple[Inferred, ...] = (),
    ) -> None:
        self.contexts = contexts
        self.links = links
        self.baggage = baggage
        self.joins = joins
        self.identifier = identifier
        self.attributes = attributes or {}
        self.inferred = inferred


class Trigger(Value):
    """What set an invocation off.

    `kind`: our name of the source ("sqs", "api-gateway-rest", "unknown"; see the table in .recognise). `faas_trigger`:
    http, pubsub, datasource, timer or other. `name`: what the invocation's span is called instead of the function's
    name (an HTTP route); "" for none. `attributes`: OpenTelemetry's, for the invocation's span. `contexts`, `baggage`,
    `joins`, `inferred`: as in Record, of what is not a batch (a request, an invoke, an event of a bus). `records`:
    those of a batch, every one; () for what is not a batch. `source`: what a batch is processed from (the name of a
    queue, stream, topic). `is_partial`: whether the source understands batchItemFailures.
    """

    __slots__ = (
        "attributes", "baggage", "contexts", "faas_trigger", "inferred", "is_partial",
        "joins", "kind", "links", "name", "records", "source",
    )  # fmt: skip

    def __init__(
        self,
        kind: str = "unknown",
        faas_trigger: str = "other",
        *,
        name: str = "",
        source: str = "",
        attributes: "Mapping[str, Scalar] | None" = None,
        contexts: tuple[TraceContext, ...] = (),
        links: tuple[TraceContext, ...] = (),
        baggage: tuple[tuple[str, str], ...] = (),
        joins: tuple[str, ...] = (),
        inferred: tuple[Inferred, ...] = (),
        records: "Sequence[Record]" = (),
        is_partial: bool = False,
    ) -> None:
        self.kind = kind
        self.faas_trigger = faas_trigger
        self.name = name
        self.source = source
        self.attributes = attributes or {}
        self.contexts = contexts
        self.links = links
        self.baggage = baggage
        self.joins = joins
        self.inferred = inferred
        self.records = records
        self.is_partial = is_partial
