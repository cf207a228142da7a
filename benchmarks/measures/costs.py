"""Bytes and write units: exact counts over the very items that would be written, no timing anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures.rows import Row
from benchmarks.workloads.posts import NOON_NS, collector_post, ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.grouping import group
from chalicelib.collector.collect import SPLIT_AT_BYTES
from chalicelib.model.block import Block
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.sizing import WRITE_UNIT_BYTES, item_size_bytes, write_units

ARRIVED_MS = NOON_NS // 1_000_000 + 123
MAX_DEPTH = Settings().max_nesting_depth
EXPIRES_AT_S = NOON_NS // 1_000_000_000 + 14 * 24 * 3600 + 57


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What some posts come to in the facts table."""

    spans: int
    items: int
    item_bytes: int
    units: int
    single_unit_items: int
    sent_bytes: int

    @property
    def bytes_per_span(self) -> float:
        """Whole items: names, keys and numbers too."""
        return self.item_bytes / self.spans

    @property
    def units_per_span(self) -> float:
        """Write units."""
        return self.units / self.spans


def cost(posts: Iterable[TracesData], tenant: str = "default") -> Cost:
    """The cost of `posts`, each grouped, packed and sized as the write path does it."""
    prefix = tenant_prefix(tenant)
    sizes: list[int] = []
    spans = sent_bytes = 0
    for post in posts:
        body = post.SerializeToString()
        sent_bytes += len(body)
        for block in blocks_of(body):
            spans += block.span_count
            sizes.append(item_size_bytes(to_item(prefix, block, ARRIVED_MS, EXPIRES_AT_S)))
    return Cost(
        spans=spans,
        items=len(sizes),
        item_bytes=sum(sizes),
        units=sum(map(write_units, sizes)),
        single_unit_items=sum(size <= WRITE_UNIT_BYTES for size in sizes),
        sent_bytes=sent_bytes,
    )


def blocks_of(body: bytes) -> tuple[Block, ...]:
    """The blocks that the write path makes of a protobuf body."""
    return group([protobuf.decode(body, MAX_DEPTH).message], SPLIT_AT_BYTES).blocks


def invocations(seed: int = 11, count: int = 1000) -> Cost:
    """Ten-span posts of the held-out world."""
    return cost(ten_span_posts(MEASURING, seed, count))


def collectors(seed: int = 11, count: int = 5) -> Cost:
    """Collector posts of the held-out world: 1,000 spans of 100 traces each."""
    return cost(collector_post(MEASURING, seed + number) for number in range(count))


def rows() -> list[Row]:
    """The table's rows."""
    single, many = invocations(), collectors()
    sent = f"{single.sent_bytes / single.spans:.0f} B/span as sent"
    share = f"{single.single_unit_items / single.items:.0%} of items in one unit"
    sent_many = f"{many.sent_bytes / many.spans:.0f} B/span as sent; {many.items} items for {many.spans} spans"
    return [
        Row(measure="bytes per span, ten-span posts", measured=single.bytes_per_span, unit="B", limit=100, note=sent),
        Row(
            measure="write units per span, ten-span posts",
            measured=single.units_per_span,
            unit="WU",
            limit=0.15,
            note=share,
        ),
        Row(measure="bytes per span, collector posts", measured=many.bytes_per_span, unit="B", note=sent_many),
        Row(measure="write units per span, collector posts", measured=many.units_per_span, unit="WU", limit=0.12),
    ]
