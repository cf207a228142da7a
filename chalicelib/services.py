"""What a route or a function is given: every part that touches the world, chosen in wiring.py or by a test."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from chalicelib.model.access import Principal, Scope
from chalicelib.settings import Settings
from chalicelib.storage.port import BlockStore, SamplingStore, ViewStore, WorkQueue


class Gate(Protocol):
    """Decides who may come in."""

    def admit(self, headers: Mapping[str, str], scope: Scope) -> Principal:
        """The caller behind `headers` (names in lower case), if it may do what `scope` stands for.

        Raises NoCredentials (401), ScopeMissing (403), or StoreError when keys cannot be read.
        """
        ...


class Telemetry(Protocol):
    """How Spanfold speaks of itself: counts become metrics, notes become log lines."""

    def during(self, request_id: str) -> AbstractContextManager[None]:
        """Everything said inside belongs to this request; on leaving, what was counted is sent out, once."""
        ...

    def count(self, counts: Mapping[str, int]) -> None:
        """Add to the named counters, e.g. {"spans_received": 10, "bytes_received": 4512}."""
        ...

    def note(self, message: str, fields: Mapping[str, object]) -> None:
        """One structured line about a request. Never an attribute value, a header value or a secret."""
        ...

    def warning(self, message: str, fields: Mapping[str, object]) -> None:
        """A `note` about something that an operator may have to change, at warning level."""
        ...

    def failure(self, message: str, error: Exception) -> None:
        """One structured line, at error level, with the traceback of a failure that is ours, its causes and notes."""
        ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """The world, as the code sees it."""

    settings: Settings
    blocks: BlockStore
    views: ViewStore
    sampling: SamplingStore
    queue: WorkQueue
    gate: Gate
    telemetry: Telemetry
    now_ns: Callable[[], int]
