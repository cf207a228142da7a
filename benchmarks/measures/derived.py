"""The derived side: what its items come to, exactly; the time that indexer and seal take for a span; their memory.

An hour of ten-span posts, a hundred a minute, each a trace: the stream gives each minute's posts in one batch, every
window is sealed, and the hour is merged. All of it in memory stores that weigh what they are given.

Memory is that of a process of its own, which reads blocks from files, a thousand at a time, as it would read a
Query's pages: the largest piece of ten-span traces, and one trace of 100,000 spans.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import msgspec
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures.costs import blocks_of
from benchmarks.measures.handler import TENANT
from benchmarks.measures.memory import LIMIT_MIB
from benchmarks.measures.processes import run
from benchmarks.measures.rows import Row
from benchmarks.measures.stored import large_trace_blocks
from benchmarks.workloads.posts import NOON_NS, ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.access.gates import OpenGate
from chalicelib.model.arrival import Arrival
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.items import to_item, to_view_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.sizing import item_size_bytes, write_units
from chalicelib.storage.memory import MemoryBlockStore, MemorySamplingStore, MemoryViewStore, MemoryWorkQueue
from chalicelib.storage.view_names import segment_partition
from chalicelib.views.index import index
from chalicelib.views.schedule import lag_s
from chalicelib.views.seal import seal_window, tick

WINDOW_S = 60
NS = 1_000_000_000
WINDOW = NOON_NS // NS
LARGE_SPANS = 100_000
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
        """As the store does."""
        for view in views:
            size_bytes = item_size_bytes(to_view_item(tenant, view))
            self.weights.setdefault(view.partition.partition("#")[0], Weight()).add(size_bytes)
        super().put(tenant, views, deadline)


class SilentTelemetry:
    """Hears everything and says nothing, but does not hide a failure."""

    def count(self, counts: Mapping[str, int]) -> None:
        """Nothing."""

    def note(self, message: str, fields: Mapping[str, object]) -> None:
        """Nothing."""

    warning = note

    def failure(self, _message: str, error: Exception) -> None:
        """Raise it."""
        raise error


@dataclass
class Derived:
    """What some minutes of posts came to."""

    spans: int
    facts: Weight
    views: dict[str, Weight]
    index_s: float
    seal_s: float

    @property
    def units_per_span(self) -> float:
        """Write units of facts and views."""
        return (self.facts.units + sum(each.units for each in self.views.values())) / self.spans

    @property
    def bytes_per_span(self) -> float:
        """Whole items that stay: of facts, digests, rollups, merged hours and markers; segments go after two days."""
        lasting = [self.facts, *(weight for kind, weight in self.views.items() if kind != "seg")]
        return sum(each.item_bytes for each in lasting) / self.spans

    @property
    def segment_bytes_per_span(self) -> float:
        """What segments weigh while they are there."""
        return self.views["seg"].item_bytes / self.spans


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
        for path in sorted(self._directory.glob(f"{trace_id}.*")):
            yield from msgspec.msgpack.decode(path.read_bytes(), type=list[KeptBlock])


def services_of(clock: Clock, blocks: object | None = None) -> Services:
    """Services in memory, weighing; with `blocks` for the facts."""
    settings = Settings()
    return Services(
        settings=settings,
        blocks=blocks or MemoryBlockStore(clock.now_ns, settings.retention_s),
        views=WeighingViews(clock.now_ns),
        sampling=MemorySamplingStore(),
        queue=MemoryWorkQueue(),
        gate=OpenGate(TENANT),
        telemetry=SilentTelemetry(),
        now_ns=clock.now_ns,
    )


def derived(minutes: int = 60, posts_a_minute: int = 100, seed: int = 11) -> Derived:
    """`minutes` of posts, from the first to the merge of the hour."""
    clock = Clock(NOON_NS)
    services = services_of(clock)
    facts, prefix = Weight(), tenant_prefix(TENANT)
    spans, index_s = 0, 0.0
    posts = ten_span_posts(MEASURING, seed, minutes * posts_a_minute)
    for minute in range(minutes):
        some = posts[minute * posts_a_minute : (minute + 1) * posts_a_minute]
        clock.at_ns = NOON_NS + (minute * WINDOW_S + WINDOW_S // 2) * NS
        arrivals = list(arrivals_of(some, clock.at_ns))
        for arrival in arrivals:
            kept = arrival.kept
            facts.add(item_size_bytes(to_item(prefix, kept.block, kept.arrived_ms, kept.expires_at_s)))
            spans += kept.block.span_count
            services.blocks.consolidate(TENANT, kept, _deadline(clock))  # keeps it as it is
        started = process_time()
        index(services, arrivals, _deadline(clock))
        index_s += process_time() - started
    return Derived(spans, facts, services.views.weights, index_s, _seal(services, clock, minutes))


def _seal(services: Services, clock: Clock, minutes: int) -> float:
    """Tick every minute until the hour is merged; the CPU that it took."""
    seal_s = 0.0
    for minute in range(2, minutes + 25):
        clock.at_ns = NOON_NS + (minute * WINDOW_S + lag_s(services.settings)) * NS
        started = process_time()
        tick(services, _deadline(clock))
        seal_s += process_time() - started
    return seal_s


def arrivals_of(posts: Sequence[TracesData], arrived_ns: int, batch: str = "") -> Iterator[Arrival]:
    """What the stream tells of `posts` that came at `arrived_ns`, just after their spans were made."""
    for post in posts:
        for block in blocks_of(_moved(post, arrived_ns).SerializeToString()):
            digest = payload_digest(block.payload)
            yield Arrival(
                tenant=TENANT,
                kept=_kept(block, digest, arrived_ns),
                sequence=str(10**20 + arrived_ns),
                event_id=batch + digest.hex(),
            )


def _kept(block: Block, digest: bytes, arrived_ns: int) -> KeptBlock:
    expires_at_s = arrived_ns // NS + Settings().retention_s
    return KeptBlock(block=block, digest=digest, arrived_ms=arrived_ns // 1_000_000, expires_at_s=expires_at_s)


def _moved(post: TracesData, arrived_ns: int) -> TracesData:
    """`post` as if its last span had ended when it was sent."""
    spans = [span for each in post.resource_spans for scope in each.scope_spans for span in scope.spans]
    by_ns = arrived_ns - max(span.end_time_unix_nano for span in spans)
    for span in spans:
        span.start_time_unix_nano += by_ns
        span.end_time_unix_nano += by_ns
        for event in span.events:
            event.time_unix_nano += by_ns
    return post


def _deadline(clock: Clock) -> Deadline:
    return Deadline(clock.at_ns + 60 * NS, clock.now_ns)


def peak_of_seal(arrivals: Sequence[Arrival]) -> float:
    """The MiB that the seal of one window takes, in which these blocks arrived."""
    with TemporaryDirectory() as directory:
        FiledBlocks(Path(directory)).fill([arrival.kept for arrival in arrivals])
        clock = Clock(NOON_NS)
        services = services_of(clock)
        index(services, arrivals, _deadline(clock))
        partition = segment_partition(WINDOW)
        segments = list(services.views.read(TENANT, partition, _deadline(clock)))
        (Path(directory) / "segments").write_bytes(msgspec.msgpack.encode(segments))
        return run("memory-of-seal", Path(directory))


def seal_prepared(directory: Path) -> None:
    """What the process of `peak_of_seal` does."""
    clock = Clock(NOON_NS)
    services = services_of(clock, FiledBlocks(directory))
    segments = msgspec.msgpack.decode((directory / "segments").read_bytes(), type=list[View])
    services.views.put(TENANT, segments, _deadline(clock))
    clock.at_ns += lag_s(services.settings) * NS
    seal_window(services, TENANT, WINDOW, "-", _deadline(clock))
    if services.queue.take() or "sealed" not in services.views.weights:
        raise RuntimeError("the window is not sealed")


def _large_trace() -> Iterator[Arrival]:
    """Most of it came ten minutes ago and was sealed then, so that the seal looks at both states."""
    blocks = large_trace_blocks(LARGE_SPANS)
    for number, block in enumerate(blocks):
        arrived_ns = NOON_NS - (10 * WINDOW_S * NS if number < 0.9 * len(blocks) else 0)
        digest = payload_digest(block.payload)
        yield Arrival(tenant=TENANT, kept=_kept(block, digest, arrived_ns), sequence=str(number), event_id=digest.hex())


def memory_rows() -> list[Row]:
    """The table's rows about memory."""
    traces = Settings().seal_piece_traces
    piece = list(arrivals_of(ten_span_posts(MEASURING, 13, traces), NOON_NS))
    large = list(_large_trace())
    named = {f"{traces:,} traces of ten spans": piece, f"one trace of {LARGE_SPANS:,} spans": large}
    return [
        Row(measure=f"peak memory, seal of {name}", measured=peak_of_seal(arrivals), unit="MiB", limit=LIMIT_MIB)
        for name, arrivals in named.items()
    ]


def rows() -> list[Row]:
    """The table's rows."""
    found = derived()
    busy = derived(minutes=15, posts_a_minute=400)
    shares = ", ".join(f"{kind} {weight.units / found.spans:.4f}" for kind, weight in sorted(found.views.items()))
    segments = f"segments {found.segment_bytes_per_span:.0f} B, for two days"
    return [
        Row(
            measure="write units per span, facts and views, 100 posts a minute",
            measured=found.units_per_span,
            unit="WU",
            limit=0.15,
            note=f"facts {found.facts.units / found.spans:.4f}, {shares}",
        ),
        Row(
            measure="write units per span, facts and views, 400 posts a minute",
            measured=busy.units_per_span,
            unit="WU",
            limit=0.15,
        ),
        Row(
            measure="bytes per span, facts and views",
            measured=found.bytes_per_span,
            unit="B",
            limit=120,
            note=segments,
        ),
        Row(measure="indexer, CPU per span", measured=found.index_s / found.spans * 1e6, unit="us"),
        Row(measure="seal, CPU per span", measured=found.seal_s / found.spans * 1e6, unit="us"),
        *memory_rows(),
    ]
