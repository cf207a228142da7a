"""The whole pipeline: what facts and views come to, exactly, and how long the indexer and the seal take for a span.

Posts come at a stated rate, spread evenly; the stream hands each shard's to the indexer as Lambda does, a batch for
every batching window that begins with a record; every minute is sealed, in pieces if it is large. An hour of them is
merged too. All of it in memory stores that weigh what they are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import process_time

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures.costs import blocks_of
from benchmarks.measures.in_memory import (
    NS,
    TENANT,
    Clock,
    WeighingViews,
    Weight,
    deadline_of,
    services_of,
)
from benchmarks.measures.rows import Row
from benchmarks.workloads.posts import NOON_NS, collector_post, ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.model.arrival import Arrival
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.sizing import item_size_bytes
from chalicelib.views.index import index
from chalicelib.views.seal import tick
from chalicelib.views.work import perform

BEGIN_NS = NOON_NS + 20 * 60 * NS  # not where hours meet: few minutes of many do
MINUTE_S = 60
HOUR_MINUTES = 60
TRACES_IN_COLLECTOR_POST = 100
UNMEASURED = "the merge of the hour is left out"


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What comes, for how long, and through how many shards of the stream (a new on-demand table has four)."""

    name: str
    traces_a_second: int
    minutes: int
    by_collectors: bool = False
    shards: int = 4
    batch_window_s: int = Settings().index_batch_window_s

    def posts(self, seed: int) -> list[TracesData]:
        """All of it, in the order in which it comes."""
        traces = self.traces_a_second * MINUTE_S * self.minutes
        if not self.by_collectors:
            return ten_span_posts(MEASURING, seed, traces)
        return [collector_post(MEASURING, seed + number) for number in range(traces // TRACES_IN_COLLECTOR_POST)]


TRAFFIC = (
    Traffic(name="ten-span posts, 100 a second", traces_a_second=100, minutes=2),
    Traffic(name="ten-span posts, 1 a second", traces_a_second=1, minutes=HOUR_MINUTES),
    Traffic(name="collector posts, 100 traces a second", traces_a_second=100, minutes=2, by_collectors=True),
    Traffic(name="collector posts, 1 trace a second", traces_a_second=1, minutes=HOUR_MINUTES, by_collectors=True),
)


@dataclass
class Derived:
    """What some minutes of posts came to."""

    views: dict[str, Weight]
    facts: Weight = field(default_factory=Weight)
    spans: int = 0
    index_s: float = 0.0
    seal_s: float = 0.0

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


def derived(traffic: Traffic, seed: int = 11) -> Derived:
    """Everything that some minutes of traffic come to, from the first post to the last seal."""
    clock = Clock(BEGIN_NS)
    views = WeighingViews(clock.now_ns)
    services = services_of(clock, views)
    found = Derived(views=views.weights)
    ends_ns = BEGIN_NS + (traffic.minutes + _minutes_after(traffic)) * MINUTE_S * NS
    ticks = iter(range(BEGIN_NS, ends_ns, MINUTE_S * NS))
    tick_ns = next(ticks)
    for batch in batches_of(traffic, seed):
        given_ns = batch[-1].kept.arrived_ms * 1_000_000
        while tick_ns <= given_ns:
            found.seal_s += _seal(services, clock, tick_ns)
            tick_ns = next(ticks)
        clock.at_ns = given_ns
        found.index_s += _index(services, batch, clock, found)
    for at_ns in (tick_ns, *ticks):
        found.seal_s += _seal(services, clock, at_ns)
    return found


def _minutes_after(traffic: Traffic) -> int:
    """Until the last window is sealed, and the first hour merged where there was an hour."""
    return 25 if traffic.minutes >= HOUR_MINUTES else 5


def batches_of(traffic: Traffic, seed: int) -> list[list[Arrival]]:
    """What the indexer is given, in the order in which it is."""
    posts = traffic.posts(seed)
    apart_ns = traffic.minutes * MINUTE_S * NS // len(posts)
    open_batches: dict[int, list[Arrival]] = {}
    batches: list[list[Arrival]] = []
    for number, post in enumerate(posts):
        for arrival in arrivals_of([post], BEGIN_NS + number * apart_ns + apart_ns // 2):
            shard = int(arrival.kept.block.trace_id[-4:], 16) % traffic.shards
            batch = open_batches.get(shard)
            if batch is None or arrival.kept.arrived_ms - batch[0].kept.arrived_ms >= traffic.batch_window_s * 1000:
                batch = open_batches[shard] = []
                batches.append(batch)
            batch.append(arrival)
    return sorted(batches, key=lambda batch: batch[-1].kept.arrived_ms)


def _index(services: Services, batch: Sequence[Arrival], clock: Clock, found: Derived) -> float:
    """Keep and index what came; the CPU that indexing took."""
    prefix = tenant_prefix(TENANT)
    for arrival in batch:
        kept = arrival.kept
        found.facts.add(item_size_bytes(to_item(prefix, kept.block, kept.arrived_ms, kept.expires_at_s)))
        found.spans += kept.block.span_count
        services.blocks.consolidate(TENANT, kept, deadline_of(clock))  # keeps it as it is
    started = process_time()
    index(services, batch, deadline_of(clock))
    return process_time() - started


def _seal(services: Services, clock: Clock, at_ns: int) -> float:
    """One tick, and the work that it leaves to others; the CPU that these took."""
    clock.at_ns = at_ns
    started = process_time()
    tick(services, deadline_of(clock))
    while waiting := services.queue.take():
        for message in waiting:
            perform(services, message, deadline_of(clock))
    return process_time() - started


def arrivals_of(posts: Sequence[TracesData], arrived_ns: int) -> Iterator[Arrival]:
    """What the stream tells of `posts` that came at `arrived_ns`, just after their spans were made."""
    for post in posts:
        for block in blocks_of(_moved(post, arrived_ns).SerializeToString()):
            yield arrival_of(block, arrived_ns)


def arrival_of(block: Block, arrived_ns: int) -> Arrival:
    """What the stream tells of a block that came at `arrived_ns`."""
    digest = payload_digest(block.payload)
    expires_at_s = arrived_ns // NS + Settings().retention_s
    kept = KeptBlock(block=block, digest=digest, arrived_ms=arrived_ns // 1_000_000, expires_at_s=expires_at_s)
    return Arrival(tenant=TENANT, kept=kept, sequence=str(10**20 + arrived_ns), event_id=digest.hex())


def _moved(post: TracesData, arrived_ns: int) -> TracesData:
    """`post` as if the last span of each trace had ended when it was sent."""
    spans = [span for each in post.resource_spans for scope in each.scope_spans for span in scope.spans]
    last_ns: dict[bytes, int] = {}
    for span in spans:
        last_ns[span.trace_id] = max(last_ns.get(span.trace_id, 0), span.end_time_unix_nano)
    for span in spans:
        by_ns = arrived_ns - last_ns[span.trace_id]
        span.start_time_unix_nano += by_ns
        span.end_time_unix_nano += by_ns
        for event in span.events:
            event.time_unix_nano += by_ns
    return post


def costs() -> list[Row]:
    """The table's rows of units and bytes: exact counts, no timing."""
    return [row for traffic in TRAFFIC for row in _costs(traffic, derived(traffic))]


def _costs(traffic: Traffic, found: Derived) -> list[Row]:
    shares = ", ".join(f"{kind} {weight.units / found.spans:.4f}" for kind, weight in sorted(found.views.items()))
    merge = "" if traffic.minutes >= HOUR_MINUTES else f"; {UNMEASURED}"
    return [
        Row(
            measure=f"write units per span, facts and views, {traffic.name}",
            measured=found.units_per_span,
            unit="WU",
            limit=0.15,
            note=f"facts {found.facts.units / found.spans:.4f}, {shares}{merge}",
        ),
        Row(
            measure=f"bytes per span, facts and views, {traffic.name}",
            measured=found.bytes_per_span,
            unit="B",
            limit=120,
            note=f"facts {found.facts.item_bytes / found.spans:.1f}; segments {found.segment_bytes_per_span:.0f} "
            "besides, for 2 days",
        ),
    ]


def rows() -> list[Row]:
    """The table's rows of CPU."""
    return [row for traffic in TRAFFIC[:2] for row in _times(traffic, derived(traffic))]


def _times(traffic: Traffic, found: Derived) -> list[Row]:
    return [
        Row(measure=f"indexer, CPU per span, {traffic.name}", measured=found.index_s / found.spans * 1e6, unit="us"),
        Row(measure=f"seal, CPU per span, {traffic.name}", measured=found.seal_s / found.spans * 1e6, unit="us"),
    ]
