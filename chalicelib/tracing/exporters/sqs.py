"""Lines as messages of a queue, through the botocore that the function has: no log, and no endpoint of ours in reach.

A message body is a line of lines.py, of at most 240,000 bytes, and a request holds as many as a queue takes at once:
ten messages, 240,000 bytes (SQS's first limit was 256 KiB; newer queues take 1 MiB). botocore is imported, and its
client made, by the first flush.
"""

import os
import re
import time

from ..suppression import Suppressed
from . import lines
from .errors import ExportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .port import Batch

MAX_MESSAGE_BYTES = 240_000
MAX_REQUEST_BYTES = 240_000
MAX_MESSAGES = 10

_CONNECT_TIMEOUT_S = 1
_READ_TIMEOUT_S = 2
_REGION = re.compile(r"https?://(?:sqs\.|)([a-z0-9-]+)\.(?:queue\.)?amazonaws\.com")


class SqsExporter:
    """Sends spans to a standard queue. `cut` counts values that were cut, in all messages so far."""

    def __init__(
        self,
        queue_url: str,
        *,
        make_client: "Callable[[str], Any] | None" = None,
        now_ns: "Callable[[], int]" = time.time_ns,
    ) -> None:
        """`make_client` is given the queue's URL; without it, the client is botocore's."""
        self._queue_url = queue_url
        self._make_client = make_client or _client
        self._client: Any = None
        self._now_ns = now_ns
        self.cut = 0

    def start(self, batch: "Batch") -> None:
        """Nothing: a call for every invocation that begins would cost too much."""

    def export(self, batch: "Batch") -> None:
        """Send the spans; messages that the queue fails are sent once more.

        Raises ExportError for what did not get through, ImportError where there is no botocore, and what botocore
        raises for a call that fails as a whole.
        """
        written = lines.write(batch, os.urandom(8).hex(), limit_bytes=MAX_MESSAGE_BYTES)
        self.cut += written.cut
        with Suppressed():
            for bodies in _requests(written.lines):
                self._send(bodies, batch.until_ns)
        written.losses.raise_any()

    def _send(self, bodies: "list[str]", until_ns: int) -> None:
        if self._client is None:
            self._client = self._make_client(self._queue_url)
        failed: list[Any] = []
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        for _ in range(2):
            if self._now_ns() >= until_ns:
                raise ExportError(f"no time left to send {len(entries)} messages")
            failed = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries).get("Failed", [])
            if not failed:
                return
            again = {failure["Id"] for failure in failed}
            entries = [entry for entry in entries if entry["Id"] in again]
        first = failed[0]
        raise ExportError(f"{len(failed)} messages failed: {first.get('Code')}: {first.get('Message')}")


def _requests(bodies: "list[str]") -> "Iterator[list[str]]":
    """`bodies` in order, as many at a time as one call takes."""
    request: list[str] = []
    size_bytes = 0
    for body in bodies:
        size_bytes += len(body)
        if request and (len(request) == MAX_MESSAGES or size_bytes > MAX_REQUEST_BYTES):
            yield request
            request, size_bytes = [], len(body)
        request.append(body)
    if request:
        yield request


def _client(queue_url: str) -> "Any":
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    # What failed we repeat ourselves, while there is time.
    retries: Any = {"total_max_attempts": 1}
    config = Config(connect_timeout=_CONNECT_TIMEOUT_S, read_timeout=_READ_TIMEOUT_S, retries=retries)
    region = _REGION.match(queue_url)
    return get_session().create_client("sqs", region_name=region[1] if region else None, config=config)
