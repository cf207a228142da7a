"""Lines on standard output, which Lambda hands to CloudWatch Logs: no network, no wait, and it survives a time-out.

They go past `sys.stdout` straight to the descriptor, each in one write, so that nothing comes in between: Lambda's
runtime wraps `sys.stdout`, tests replace it, and a buffer of it may hold half a line. What the function printed before
is flushed first, to stay before.

A function with a JSON log format and a level above INFO has its output filtered by Lambda, where a line counts as INFO
unless it says both `level` and a `timestamp` of RFC 3339 (Lambda Developer Guide, "Log-level filtering"). Lines say
both there.
"""

import os
import sys
import time
from _thread import allocate_lock

from . import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .port import Batch

STDOUT = 1
_FILTERED_LEVELS = ("WARN", "ERROR", "FATAL")
_LOCK = allocate_lock()  # a write to a pipe that fills up meanwhile lets others in between
_ROOM_S = 0.5  # for whoever reads the log to make room
_TURN_S = 0.02  # whoever waits longer may have interrupted the one that writes (a signal), and would wait for ever


class StdoutExporter:
    """Writes what lines.py makes of spans. Knows nothing of time: writing to a log takes none.

    `cut` counts values that were cut, in all lines so far.
    """

    def __init__(
        self,
        *,
        start_line: bool = True,
        descriptor: int = STDOUT,
        environ: "Mapping[str, str]" = os.environ,
        now_ns: "Callable[[], int]" = time.time_ns,
    ) -> None:
        self._start_line = start_line
        self._descriptor = descriptor
        self._level = filtered_level(environ)
        self._now_ns = now_ns
        self.cut = 0

    def start(self, batch: "Batch") -> None:
        """Say that an invocation has begun, unless the function has its start lines off."""
        if self._start_line:
            self._write(batch, "start")

    def export(self, batch: "Batch") -> None:
        """Write the spans. Raises OSError when the log is closed, ExportError for spans that no line can say."""
        self._write(batch, "spans")

    def _write(self, batch: "Batch", kind: str) -> None:
        more = level_members(self._level, self._now_ns()) if self._level else ""
        written = lines.write(batch, os.urandom(8).hex(), kind=kind, more=more)
        self.cut += written.cut
        put(written.lines, self._descriptor)
        written.losses.raise_any()


def put(texts: "list[str]", descriptor: int) -> None:
    """Write ASCII lines, after all that was printed before, each whole if the descriptor takes it so.

    Lines of several threads do not mix. A pipe that is full and does not block is waited for a little, where print()
    would fail at once. Raises OSError.
    """
    is_alone = _LOCK.acquire(timeout=_TURN_S)
    try:
        _flush_printed()
        for text in texts:
            rest = memoryview(f"{text}\n".encode("ascii"))
            while rest:
                rest = rest[_written(descriptor, rest) :]
    finally:
        if is_alone:
            _LOCK.release()


def filtered_level(environ: "Mapping[str, str]") -> str:
    """The level that a line must have for Lambda to keep it; "" where any line is kept."""
    level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    return level if environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON" and level in _FILTERED_LEVELS else ""


def level_members(level: str, now_ns: int) -> str:
    """The end of a JSON object that passes Lambda's filter."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ns // 10**9))
    return f',"level":"{level}","timestamp":"{moment}.{now_ns // 10**6 % 1000:03d}Z"'


def _flush_printed() -> None:
    try:  # noqa: SIM105  # contextlib would cost a cold start more than this is worth
        sys.stdout.flush()
    except Exception:
        pass  # closed, replaced or None: the function's own business


def _written(descriptor: int, rest: memoryview) -> int:
    try:
        return os.write(descriptor, rest)
    except BlockingIOError:
        import select  # noqa: PLC0415  # somebody made the log non-blocking

        select.select((), (descriptor,), (), _ROOM_S)
        return os.write(descriptor, rest)
