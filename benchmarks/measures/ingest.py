"""CPU of taking a post: the whole handler, from the proxy event to the answer, SDK included and network not."""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import zstandard
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures import handler
from benchmarks.measures.rows import Row, cpu_seconds
from benchmarks.workloads.grouping import payloads_by_trace
from benchmarks.workloads.posts import collector_post, ten_span_posts
from benchmarks.workloads.worlds import MEASURING

COLLECTOR_SPANS = 1000
POSTS = 50


def floor(bodies: Sequence[bytes]) -> int:
    """The least that can be done with these bytes: parse by upb, group by trace, serialise, zstd. Bytes packed."""
    packed = 0
    compressor = zstandard.ZstdCompressor(level=3)
    for body in bodies:
        for payload, _ in payloads_by_trace(TracesData.FromString(body)):
            packed += len(compressor.compress(payload))
    return packed


def taking(app: Any, events: Sequence[dict[str, Any]]) -> Callable[[], None]:
    """The handler over `events`, its log lines and metrics swallowed."""

    def work() -> None:
        with redirect_stdout(StringIO()):
            for event in events:
                handler.invoke(app, event)

    return work


def rows() -> list[Row]:
    """The table's rows."""
    app = handler.import_app_for_writing()
    collected = [collector_post(MEASURING, 21, COLLECTOR_SPANS).SerializeToString()]
    single = [post.SerializeToString() for post in ten_span_posts(MEASURING, 21, POSTS)]
    whole, least = cpu_seconds(
        taking(app, [handler.post(body) for body in collected]), lambda: floor(collected), rounds=25
    )
    posts, least_posts = cpu_seconds(
        taking(app, [handler.post(body) for body in single]), lambda: floor(single), rounds=15
    )
    span_us, floor_us = whole / COLLECTOR_SPANS * 1e6, least / COLLECTOR_SPANS * 1e6
    post_ms, floor_ms = posts / POSTS * 1e3, least_posts / POSTS * 1e3
    return [
        Row(measure="CPU per span, collector post, whole handler", measured=span_us, unit="us", limit=20),
        Row(
            measure="CPU of a collector post over its floor",
            measured=whole / least,
            unit="times",
            limit=3,
            note=f"floor {floor_us:.1f} us/span",
        ),
        Row(
            measure="CPU per ten-span post, whole handler",
            measured=post_ms,
            unit="ms",
            limit=1.5,
            note=f"floor {floor_ms:.2f} ms",
        ),
    ]
