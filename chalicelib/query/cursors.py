"""Where a question goes on: an opaque text that carries the range asked about and the position reached in it.

A cursor belongs to its question. It ends in a digest of the question and of itself, so that it is refused when it was
cut, changed, or brought to another question. It gives no access: what it leads to is read as the caller's tenant.
"""

import base64
import binascii
import struct
from hashlib import blake2b
from typing import NamedTuple

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import Window

_VERSION = 1
_FIELDS = struct.Struct(">Bqqq16s")
_DIGEST_BYTES = 10
_NO_ID = bytes(16)
_LAST_NS = 2**62  # in the year 2116; what is later has no room in a cursor


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
    reached_ns = min(max(position_ns, 0), _LAST_NS)  # a step may be wider than the range
    fields = _FIELDS.pack(_VERSION, start_ns, end_ns, reached_ns, bytes.fromhex(trace_id) or _NO_ID)
    return base64.urlsafe_b64encode(fields + _digest(question, fields)).rstrip(b"=").decode()


def decode(question: str, text: str) -> Cursor:
    """What `encode` was given for `question`. Raises QueryError for any other text."""
    try:
        told = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        told = b""
    fields, digest = told[:-_DIGEST_BYTES], told[-_DIGEST_BYTES:]
    if len(fields) != _FIELDS.size or digest != _digest(question, fields):
        raise QueryError(f"cursor {text[:64]!r} is not one that was given out for this question")
    _, start_ns, end_ns, position_ns, trace_id = _FIELDS.unpack(fields)
    return Cursor(Window(start_ns, end_ns), Position(position_ns, "" if trace_id == _NO_ID else trace_id.hex()))


def resume(question: str, text: str | None, window: Window) -> Cursor:
    """Where to begin: at `text`, or without one at the end of `window` (as far as anybody's clock may reach).

    Raises QueryError as `decode` does.
    """
    if text is not None:
        return decode(question, text)
    reachable = Window(min(max(window.start_ns, 0), _LAST_NS), min(max(window.end_ns, 0), _LAST_NS))
    return Cursor(reachable, Position(reachable.end_ns, ""))


def _digest(question: str, fields: bytes) -> bytes:
    return blake2b(fields + question.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
