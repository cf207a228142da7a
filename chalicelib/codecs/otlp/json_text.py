"""JSON as text: bytes to what Python makes of them, before anything is known of OTLP.

The parser is msgspec's: strict about UTF-8 and JSON, exact with big integers, bounded in depth and digits, and
faster on the usual small post (a ten-attribute span: 4 µs, the standard library 7; in posts of thousands of spans the
garbage collector makes that 9 and 7). It refuses unpaired surrogates, which JavaScript strings may hold, so those
escapes are replaced before it sees them.
"""

import re
from typing import Any

import msgspec

from chalicelib.codecs.otlp.decoded import DIALECT
from chalicelib.model.errors import PayloadError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# One escape at a time, so that the \u of an escaped backslash is not taken for one: a pair, half a pair, any other.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def parsed(payload: bytes | msgspec.Raw, kind: Any = Any) -> Any:
    """What the JSON says. Raises PayloadError when it is none, or none of that kind."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except UnicodeDecodeError as broken:
        raise PayloadError(DIALECT, f"not JSON in UTF-8: {broken.reason}") from broken
    except msgspec.MsgspecError as broken:  # numbers of thousands of digits are among these
        expected = "JSON" if kind is Any else "an OTLP JSON request"
        raise PayloadError(DIALECT, f"not {expected}: {broken}") from broken
    except RecursionError as deep:
        raise PayloadError(DIALECT, "not JSON that can be read: nested too deep") from deep


def readable(payload: bytes) -> tuple[bytes, tuple[str, ...]]:
    """`payload` without its byte order mark and with U+FFFD for each escape that is half of a surrogate pair.

    And a note on how many of those there were, if any.
    """
    text = payload.removeprefix(_BYTE_ORDER_MARK)
    if rb"\ud" not in text and rb"\uD" not in text:
        return text, ()
    mended = bytearray()
    copied_to = replaced = 0
    for escape in _ESCAPE.finditer(text):
        if escape[1] is not None:
            mended += text[copied_to : escape.start()] + rb"\ufffd"
            copied_to = escape.end()
            replaced += 1
    if not replaced:
        return text, ()
    return bytes(mended + text[copied_to:]), (f"unpaired surrogates replaced by U+FFFD: {replaced}",)
