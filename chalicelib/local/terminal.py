"""What the local runner says while it runs: one short line for each thing worth a look."""

import sys
import threading
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime


def say(line: str) -> None:
    """One line with the time, on standard error, so that standard output holds only the address and the key."""
    sys.stderr.write(
        f"{datetime.now().astimezone():%H:%M:%S} {line}\n"
    )  # one write: print's two mix with other threads'
    sys.stderr.flush()


class TerminalTelemetry:
    """Telemetry for a person. Many threads may speak at once; each counts for its own request."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    @contextmanager
    def during(self, request_id: str) -> Iterator[None]:
        """Says what was counted, if anything was. The request id is for logs that are searched, not read."""
        del request_id
        self._of_thread.counts = defaultdict(int)
        yield
        counted = [f"{number} {name.replace('_', ' ')}" for name, number in self._of_thread.counts.items() if number]
        if counted:
            say(", ".join(counted))

    def count(self, counts: Mapping[str, int]) -> None:
        """Add to this request's counters."""
        for name, number in counts.items():
            self._of_thread.counts[name] += number

    def note(self, message: str, fields: Mapping[str, object]) -> None:
        """The message, and the fields as `name=value`."""
        say(" ".join([message, *(f"{name}={value}" for name, value in fields.items())]))

    def warning(self, message: str, fields: Mapping[str, object]) -> None:
        """As a note: a person reads them all."""
        self.note(message, fields)

    def failure(self, message: str, error: Exception) -> None:
        """The message and the traceback."""
        say(message)
        traceback.print_exception(error)
