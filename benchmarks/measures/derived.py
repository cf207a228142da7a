"""The derived side: what its items come to, exactly, and how long the indexer and the seal take for a span.

An hour of ten-span posts, a hundred a minute, each a trace: the stream gives each minute's posts in one batch, every
window is sealed, and the hour is merged. All of it in memory stores that weigh what they are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures.costs import blocks_of
from benchmarks.measures.handler import TENANT
from benchmarks.measures.rows import Row
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
from chalicelib.views.index import index
from chalicelib.views.schedule import lag_s
from chalicelib.views.seal import tick

WINDOW_S = 60
NS = 1_000_000_000


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

    def __init__(self, now_ns) -> None:  # noqa: ANN001
        super().__init__(now_ns)
        self.weights: dict[str, Weight] = {}

    def put(self, tenant: str, views: Sequence[View], deadline: Deadline) -> None:
        for view in views:
            size_bytes = item_size_bytes(to_view_item(tenant, view))
            self.weights.setdefault(view.partition.partition("#")[0], Weight()).add(size_bytes)
        super().put(tenant, views, deadline)


class SilentTelemetry:
    """Hears everything and says nothing."""

    def during(self, request_id: str):  # noqa: ANN201
        raise NotImplementedError

    def count(self, counts) -> None:  # noqa: ANN001
        pass

    def note(self, message, fields) -> None:  # noqa: ANN001
        pass

    warning = note

    def failure(self, message: str, error: Exception) -> None:
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
        return self.at_ns


def services_of(clock: Clock) -> Services:
    """Services in memory, weighing."""
    settings = Settings()
    return Services(
        settings=settings,
        blocks=MemoryBlockStore(clock.now_ns, settings.retention_s),
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


def rows() -> list[Row]:
    """The table's rows."""
    found = derived()
    shares = ", ".join(f"{kind} {weight.units / found.spans:.4f}" for kind, weight in sorted(found.views.items()))
    note = f"facts {found.facts.units / found.spans:.4f}, {shares}; segments {found.segment_bytes_per_span:.0f} B for 2 days"
    return [
        Row(
            measure="write units per span, facts and views",
            measured=found.units_per_span,
            unit="WU",
            limit=0.15,
            note=note,
        ),
        Row(measure="bytes per span, facts and views", measured=found.bytes_per_span, unit="B", limit=120),
        Row(measure="indexer, CPU per span", measured=found.index_s / found.spans * 1e6, unit="us"),
        Row(measure="seal, CPU per span", measured=found.seal_s / found.spans * 1e6, unit="us"),
    ]
