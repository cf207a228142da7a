"""The log events of state machines (log groups `/aws/vendedlogs/states/…`, standard and express workflows) as spans.

    from chalicelib.codecs.step_functions import logs

    memory = logs.Memory()                       # one for a container
    if logs.is_execution_event(message):         # the text of one log event
        decoded = logs.read([message, …], memory)   # a Decoded for collector.collect

CloudWatch delivers the events of an execution in several batches, and an exit does not say when its state was entered,
which the id of its span follows from. So a container remembers the events of executions that have not ended. It is but
a help: what another container was told is not known to this one. Then a state stays open until somebody posts the
history (history.py), and one whose execution's start is not known is taken to belong to a trace that began there.

A batch gives every span that its own events change, also when it comes again, so that one which could not be stored is
not lost.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from chalicelib.codecs.otlp.decoded import Decoded, Rejection
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.codecs.step_functions.events import Event, of_log
from chalicelib.codecs.step_functions.history import checked_arn, walked
from chalicelib.codecs.step_functions.spans import Described, spans_of
from chalicelib.model.errors import PayloadError
from chalicelib.model.span import Span

MAX_REMEMBERED_CHARACTERS = 16 * 1024 * 1024  # of log events, the oldest executions' first to go
_MARKS = ('"execution_arn"', '"previous_event_id"')
_ENDS = frozenset(("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"))

_Events = dict[int, tuple[Event, int]]  # by number: the event, and what it weighs


class Memory:
    """Log events of executions that have not ended, so that batches which come to one container complete each other."""

    def __init__(self) -> None:
        self._executions: OrderedDict[str, _Events] = OrderedDict()
        self._characters = 0

    def of(self, execution_arn: str) -> Mapping[int, tuple[Event, int]]:
        """What is known of an execution, by the numbers of its events."""
        return self._executions.get(execution_arn, {})

    def keep(self, execution_arn: str, events: _Events) -> None:
        """Remember what is known of an execution, unless that is all: it has ended, and no event is missing."""
        self._forget(execution_arn)
        if len(events) == max(events) and any(event.type in _ENDS for event, _ in events.values()):
            return
        self._executions[execution_arn] = events
        self._characters += _weight(events)
        while self._characters > MAX_REMEMBERED_CHARACTERS:
            self._forget(next(iter(self._executions)))

    def _forget(self, execution_arn: str) -> None:
        self._characters -= _weight(self._executions.pop(execution_arn, {}))


def is_execution_event(message: str) -> bool:
    """Whether the text of a log event is that of a state machine's; raises nothing."""
    return message.startswith("{") and all(mark in message for mark in _MARKS)


def read(messages: Iterable[str], memory: Memory | None = None) -> Decoded:
    """The spans of all executions in `messages`, in any order; what is no such event is a rejection. Raises nothing."""
    executions: dict[str, _Events] = {}
    rejections: list[Rejection] = []
    for number, message in enumerate(messages):
        found = _event(message)
        if found is None:
            rejections.append(Rejection(f"log event {number} is not one of an execution"))
        else:
            arn, event = found
            executions.setdefault(arn, {})[event.id] = event, len(message)
    memory = memory or Memory()
    spans = [span for arn, events in executions.items() for span in _changed(arn, events, memory)]
    return Decoded(message=from_spans(spans), rejections=tuple(rejections))


def _changed(execution_arn: str, fresh: _Events, memory: Memory) -> Sequence[Span]:
    """The spans of an execution that are others with `fresh` events than without."""
    known = memory.of(execution_arn)
    before = _spans(execution_arn, (event for number, (event, _) in known.items() if number not in fresh))
    together = {**known, **fresh}
    after = _spans(execution_arn, (event for event, _ in together.values()))
    memory.keep(execution_arn, together)
    return [span for span_id, span in after.items() if before.get(span_id) != span]


def _spans(execution_arn: str, events: Iterable[Event]) -> dict[str, Span]:
    walk = walked(events, assumes_start=True)
    return {span.span_id: span for span in spans_of(walk, Described(execution_arn=execution_arn))}


def _event(message: str) -> tuple[str, Event] | None:
    try:
        told = msgspec.json.decode(message)
        arn = checked_arn(told.get("execution_arn")) if isinstance(told, dict) else ""
    except (ValueError, RecursionError, PayloadError):
        return None
    event = of_log(told)
    return None if event is None else (arn, event)


def _weight(events: Mapping[int, tuple[Event, int]]) -> int:
    return sum(weight for _, weight in events.values())
