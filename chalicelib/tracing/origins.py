"""Where an invocation's span belongs: the span it continues, and the spans of the services in between.

A gateway or a queue reports no span to us, but the event says when it began to hold the request. These inferred spans
are children of whoever sent, and parents of the invocation's. Those of queues and buses end when the handler starts
(they may not end after it: some services tell seconds only), those of gateways when it answers.
"""

from ..propagation.triggers.trigger import AT_END, AT_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..propagation.context import TraceContext
    from ..propagation.triggers.trigger import Inferred, Record, Trigger
    from .recording import Recording
    from .span import Span
    from .tracer import Tracer

MAX_CHAINS = 10  # records of a batch whose way here is shown; SQS hands over ten unless it is told otherwise
MAX_COMPARED = 128  # records that may be one trace
ALWAYS_LINK = "always-link"
RECORD = "record"


class Origin:
    """`parent`: of the invocation's span, remote; None for a root. `inferred`: in between, outermost first.
    `position`: of the record that both are of; -1 for none.
    """

    __slots__ = ("inferred", "parent", "position")

    def __init__(
        self, parent: "TraceContext | None" = None, inferred: "Sequence[Inferred]" = (), position: int = -1
    ) -> None:
        self.parent = parent
        self.inferred = inferred
        self.position = position


def origin(trigger: "Trigger", policy: str) -> Origin:
    """Of a request what it carries; of a batch of one message, or of one trace, what the first carries.

    Other batches begin a trace of their own and know their messages by links (SPANFOLD_PARENT=always-link: all do;
    =record: as here, and each record's own span continues its producer's trace, see .batches).
    """
    if not len(trigger.records):
        return Origin(first_complete(trigger.contexts), trigger.inferred)
    if policy == ALWAYS_LINK or not _is_one_trace(trigger.records):
        return Origin()
    first = trigger.records[0]
    return Origin(first_complete(first.contexts), first.inferred, 0)


def first_complete(contexts: "Sequence[TraceContext]") -> "TraceContext | None":
    """The best context that a span can have as its parent."""
    return next((context for context in contexts if context.is_complete), None)


def infer(
    tracer: "Tracer",
    parent: "TraceContext | None",
    inferred: "Sequence[Inferred]",
    start_ns: int,
    recording: "Recording",
) -> "list[Span]":
    """Spans of the services between `parent` and the handler, which starts at `start_ns`; outermost first.

    Those that end with the handler are still open.
    """
    spans: list[Span] = []
    above: TraceContext | Span | None = parent
    for one in inferred:
        began_ns = min(one.start_ns, start_ns) if one.start_ns > 0 else start_ns
        span = tracer.start_span(
            one.name, kind=one.kind, parent=above, attributes=one.attributes, start_ns=began_ns, recording=recording
        )
        if one.end_ns != AT_END:
            span.end(start_ns if one.end_ns == AT_START else min(one.end_ns, start_ns))
        spans.append(span)
        above = span
    return spans


def infer_others(
    tracer: "Tracer", records: "Sequence[Record]", taken: int, start_ns: int, recording: "Recording"
) -> None:
    """The way here of a small batch's records, each in its producer's trace; `taken`: the record already shown."""
    if len(records) > MAX_CHAINS:
        return
    for position, record in enumerate(records):
        parent = first_complete(record.contexts)
        if position != taken and parent is not None:
            for span in infer(tracer, parent, record.inferred, start_ns, recording):
                span.end(start_ns)


def _is_one_trace(records: "Sequence[Record]") -> bool:
    if len(records) == 1:
        return True
    if len(records) > MAX_COMPARED:
        return False
    contexts = [first_complete(record.contexts) for record in records]
    return contexts[0] is not None and {context.trace_id if context else "" for context in contexts} == {
        contexts[0].trace_id
    }
