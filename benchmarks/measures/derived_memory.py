"""What the processes of memory.py do to index, seal and search: with app.py imported, as the functions have it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measures.in_memory import (
    NS,
    TENANT,
    Clock,
    FiledBlocks,
    WeighingViews,
    deadline_of,
    services_of,
)
from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.model.windows import HOUR_S, Window
from chalicelib.query.search import SearchRequest
from chalicelib.rollups.pieces import WHOLE
from chalicelib.storage.memory import MemoryViewStore
from chalicelib.views.schedule import lag_s

DIGEST = "dig#"
SEGMENTS = "segments"
PREPARED_S = 1_782_043_200  # an hour's beginning


class FiledDigests(MemoryViewStore):
    """Digests in files by hour, `<hour>-<number>`, each read when it is asked for."""

    def __init__(self, directory: Path, now_ns: Any, repeats: int) -> None:
        super().__init__(now_ns)
        self._directory = directory
        self._repeats = repeats

    def read(self, tenant: str, partition: str, deadline: Deadline, **bounds: Any) -> Iterator[View]:
        """See port.ViewStore."""
        if not partition.startswith(DIGEST):
            yield from super().read(tenant, partition, deadline, **bounds)
            return
        for file in sorted(self._directory.glob(f"{partition.removeprefix(DIGEST)}-*")):
            for number in range(self._repeats):
                sort = f"{file.name}#{number}"
                yield View(partition=partition, sort=sort, body=file.read_bytes(), expires_at_s=2**33)


class _Context:
    """What Lambda tells a function that has a minute."""

    aws_request_id = "8a1c"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def index_batch(event: bytes) -> None:
    """Index what one event of the stream tells."""
    import app  # noqa: F401, PLC0415
    from chalicelib.functions.index_stream import index_stream  # noqa: PLC0415

    told = json.loads(event)
    clock = Clock(told["at_ns"])
    views = MemoryViewStore(clock.now_ns)
    index_stream(services_of(clock, views), told, _Context())
    assert list(views.read(TENANT, f"seg#{_hour(told):010d}", deadline_of(clock))), "nothing was indexed"


def seal_prepared(directory: Path) -> None:
    """Seal the window of PREPARED_S, whose facts are in files of `directory` and its segments in one."""
    import app  # noqa: F401, PLC0415
    from chalicelib.views.seal import seal_window  # noqa: PLC0415

    clock = Clock(PREPARED_S * NS)
    views = WeighingViews(clock.now_ns)
    services = services_of(clock, views, FiledBlocks(directory))
    segments = msgspec.msgpack.decode((directory / SEGMENTS).read_bytes(), type=list[View])
    views.put(TENANT, segments, deadline_of(clock))
    clock.at_ns += lag_s(services.settings) * NS
    seal_window(services, TENANT, PREPARED_S, WHOLE, deadline_of(clock))
    if services.queue.take() or "sealed" not in views.weights:
        raise RuntimeError("the window is not sealed")


def search(directory: Path, asked: Mapping[str, Any]) -> float:
    """One page of a search over the digests of `directory`; the read units that it took."""
    import app  # noqa: F401, PLC0415
    from chalicelib.query.search import search as find  # noqa: PLC0415

    clock = Clock(asked["end_s"] * NS)
    services = services_of(clock, FiledDigests(directory, clock.now_ns, asked["repeats"]))
    window = Window(asked["start_s"] * NS, asked["end_s"] * NS)
    request = SearchRequest(query=asked["query"], window=window, budget_bytes=4_000_000)
    page = find(services, TENANT, request, deadline_of(clock))
    assert page.partial is None, page.partial
    return page.scanned.read_units


def _hour(told: Mapping[str, Any]) -> int:
    return int(told["at_ns"]) // NS // HOUR_S * HOUR_S
