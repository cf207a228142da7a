r"""Which lines of a log may be ours (codecs/function_lines reads them), however they were wrapped.

A line of ours is a JSON object with one of MARKERS as a key. It may stand alone, after what a text log begins a line
with (`[INFO]\t2026-…Z\t<request id>\t{…}`), or in the `message` of Lambda's JSON log format, as an object or as text. A
line of more than 64 KB may have been cut into several events by whatever took it from the function; what follows in the
stream is then joined to it, if the subscription delivers that too (with a filter pattern it does not).

A marker deep inside a user's own object (a function that logs the events it is given) is nobody's business.
"""

import json
import re
from collections.abc import Iterator, Sequence

from chalicelib.codecs.cloudwatch_logs.subscription import LogEvent

MARKERS = ("__spanfold", "__otel_otlp_stdout")
MAX_PIECES = 16  # of one line: 1 MB, CloudWatch's limit for an event, in pieces of 64 KB
MAX_LINE_CHARACTERS = 1 << 20

_OURS = re.compile(r'\{\s*"(?:__spanfold|__otel_otlp_stdout)"')
_WRAPPERS = ("message", "record")
_MAX_WRAPPINGS = 3


def bears_marker(message: str) -> bool:
    """Whether a line may be ours; quick, since most are not."""
    return any(marker in message for marker in MARKERS)


def candidates(events: Sequence[LogEvent], index: int) -> Iterator[str]:
    """What a line of ours that begins with the event at `index` may be: that event, then joined with what follows.

    The first that can be read is it. Without the wrapping of a JSON log format.
    """
    text = events[index].message.rstrip()
    yield unwrapped(text)
    for piece in events[index + 1 : index + MAX_PIECES]:
        text += piece.message.rstrip("\r\n")
        if bears_marker(piece.message) or len(text) > MAX_LINE_CHARACTERS:
            return
        if text.endswith("}"):
            yield unwrapped(text)


def unwrapped(text: str) -> str:
    """The object of ours within `text`, as JSON; `text` itself if there is none in a wrapping."""
    if not text.startswith("{") or _OURS.match(text):
        return text
    try:
        return _inner(json.loads(text), _MAX_WRAPPINGS) or text
    except (ValueError, RecursionError):
        return text


def _inner(parsed: object, wrappings: int) -> str | None:
    if not isinstance(parsed, dict) or not wrappings:
        return None
    for inner in map(parsed.get, _WRAPPERS):
        if isinstance(inner, str) and bears_marker(inner):
            return unwrapped(inner.strip())
        if isinstance(inner, dict):
            is_ours = any(marker in inner for marker in MARKERS)
            return json.dumps(inner) if is_ours else _inner(inner, wrappings - 1)
    return None
