"""A batch of records: one span for processing it, linked to every producer, and one for each record on request.

    for record in records(event):
        …                                  a CONSUMER span each, current within the loop's body

A generator does not see what is raised in the body of a loop over it, only that it is closed. So the record in hand is
marked when the invocation fails, and the others when its answer is known (batchItemFailures); until then their spans
are held back.
"""

from ..propagation.joins import MAX_JOINS, RECEIVED
from .current import BAGGAGE, CURRENT, INVOCATION, restore
from .origins import RECORD, first_complete
from .span import CONSUMER, ERROR, Span
from .tracer import Use, tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextvars import Token
    from typing import Any

    from ..propagation.context import TraceContext
    from ..propagation.triggers.trigger import Record, Trigger
    from .answers import Failures
    from .current import Current
    from .recording import Recording
    from .tracer import Tracer

FAILED = "spanfold.batch.failed_count"
AGAIN = "spanfold.batch.retried_count"
OLDEST = "spanfold.batch.oldest_age_ms"
MAX_READ = 128  # records read for the links, joins and ages of the batch's span: as many links as a span may have
PLACES = ("Records", "records", "events", "messages", "rmqMessagesByQueue")  # of an event's records; see .triggers


class Batch:
    """What an invocation keeps of its batch. `spans`: of the records that were walked over, by position.
    `in_hand`: the position of a record whose loop was left before its end; -1 for none.
    """

    __slots__ = ("in_hand", "recording", "records", "span", "spans", "trigger")

    def __init__(self, trigger: "Trigger", span: Span, recording: "Recording") -> None:
        self.trigger = trigger
        self.records = trigger.records
        self.span = span
        self.recording = recording
        self.spans: dict[int, Span] = {}
        self.in_hand = -1

    def fail(self, error: BaseException) -> None:
        """The handler raised: the record in hand is at fault, and all come again."""
        if self.in_hand in self.spans and isinstance(error, Exception):
            self.spans[self.in_hand].fail(error)
        _mark(self.span, len(self.records), len(self.records), len(self.records))
        self.span.set_attribute("error.type", type(error).__name__)

    def mark(self, failures: "Failures") -> None:
        """Write on the records' spans what the answer says of them, and on the batch's how many failed."""
        if not failures.failed:
            return
        for position in failures.failed:
            if position in self.spans:
                self.spans[position].set_status(ERROR, "the handler named it as failed")
                if "error.type" not in self.spans[position].attributes:
                    self.spans[position].set_attribute("error.type", "batch_item_failure")
        self._tell_unwalked(failures)
        _mark(self.span, len(failures.failed), failures.again, len(self.records))
        self.span.set_attribute("error.type", "batch_item_failures")

    def _tell_unwalked(self, failures: "Failures") -> None:
        """Of what has no span the identifiers, as far as a span holds events."""
        for position in failures.failed[:MAX_READ]:
            if position not in self.spans:
                identifier = self.records[position].identifier
                self.span.add_event("spanfold.record.failed", {"spanfold.record.identifier": identifier})

    def close(self) -> None:
        """End the batch's span and let the records' go."""
        self.recording.release()
        self.span.end()


def _mark(span: Span, failed: int, again: int, count: int) -> None:
    span.set_status(ERROR, f"{failed} of {count} records failed")
    span.set_attributes({FAILED: failed, AGAIN: again})


def begin(here: "Tracer", trigger: "Trigger", parent: Span, start_ns: int, recording: "Recording") -> Batch:
    """The batch's CONSUMER span, begun: links to every producer, and the names under which both know the records.

    Of a batch of one it says also what is to be said of the record (its id, which delivery it is), since a handler that
    takes one at a time has no reason to ask for `records`.
    """
    known = trigger.records[:MAX_READ]
    count = len(trigger.records)
    messaging = {key: value for key, value in trigger.attributes.items() if key.startswith("messaging.")}
    span = here.start_span(
        f"process {trigger.source or trigger.kind}",
        kind=CONSUMER,
        parent=parent,
        links=_contexts(known),
        attributes={**messaging, **(known[0].attributes if count == 1 else {}), "messaging.batch.message_count": count},
        start_ns=start_ns,
        recording=recording,
    )
    if span.is_recording:
        span.dropped_links += max(0, count - MAX_READ)
        names = dict.fromkeys(name for record in known for name in record.joins)
        _set_joins(span, names)
        began = [
            record.inferred[-1].start_ns for record in known if record.inferred and record.inferred[-1].start_ns > 0
        ]
        if began:
            span.set_attribute(OLDEST, max(0, start_ns - min(began)) // 1_000_000)
    return Batch(trigger, span, recording)


def records(event: "Any") -> "Iterator[Any]":
    """The records of an event, one after the other, each with a span of its own while the loop's body has it.

    `event`: the handler's, or Chalice's object for it, whose records come as Chalice's. They come in the event's order
    and untouched; an event without records gives none.
    """
    items = _items(event)
    batch, told = _told(event, len(items))
    for position, item in enumerate(items):
        entered = _Entered(batch, told, position)
        is_left = True
        try:
            yield item
            is_left = False
        finally:
            entered.leave(is_left=is_left)


class _Entered:
    """One record in hand. Nothing in here raises."""

    __slots__ = ("_baggage", "_batch", "_position", "_span", "_use")

    def __init__(self, batch: Batch | None, told: "Trigger | None", position: int) -> None:
        self._batch = batch
        self._position = position
        self._span: Span | None = None
        self._use: Use | None = None
        self._baggage: Token[tuple[tuple[str, str], ...]] | None = None
        here = tracer()
        try:
            if told is not None:
                self._enter(here, told, told.records[position])
        except Exception as error:
            here.swallow(error, "records")

    def _enter(self, here: "Tracer", told: "Trigger", record: "Record") -> None:
        parent, links = _place(here, self._batch, record)
        self._span = span = here.start_span(
            f"record {told.source or told.kind}",
            kind=CONSUMER,
            links=links,
            parent=parent,
            attributes=record.attributes,
        )
        _set_joins(span, record.joins)
        if self._batch is not None and span.is_recording:
            self._batch.spans[self._position] = span
        self._use = Use(span)
        self._use.__enter__()
        if record.baggage:
            self._baggage = BAGGAGE.set(tuple(record.baggage))

    def leave(self, *, is_left: bool) -> None:
        """`is_left`: not by the next step of the loop, so it was broken off, or something was raised in its body."""
        if self._use is not None:
            self._use.__exit__()
        restore(BAGGAGE, self._baggage)
        if self._span is None:
            return
        if self._batch is None or self._batch.recording.is_closed:
            self._span.end()
            return
        self._batch.recording.hold(self._span)
        if is_left:
            self._batch.in_hand = self._position


def _place(
    here: "Tracer", batch: Batch | None, record: "Record"
) -> "tuple[Current | TraceContext | Span, list[TraceContext]]":
    """The parent of a record's span, and what it is linked to.

    SPANFOLD_PARENT=record: the span continues its producer's trace, also in a batch of several, and is linked to the
    batch's span; so what the handler does for one message stays in the trace of that message.
    """
    sent = list(_contexts([record]))
    if batch is None:
        return CURRENT, sent
    if here.config.parent == RECORD and sent and sent[0].trace_id != batch.span.trace_id:
        return sent[0], [*sent, batch.span.context]
    return batch.span, sent


def _told(event: object, count: int) -> "tuple[Batch | None, Trigger | None]":
    """The invocation's batch if this is its event, and what is known of the records; None where that is nothing."""
    here = tracer()
    try:
        event = event.to_dict() if hasattr(event, "to_dict") else event
        invocation = INVOCATION.get()
        if invocation is not None and invocation.batch is not None and invocation.event is event:
            batch = invocation.batch
            return (batch, batch.trigger) if len(batch.records) == count else (None, None)
        from ..propagation.triggers.invoked import Invoked  # noqa: PLC0415
        from ..propagation.triggers.recognise import recognise  # noqa: PLC0415

        trigger = recognise(event, Invoked())
        return None, trigger if len(trigger.records) == count else None
    except Exception as error:
        here.swallow(error, "records")
        return None, None


def _items(event: "Any") -> "Sequence[Any]":
    if isinstance(event, (list, tuple)):
        return event
    if not isinstance(event, dict):
        return list(event) if hasattr(event, "to_dict") else ()
    found = next((event[place] for place in PLACES if place in event), ())
    if isinstance(found, dict):
        return [record for held in found.values() for record in held]
    return found if isinstance(found, (list, tuple)) else ()


def _contexts(known: "Iterable[Record]") -> "Iterator[TraceContext]":
    return (context for record in known if (context := first_complete(record.contexts)) is not None)


def _set_joins(span: Span, names: "Iterable[str]") -> None:
    known = list(names)
    if known and span.is_recording:
        span.attributes[RECEIVED] = known[:MAX_JOINS]
        span.dropped_attributes += max(0, len(known) - MAX_JOINS)
