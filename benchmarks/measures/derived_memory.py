"""What the processes of memory.py do to index, seal and search: with app.py imported, as the functions have it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measures.in_memory import NS, TENANT, Clock, deadline_of, services_of
from chalicelib.model.arrival import Arrival
from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.model.windows import HOUR_S, Window
from chalicelib.query.search import SearchRequest
from chalicelib.storage.memory import MemoryViewStore

DIGEST = "dig#"
TRACES_A_SEAL = 2048


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


def seal_batches(events: Iterable[bytes]) -> None:
    """Index what some events tell, all of one window, and seal that."""
    import app  # noqa: F401, PLC0415
    from chalicelib.functions.index_stream import index_stream  # noqa: PLC0415
    from chalicelib.functions.seal import seal  # noqa: PLC0415
    from chalicelib.storage.dynamodb.stream import read_stream  # noqa: PLC0415

    clock = Clock(0)
    views = MemoryViewStore(clock.now_ns)
    services = services_of(clock, views)
    for event in events:
        told = json.loads(event)
        clock.at_ns = told["at_ns"]
        for arrival in read_stream(told):
            assert isinstance(arrival, Arrival)
            services.blocks.consolidate(TENANT, arrival.kept, deadline_of(clock))  # keeps it as it is
        index_stream(services, told, _Context())
    clock.at_ns += 5 * 60 * NS
    seal(services, _Context())
    assert list(views.read(TENANT, f"rol#{_hour(told):010d}", deadline_of(clock))), "nothing was sealed"


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
