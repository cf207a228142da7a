"""Services in this process's memory for what is measured: views that are weighed, silence, and a clock that is told.

Facts may lie in files instead, and are read a thousand at a time, as a Query's pages would be.

Nothing here knows how traffic is made, so that a process whose memory is measured need not load that.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.access.gates import OpenGate
from chalicelib.model.block import KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.items import to_view_item
from chalicelib.storage.dynamodb.sizing import item_size_bytes, write_units
from chalicelib.storage.memory import MemoryBlockStore, MemorySamplingStore, MemoryViewStore, MemoryWorkQueue

TENANT = "default"
NS = 1_000_000_000
FILE_BLOCKS = 1000


@dataclass
class Weight:
    """Items and what they come to."""

    items: int = 0
    item_bytes: int = 0
    units: int = 0

    def add(self, size_bytes: int) -> None:
        """One more item."""
        self.items += 1
        self.item_bytes += size_bytes
        self.units += write_units(size_bytes)


class WeighingViews(MemoryViewStore):
    """A view store that weighs every put, by what kind of view it is (the partition's name before '#')."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        super().__init__(now_ns)
        self.weights: dict[str, Weight] = {}

    def put(self, tenant: str, views: Sequence[View], deadline: Deadline) -> None:
        """See port.ViewStore."""
        for view in views:
            size_bytes = item_size_bytes(to_view_item(tenant, view))
            self.weights.setdefault(view.partition.partition("#")[0], Weight()).add(size_bytes)
        super().put(tenant, views, deadline)


class SilentTelemetry:
    """Hears everything and says nothing."""

    def during(self, _request_id: str) -> AbstractContextManager[None]:
        """See services.Telemetry."""
        return nullcontext()

    def count(self, counts: Mapping[str, int]) -> None:
        """See services.Telemetry."""

    def note(self, message: str, fields: Mapping[str, object]) -> None:
        """See services.Telemetry."""

    warning = note

    def failure(self, message: str, error: Exception) -> None:
        """A benchmark of failures would be very fast."""
        raise AssertionError(message) from error


class Clock:
    """Says what it is told."""

    def __init__(self, at_ns: int) -> None:
        self.at_ns = at_ns

    def now_ns(self) -> int:
        """That."""
        return self.at_ns


class FiledBlocks:
    """The blocks of each trace in files of a directory, read one file at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fill(self, blocks: Sequence[KeptBlock]) -> None:
        """Put the blocks there, which are all there will be of their traces."""
        by_trace: defaultdict[str, list[KeptBlock]] = defaultdict(list)
        for kept in blocks:
            by_trace[kept.block.trace_id].append(kept)
        for trace_id, found in by_trace.items():
            for start in range(0, len(found), FILE_BLOCKS):
                path = self._directory / f"{trace_id}.{start:07}"
                path.write_bytes(msgspec.msgpack.encode(found[start : start + FILE_BLOCKS]))

    def read_kept(
        self, _tenant: str, trace_id: str, _deadline: Deadline, *, covered: bool = False
    ) -> Iterator[KeptBlock]:
        """As a block store."""
        del covered
        for path in sorted(self._directory.glob(f"*{trace_id}.*")):
            yield from msgspec.msgpack.decode(path.read_bytes(), type=list[KeptBlock])


def services_of(clock: Clock, views: MemoryViewStore, blocks: Any = None) -> Services:
    """Services in memory; with `blocks` for the facts."""
    settings = Settings()
    return Services(
        settings=settings,
        blocks=blocks or MemoryBlockStore(clock.now_ns, settings.retention_s),
        views=views,
        sampling=MemorySamplingStore(),
        queue=MemoryWorkQueue(),
        gate=OpenGate(TENANT),
        telemetry=SilentTelemetry(),
        now_ns=clock.now_ns,
    )


def deadline_of(clock: Clock) -> Deadline:
    """A minute from now."""
    return Deadline(clock.at_ns + 60 * NS, clock.now_ns)
