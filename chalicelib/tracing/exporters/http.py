"""OTLP over HTTP: JSON in gzip, over one connection that lives as long as the sandbox.

A backend that is slow or away must not slow the function: a flush takes at most `timeout_ns`, and after one that
failed nothing is sent for COOL_DOWN_NS. Spans that did not get out wait for the next flush, the oldest of too many
are dropped, and all are counted:

    spans = spans_sent + spans_rejected + spans_dropped + spans_waiting

What is repeated, and when, is OTLP's (docs/specification.md, "OTLP/HTTP Response"): 429, 502, 503 and 504, after
Retry-After or after a doubling wait, as long as there is time. Anything else that is no success is not sent again.

Limits: the time that a name takes to be looked up cannot be bounded without threads; proxies are not known.
http.client, ssl and the like are imported by the first flush, which pays 40 to 80 ms of CPU for them.
"""

import os
import time
import zlib
from _thread import allocate_lock

from . import otlp_json
from .errors import ExportError, Losses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .port import Batch
    from .post import Answer, Poster

COOL_DOWN_NS = 10 * 10**9
MAX_COOL_DOWN_NS = 300 * 10**9  # however long the backend asks for
MAX_WAITING_SPANS = 2048
MAX_WAITING_BYTES = 4_000_000
PIECE_SPANS = 256  # spans that are dropped together
REQUEST_BYTES = 2_000_000  # before gzip; a piece of more goes alone
FIRST_WAIT_NS = 100 * 10**6

_TURN_S = 0.02  # whoever waits longer may have interrupted the one that posts (a signal), and would wait for ever

_RETRYABLE = (429, 502, 503, 504)
_LEVEL = 6


class _Piece:
    """A ResourceSpans in JSON, and how many spans are in it."""

    __slots__ = ("spans", "text")

    def __init__(self, text: str, spans: int) -> None:
        self.text = text
        self.spans = spans


class HttpExporter:
    """Posts spans; `counts` is the account of all that it was given."""

    def __init__(
        self,
        endpoint: str,
        headers: "Iterable[tuple[str, str]]" = (),
        *,
        timeout_ns: int = 10**9,
        now_ns: "Callable[[], int]" = time.time_ns,
        sleep: "Callable[[float], None]" = time.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._headers = tuple(headers)
        self._timeout_ns = timeout_ns
        self._now_ns = now_ns
        self._sleep = sleep
        self._poster: Poster | None = None
        self._waiting: list[_Piece] = []
        self._resting_until_ns = 0
        self._why_resting = ""
        self._lock = allocate_lock()
        self.counts = {"spans_sent": 0, "spans_rejected": 0, "spans_dropped": 0}

    @property
    def spans_waiting(self) -> int:
        """Spans for the next flush."""
        return sum(piece.spans for piece in self._waiting)

    def start(self, batch: "Batch") -> None:
        """Nothing: a post for every invocation that begins would cost too much."""

    def export(self, batch: "Batch") -> None:
        """Post the spans, and those that wait, before `batch.until_ns` and within the time-out.

        Raises ExportError for spans that were rejected, dropped, or could not be sent now. While the exporter rests
        after a failure, they only wait, and nothing is raised.
        """
        losses = Losses()
        pieces = self._pieces(batch, losses)
        self.counts["spans_dropped"] += losses.count
        self._waiting.extend(pieces)
        if not self._lock.acquire(timeout=_TURN_S):
            raise ExportError("another flush is under way; these spans wait for the next")
        try:
            said = [self._flushed(batch.until_ns), self._trimmed(), losses.said()]
        finally:
            self._lock.release()
        if any(said):
            raise ExportError("; ".join(filter(None, said)))

    def _flushed(self, until_ns: int) -> str:
        """Post what waits, unless the exporter rests; what went wrong, or ""."""
        now_ns = self._now_ns()
        if now_ns < self._resting_until_ns:
            return ""
        try:
            self._post_all(min(until_ns, now_ns + self._timeout_ns))
        except ExportError as error:
            return str(error)
        return ""

    def _trimmed(self) -> str:
        """Drop the oldest of too many that wait; what to say of it, or ""."""
        dropped = 0
        while len(self._waiting) > 1 and self._has_too_many():
            dropped += self._waiting.pop(0).spans
        self.counts["spans_dropped"] += dropped
        return f"{dropped} spans dropped, as too many wait: {self._why_resting}" if dropped else ""

    def _pieces(self, batch: "Batch", losses: Losses) -> "list[_Piece]":
        pieces = []
        for first in range(0, len(batch.spans), PIECE_SPANS):
            spans = batch.spans[first : first + PIECE_SPANS]
            before = losses.count
            text = otlp_json.resource_spans(spans, batch.resource, losses)
            if text:
                pieces.append(_Piece(text, len(spans) - (losses.count - before)))
        return pieces

    def _has_too_many(self) -> bool:
        size_bytes = sum(len(piece.text) for piece in self._waiting)
        return self.spans_waiting > MAX_WAITING_SPANS or size_bytes > MAX_WAITING_BYTES

    def _post_all(self, until_ns: int) -> None:
        while self._waiting:
            pieces = self._next_request()
            answer = self._answered(pieces, until_ns)
            del self._waiting[: len(pieces)]
            self._account(answer, sum(piece.spans for piece in pieces))

    def _next_request(self) -> "list[_Piece]":
        pieces: list[_Piece] = []
        size_bytes = 0
        for piece in self._waiting:
            size_bytes += len(piece.text)
            if pieces and size_bytes > REQUEST_BYTES:
                break
            pieces.append(piece)
        return pieces

    def _answered(self, pieces: "list[_Piece]", until_ns: int) -> "Answer":
        """The answer that settles `pieces`. Raises ExportError when there is none in time; they wait on then."""
        body = gzip(otlp_json.request(piece.text for piece in pieces))
        wait_ns = FIRST_WAIT_NS
        while True:
            if self._now_ns() >= until_ns:
                raise ExportError(f"no time left to send {self.spans_waiting} spans; they wait for the next flush")
            answer = self._posted(body, until_ns)
            if answer.status not in _RETRYABLE:
                return answer
            told_ns = answer.retry_after_ns(self._now_ns())
            pause_ns = told_ns if told_ns is not None else _spread(wait_ns)
            if self._now_ns() + pause_ns >= until_ns:
                raise self._rested(f"{self._endpoint} answered {answer.status}", pause_ns)
            self._sleep(pause_ns / 1e9)
            wait_ns *= 2

    def _posted(self, body: bytes, until_ns: int) -> "Answer":
        from .post import Poster, PostError  # noqa: PLC0415  # what it imports costs as much as all the rest

        try:
            if self._poster is None:
                self._poster = Poster(self._endpoint, self._headers, self._now_ns)
            return self._poster.post(body, until_ns)
        except PostError as error:
            raise self._rested(str(error)) from error

    def _rested(self, why: str, at_least_ns: int = 0) -> ExportError:
        """Send nothing for a while; the error to raise."""
        pause_ns = min(max(COOL_DOWN_NS, at_least_ns), MAX_COOL_DOWN_NS)
        self._resting_until_ns = self._now_ns() + pause_ns
        self._why_resting = why
        return ExportError(f"{self.spans_waiting} spans wait for the next flush: {why}")

    def _account(self, answer: "Answer", spans: int) -> None:
        """Count what became of `spans` that were sent. Raises ExportError for those that were not taken."""
        if not 200 <= answer.status < 300:
            self.counts["spans_rejected"] += spans
            self._resting_until_ns = self._now_ns() + COOL_DOWN_NS
            self._why_resting = f"{self._endpoint} answered {answer.status}: {answer.said()}"
            raise ExportError(f"{spans} spans rejected: {self._why_resting}")
        rejected, message = answer.partial_success()
        rejected = min(rejected, spans)
        self.counts["spans_rejected"] += rejected
        self.counts["spans_sent"] += spans - rejected
        if rejected:
            raise ExportError(f"{rejected} of {spans} spans rejected: {message}")


def gzip(body: bytes) -> bytes:
    """`body` as it is posted."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def _spread(wait_ns: int) -> int:
    """From half of `wait_ns` to all of it, so that sandboxes that failed together do not come back together."""
    return wait_ns // 2 + wait_ns * os.urandom(1)[0] // 510
