"""Where a question goes on: an opaque text that carries the range asked about and the position reached in it.

A cursor belongs to its question. It ends in a digest of the question and of itself, so that it is refused when it was
cut, changed, or brought to another question. It gives no access: what it leads to is read as the caller's tenant.
"""

import base64
import binascii
from hashlib import blake2b
from typing import NamedTuple

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window

_VERSION = b"\x01"
_TIME_BYTES = 12  # also for moments that no clock tells, in the year 9999 and beyond: people ask for such ranges
_FARTHEST_NS = (1 << (8 * _TIME_BYTES - 1)) - 1
_TIMES = 3
_ID_BYTES = 16
_DIGEST_BYTES = 10
_NO_ID = bytes(_ID_BYTES)
_SIZE_BYTES = len(_VERSION) + _TIMES * _TIME_BYTES + _ID_BYTES


class Position(NamedTuple):
    """A place in an order of starts and ids, both descending: what compares as less comes after it.

    With an empty id it lies after everything that starts at `start_ns` or later.
    """

    start_ns: int
    trace_id: str


class Cursor(NamedTuple):
    """The range of the first page, and the place after which the next one begins."""

    window: Window
    position: Position


def encode(question: str, cursor: Cursor) -> str:
    """The text of `cursor`, for whoever asks `question` again."""
    (start_ns, end_ns), (position_ns, trace_id) = cursor
    times = b"".join(_packed_time(time_ns) for time_ns in (start_ns, end_ns, position_ns))
    fields = _VERSION + times + (bytes.fromhex(trace_id) or _NO_ID)
    return base64.urlsafe_b64encode(fields + _digest(question, fields)).rstrip(b"=").decode()


def _packed_time(time_ns: int) -> bytes:
    """A moment; one that is further off than anything can be is as far off as there is room for."""
    return min(max(time_ns, -_FARTHEST_NS), _FARTHEST_NS).to_bytes(_TIME_BYTES, signed=True)


def decode(question: str, text: str) -> Cursor:
    """What `encode` was given for `question`. Raises QueryError for any other text."""
    try:
        told = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        told = b""
    fields, digest = told[:-_DIGEST_BYTES], told[-_DIGEST_BYTES:]
    if len(fields) != _SIZE_BYTES or fields[:1] != _VERSION or digest != _digest(question, fields):
        raise QueryError(f"cursor {text[:64]!r} is not one that was given out for this question")
    times, trace_id = fields[1:-_ID_BYTES], fields[-_ID_BYTES:]
    start_ns, end_ns, position_ns = (
        int.from_bytes(times[at : at + _TIME_BYTES], signed=True) for at in range(0, len(times), _TIME_BYTES)
    )
    return Cursor(Window(start_ns, end_ns), Position(position_ns, "" if trace_id == _NO_ID else trace_id.hex()))


def resume(question: str, text: str | None, window: Window) -> Cursor:
    """Where to begin: at `text`, or without one at the end of `window`. Raises QueryError as `decode` does."""
    return Cursor(window, Position(window.end_ns, "")) if text is None else decode(question, text)


def _digest(question: str, fields: bytes) -> bytes:
    return blake2b(fields + question.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
