"""The work queue on SQS: storage/port.py's WorkQueue over one standard queue.

SendMessageBatch takes 10 messages and 256 KB, and answers 200 though it took only some of them: each entry is named
in `Successful` or `Failed` (SQS API reference, SendMessageBatch). What is not named as taken is sent again, until the
deadline, unless SQS calls it our fault.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError, StoreThrottled
from chalicelib.storage.dynamodb.client import OnceMade, Operation, sdk_client, within
from chalicelib.storage.dynamodb.writer import Backoff, pauses_s

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

CALL_MESSAGES = 10
CALL_BYTES = 256 * 1024
MAX_MESSAGE_BYTES = 200 * 1024

HINTS = {
    "AWS.SimpleQueueService.NonExistentQueue": "there is no such queue; check SPANFOLD_WORK_QUEUE_URL and the region",
    "AccessDenied": "the function's policy does not allow sqs:SendMessage on this queue",
    "AccessDeniedException": "the function's policy does not allow sqs:SendMessage on this queue",
    "QueueDoesNotExist": "there is no such queue; check SPANFOLD_WORK_QUEUE_URL and the region",
}
THROTTLING_CODES = frozenset({"KmsThrottled", "OverLimit", "RequestThrottled", "Throttling", "ThrottlingException"})


class SqsClient(Protocol):
    """What we use of botocore's client."""

    meta: Any
    send_message_batch: Operation


def make_client(**given: Any) -> SqsClient:
    """A client as production uses it; `given` goes to botocore's create_client."""
    client: SqsClient = sdk_client("sqs", **given)
    return client


class SqsWorkQueue:
    """The queue at `url`."""

    def __init__(self, *, connection: OnceMade[SqsClient], url: str, backoff: Backoff) -> None:
        self._connection = connection
        self._url = url
        self._backoff = backoff

    def send(self, messages: Sequence[bytes], deadline: Deadline) -> None:
        """See port.WorkQueue. Raises ValueError for a message of more than MAX_MESSAGE_BYTES."""
        if any(len(message) > MAX_MESSAGE_BYTES for message in messages):
            raise ValueError(f"a message is over {MAX_MESSAGE_BYTES} bytes")
        for batch in batches(messages):
            self._send_batch(batch, deadline)

    def _send_batch(self, batch: Sequence[bytes], deadline: Deadline) -> None:
        entries = [{"Id": str(number), "MessageBody": message.decode()} for number, message in enumerate(batch)]
        for longest_pause_s in pauses_s():
            entries = not_taken(entries, self._call(entries, deadline))
            if not entries:
                return
            self._backoff.pause(longest_pause_s, deadline)

    def _call(self, entries: Sequence[Mapping[str, str]], deadline: Deadline) -> Mapping[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # imported with the client

        client = self._connection.client()
        try:
            with within(deadline):
                return client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            _raise_translated(error)


def batches(messages: Iterable[bytes]) -> Iterator[list[bytes]]:
    """`messages` in order, in runs that one call may carry."""
    batch: list[bytes] = []
    for message in messages:
        if batch and (len(batch) == CALL_MESSAGES or sum(map(len, batch)) + len(message) > CALL_BYTES):
            yield batch
            batch = []
        batch.append(message)
    if batch:
        yield batch


def not_taken(entries: Sequence[Mapping[str, str]], answer: Mapping[str, Any]) -> list[dict[str, str]]:
    """The entries that have to be sent again. Raises StoreError when SQS will never take one, or does not say."""
    failed = answer.get("Failed") or []
    for failure in failed:
        if failure.get("SenderFault"):
            said = f"{failure.get('Code')}: {failure.get('Message')}"
            raise _noted(StoreError("the work queue refused a message"), said)
    taken = {success["Id"] for success in answer.get("Successful") or []}
    if not taken and not failed:  # the SDK takes a body that is no JSON for an empty answer
        raise StoreError("the work queue gave an answer that cannot be understood")
    return [dict(entry) for entry in entries if entry["Id"] not in taken]


def _raise_translated(error: "ClientError | BotoCoreError") -> NoReturn:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    if code in THROTTLING_CODES:
        raise _noted(StoreThrottled("the work queue is busy"), code) from error
    raise _noted(StoreError("the work queue could not be used"), f"{error} {HINTS.get(code, '')}".rstrip()) from error


def _noted(error: StoreError, note: str) -> StoreError:
    error.add_note(note)
    return error
