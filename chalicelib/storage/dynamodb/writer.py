"""Many items into one table, durably or not at all as far as the caller can tell.

BatchWriteItem takes 25 items and rejects a call that names one key twice. It may take some and hand back the rest
("UnprocessedItems"), which is throttling: those are sent again after a pause, random between nothing and a bound
that doubles (AWS Architecture Blog, "Exponential Backoff and Jitter": full jitter), for as long as the caller waits.
Several calls of one write go side by side, because a function is billed for the time it waits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError, StoreThrottled
from chalicelib.storage.dynamodb.client import Connection, call

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from chalicelib.storage.dynamodb.items import Item

CALL_ITEMS = 25  # DynamoDB's limit
CALL_BYTES = 4 * 1024 * 1024  # DynamoDB takes 16 MB; less keeps a body, its base64 and its encoding out of memory's way
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0

Requests = Sequence[Mapping[str, Any]]  # of one BatchWriteItem


class Backoff(NamedTuple):
    """How to wait: `random_unit` gives numbers from 0 to 1, `sleep` takes seconds."""

    random_unit: Callable[[], float]
    sleep: Callable[[float], None]

    def pause(self, longest_s: float, deadline: Deadline) -> None:
        """Wait up to `longest_s`; raise StoreThrottled at once if that would be past `deadline`."""
        pause_s = longest_s * self.random_unit()
        if pause_s >= deadline.remaining_s():
            busy = StoreThrottled("the store is busy; send less or later")
            busy.add_note("AWS kept handing back a part of what it was sent, until no time was left")
            raise busy
        self.sleep(pause_s)


class Writer:
    """Puts items into `table` (or deletes), with up to `lanes` calls side by side."""

    def __init__(self, *, connection: Connection, table: str, backoff: Backoff, lanes: int = 4) -> None:
        self._connection = connection
        self._table = table
        self._backoff = backoff
        self._lanes = lanes

    def put(self, items: "Sequence[Item]", deadline: Deadline) -> None:
        """Put every item; they have different keys. Returns when all are durable, else raises StoreError."""
        self._send([[{"PutRequest": {"Item": item}} for item in batch] for batch in batches(items)], deadline)

    def delete(self, keys: "Sequence[Item]", deadline: Deadline) -> None:
        """Delete the items with these keys, which differ; for views that are dropped, and nothing else."""
        self._send([[{"DeleteRequest": {"Key": key}} for key in batch] for batch in batches(keys)], deadline)

    def _send(self, calls: Sequence[Requests], deadline: Deadline) -> None:
        if len(calls) < 2 or self._lanes < 2:
            for requests in calls:
                self._send_batch(requests, deadline)
            return
        under_way = [self._pool.submit(self._send_batch, requests, deadline) for requests in calls]
        failures = [failure for future in under_way if (failure := future.exception()) is not None]
        if failures:  # and by now none is still writing
            raise failures[0]

    def _send_batch(self, requests: Requests, deadline: Deadline) -> None:
        client = self._connection.client()
        for longest_pause_s in pauses_s():
            answer = call(client.batch_write_item, deadline, {"RequestItems": {self._table: requests}})
            requests = unprocessed(answer)
            if not requests:
                return
            self._backoff.pause(longest_pause_s, deadline)

    @cached_property
    def _pool(self) -> "ThreadPoolExecutor":
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # a post of one invocation is one call

        return ThreadPoolExecutor(self._lanes, thread_name_prefix="put")


def batches(items: "Iterable[Item]") -> "Iterator[list[Item]]":
    """`items` in order, in runs that one call may carry: by number, and by the bytes of their payloads."""
    batch: list[Item] = []
    batch_bytes = 0
    for item in items:
        item_bytes = len(item["b"]["B"]) if "b" in item else 0
        if batch and (len(batch) == CALL_ITEMS or batch_bytes + item_bytes > CALL_BYTES):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(item)
        batch_bytes += item_bytes
    if batch:
        yield batch


def pauses_s() -> Iterator[float]:
    """Bounds for one pause after the other, without end: 0.05, 0.1, 0.2 … 2, 2, 2."""
    bound_s = FIRST_PAUSE_S
    while True:
        yield bound_s
        bound_s = min(2 * bound_s, LONGEST_PAUSE_S)


def unprocessed(answer: Mapping[str, Any]) -> Requests:
    """The requests that DynamoDB handed back. Raises StoreError for an answer that does not say.

    The SDK takes a body that is no JSON for an empty answer, and an empty answer must not pass for "all is kept".
    Nor may requests be missed because the answer names the table, which has a name and an ARN, as the call did not.
    """
    if "UnprocessedItems" not in answer:
        raise StoreError("the store gave an answer that cannot be understood")
    return [request for requests in answer["UnprocessedItems"].values() for request in requests]
