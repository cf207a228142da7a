"""What an index keeps of one trace: when it was, what it is called, and the terms it can be found by."""

from collections.abc import Iterable

import msgspec

from chalicelib.model.stored_trace import StoredTrace


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One trace, or the part of it that some blocks hold.

    `start_ns` and `end_ns` are its search extent (StoredTrace.extent). The root is the first span without a parent
    that is among the spans; service and name are None when there is none, and `root_count` says how many there were.
    `services` are the names of its services, sorted, at most MAX_SERVICES of them. `terms` are what terms.py makes
    of its attributes and intrinsics. An entry that would have too many is `overflowing`: it has none, and matches
    whatever it is asked.
    """

    trace_id: str
    start_ns: int
    end_ns: int
    span_count: int
    error_count: int
    services: tuple[str, ...]
    terms: frozenset[bytes]
    root_service: str | None = None
    root_name: str | None = None
    root_start_ns: int = 0
    root_count: int = 0
    overflowing: bool = False


def entry_of(trace: StoredTrace) -> Entry:
    """What is kept of `trace`."""
    raise NotImplementedError


def union(entries: Iterable[Entry]) -> Entry:
    """One entry for several blocks of one trace, at least one, in any order. A span in two of them counts twice."""
    raise NotImplementedError
