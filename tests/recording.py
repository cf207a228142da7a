"""Stand-ins for the world that remember, or refuse, what they are asked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from chalicelib.model.block import Block
from chalicelib.model.deadline import Deadline


class RecordingTelemetry:
    """Everything that was said, added up over all requests."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.notes: list[tuple[str, Mapping[str, object]]] = []
        self.warnings: list[tuple[str, Mapping[str, object]]] = []
        self.failures: list[tuple[str, Exception]] = []
        self.request_ids: list[str] = []

    @contextmanager
    def during(self, request_id: str) -> Iterator[None]:
        self.request_ids.append(request_id)
        yield

    def count(self, counts: Mapping[str, int]) -> None:
        self.counts.update(counts)

    def note(self, message: str, fields: Mapping[str, object]) -> None:
        self.notes.append((message, fields))

    def warning(self, message: str, fields: Mapping[str, object]) -> None:
        self.warnings.append((message, fields))

    def failure(self, message: str, error: Exception) -> None:
        self.failures.append((message, error))


class BrokenStore:
    """A block store that raises `error` whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline, *, undecided: bool = False) -> None:
        raise self._error

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        raise self._error
