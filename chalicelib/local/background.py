"""What Lambda does for the functions that are not HTTP: a thread each for the stream, the tick and the queue.

Events go through JSON as they do on AWS. A batch or a message that fails is given again a few times, and then given
up with a line that says so; nothing here ends the server.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Protocol

from chalicelib.functions.registry import Functions, Handler
from chalicelib.local.lambda_runtime import invoke_event
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError

ATTEMPTS = 4
TIMEOUTS_S = {"index_stream": 60.0, "seal": 55.0, "work": 120.0}  # as in .chalice/config.json
STOP_S = 5.0  # how long what is under way may still take when the server stops

Say = Callable[[str], None]


class Pace(NamedTuple):
    """How often things happen, in seconds: a tick of the seal (a minute in the cloud, where windows are a minute and
    not 5 s), a look at whether to stop, and the first pause before something is given again.
    """

    tick_s: float = 2.0
    poll_s: float = 0.5
    first_pause_s: float = 0.5


class LocalQueue:
    """A work queue between the threads of this process."""

    def __init__(self) -> None:
        self._messages: SimpleQueue[bytes] = SimpleQueue()

    def send(self, messages: Sequence[bytes], deadline: Deadline) -> None:
        """See port.WorkQueue."""
        if messages and deadline.remaining_s() <= 0:
            raise StoreError("the work queue was not reached in time")
        for message in messages:
            self._messages.put(message)

    def take(self, wait_s: float) -> bytes | None:
        """The next message, or None if none comes in time."""
        try:
            return self._messages.get(timeout=wait_s)
        except Empty:
            return None


class Stream(Protocol):
    """What gives records, such as a FactsTap; `lost` counts those that it had no room for."""

    lost: int

    def take(self, most: int, wait_s: float) -> list[dict[str, Any]]:
        """Up to `most` records, as soon as there are any; none after `wait_s`."""
        ...


class Sources(NamedTuple):
    """What sets the functions off, and how much of it comes together."""

    tap: Stream
    queue: LocalQueue
    batch_size: int
    batch_window_s: float
    pace: Pace = Pace()


@contextmanager
def background(functions: Functions, sources: Sources, say: Say) -> Iterator[None]:
    """The functions at work until the block ends. What then waits in the stream is indexed first, for a while."""
    stopping = threading.Event()
    loops = {"stream": _follow_stream, "tick": _tick, "queue": _follow_queue}
    threads = [
        threading.Thread(target=loop, args=(functions, sources, stopping, say), name=name, daemon=True)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(STOP_S)


def _follow_stream(functions: Functions, sources: Sources, stopping: threading.Event, say: Say) -> None:
    lost = 0
    while True:
        records = sources.tap.take(sources.batch_size, sources.pace.poll_s)
        if not records and stopping.is_set():
            return
        if records and len(records) < sources.batch_size and not stopping.wait(sources.batch_window_s):
            records += sources.tap.take(sources.batch_size - len(records), 0)
        if records:
            _deliver(Delivery(functions, "index_stream", records), sources.pace, stopping, say)
        if sources.tap.lost > lost:
            lost = sources.tap.lost
            say(f"more comes than can be indexed here: {lost} blocks are kept, and will not be found by search")


def _tick(functions: Functions, sources: Sources, stopping: threading.Event, say: Say) -> None:
    while not stopping.wait(sources.pace.tick_s):
        invoke_event(functions.seal, _TICK_EVENT, TIMEOUTS_S["seal"], say)


def _follow_queue(functions: Functions, sources: Sources, stopping: threading.Event, say: Say) -> None:
    while not stopping.is_set():
        message = sources.queue.take(sources.pace.poll_s)
        if message is not None:
            record = {"messageId": str(uuid.uuid4()), "body": message.decode(), "eventSource": "aws:sqs"}
            _deliver(Delivery(functions, "work", [record]), sources.pace, stopping, say)


class Delivery(NamedTuple):
    """Records for the function of this name."""

    functions: Functions
    name: str
    records: list[dict[str, Any]]


def _deliver(delivery: Delivery, pace: Pace, stopping: threading.Event, say: Say) -> None:
    """Invoke until it succeeds, ATTEMPTS times at most."""
    handler: Handler = getattr(delivery.functions, delivery.name)
    for attempt in range(ATTEMPTS):
        if invoke_event(handler, {"Records": delivery.records}, TIMEOUTS_S[delivery.name], say):
            return
        if stopping.wait(pace.first_pause_s * 2**attempt):
            break
    say(f"{delivery.name}: given up after {attempt + 1} attempts, with {len(delivery.records)} records")


_TICK_EVENT = {
    "version": "0",
    "id": "local",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "1970-01-01T00:00:00Z",
    "region": "local",
    "resources": ["arn:aws:events:local:000000000000:rule/spanfold-local-seal"],
    "detail": {},
}
