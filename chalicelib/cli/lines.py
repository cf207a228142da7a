"""`my-function 2>&1 | python -m chalicelib.cli.lines`: a function that runs here, traced into a backend that runs here.

Reads what a function writes to its standard output. Lines of ours become spans at the backend (--url, by default that
of `make run`; --key where it asks for one), every other line is passed on to standard output. What Lambda's runtime
emulators print of an invocation that died (`Task timed out`, `REPORT … Status: timeout`) closes its spans, as it does
when a subscription delivers it.
"""

import argparse
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from chalicelib.codecs.carried import Limits, read_log_line
from chalicelib.codecs.cloudwatch_logs.invocations import closed, unfinished
from chalicelib.codecs.cloudwatch_logs.platform import Verdict, find_verdict
from chalicelib.codecs.function_lines.line import Line, Start
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.errors import PayloadError
from chalicelib.settings import Settings

URL = "http://127.0.0.1:8000"
TIMEOUT_S = 10

Send = Callable[[TracesData], None]


class Feed:
    """Sends what lines say with `send`, as they come."""

    def __init__(self, send: Send, now_ms: Callable[[], int]) -> None:
        self._send = send
        self._now_ms = now_ms
        self._open: dict[str, tuple[list[Line], list[Verdict]]] = {}
        self._limits = Limits(Settings.max_decompressed_bytes, Settings.max_nesting_depth)

    def hear(self, text: str) -> bool:
        """Whether `text` is a line of ours, which it then sends. Raises PayloadError for one that cannot be read."""
        if verdict := find_verdict(text, self._now_ms()):
            self._note(verdict.request_id, verdicts=[verdict])
            return False
        line = read_log_line(text, self._limits)
        if line is None:
            return False
        if not isinstance(line, Start):
            self._send(line.decoded.message)
        self._note(line.request_id, lines=[line])
        return True

    def _note(self, request_id: str, *, lines: Sequence[Line] = (), verdicts: Sequence[Verdict] = ()) -> None:
        earlier_lines, earlier_verdicts = self._open.pop(request_id, ([], []))
        known = [*earlier_lines, *lines], [*earlier_verdicts, *verdicts]
        left = unfinished(*known)
        if spans := closed(left):
            self._send(from_spans(spans))
        elif any(one.opened for one in left):
            self._open[request_id] = known


def main(arguments: Sequence[str], lines: Iterable[str], out: TextIO) -> int:
    """Read `lines` to their end; 0, or 1 if something of ours could not be read or sent, with the reasons beside."""
    asked = parser().parse_args(arguments)
    feed = Feed(lambda message: post(asked.url, asked.key, message), lambda: time.time_ns() // 1_000_000)
    failed = False
    for text in lines:
        try:
            is_ours = feed.hear(text)
        except (PayloadError, OSError) as wrong:
            is_ours = failed = True
            print(f"spanfold: {wrong}", file=sys.stderr)
        if not is_ours:
            print(text, end="", file=out, flush=True)
    return int(failed)


def post(url: str, key: str, message: TracesData) -> None:
    """Send spans as OTLP to the backend at `url`. Raises OSError, which a refusal is too."""
    request = urllib.request.Request(  # noqa: S310  # the operator's own word
        f"{url.rstrip('/')}/v1/traces",
        data=protobuf.encode(message),
        headers={"Content-Type": "application/x-protobuf", **({"x-api-key": key} if key else {})},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
        pass


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m chalicelib.cli.lines", description="Send the spans in a function's standard output on."
    )
    made.add_argument("--url", default=URL, help=f"the backend (default: {URL})")
    made.add_argument("--key", default="", help="an access key, where the backend asks for one")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
