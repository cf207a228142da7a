"""CPU and bytes of rollups: what counting a span costs, and what a minute of a team's traces weighs when packed."""

import gc
from random import Random

import msgspec

from benchmarks.measures.costs import blocks_of
from benchmarks.measures.rows import Row, cpu_seconds
from benchmarks.workloads.posts import NOON_NS, ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.rollups.contributions import contribute
from chalicelib.rollups.packing import pack, unpack
from chalicelib.rollups.rollup import Rollup, Sums

TRACES = 500
MINUTE_NS = 60 * 10**9


def minute_of_traces(count: int = TRACES, seed: int = 3) -> list[StoredTrace]:
    """Ten-span traces of the held-out world, all of which start within one minute."""
    random = Random(seed)
    posts = ten_span_posts(MEASURING, seed, count)
    return [
        _stored(block.trace_id, block.payload, NOON_NS + random.randrange(MINUTE_NS))
        for post in posts
        for block in blocks_of(post.SerializeToString())
    ]


def summed_up(traces: list[StoredTrace]) -> Rollup:
    """The rollup of their hour."""
    sums = Sums()
    for trace in traces:
        contribute(trace, sums)
    (rollup,) = sums.rollups().values()
    return rollup


def rows() -> list[Row]:
    """The table's rows."""
    traces = minute_of_traces()
    spans = sum(len(trace.spans) for trace in traces)
    rollup = summed_up(traces)
    body = pack(rollup)
    gc.freeze()  # the traces lie about here all at once, which a seal avoids
    counting, packing, unpacking = cpu_seconds(
        lambda: summed_up(traces), lambda: pack(rollup), lambda: unpack(body), rounds=7
    )
    gc.unfreeze()
    parts = {
        "RED": Rollup(red=rollup.red),
        "graph": Rollup(edges=rollup.edges),
        "catalog": Rollup(catalog=rollup.catalog),
    }
    note = ", ".join(f"{name} {len(pack(part)):,} B" for name, part in parts.items())
    return [
        Row(measure="counting a span for rollups", measured=counting / spans * 1e6, unit="us", limit=8),
        Row(measure="packing its share of a minute", measured=packing / spans * 1e6, unit="us"),
        Row(measure="unpacking its share of a minute", measured=unpacking / spans * 1e6, unit="us"),
        Row(
            measure=f"rollup of a minute of {TRACES} ten-span traces, per trace",
            measured=len(body) / TRACES,
            unit="B",
            limit=10,
            note=note,
        ),
    ]


def _stored(trace_id: str, payload: bytes, start_ns: int) -> StoredTrace:
    spans = to_spans(TracesData.FromString(payload))
    shift_ns = start_ns - min(span.start_ns for span in spans)
    moved = [
        msgspec.structs.replace(span, start_ns=span.start_ns + shift_ns, end_ns=span.end_ns + shift_ns)
        for span in spans
    ]
    moved.sort(key=lambda span: (span.start_ns, span.span_id))
    return StoredTrace(trace_id=trace_id, spans=moved, arrived_ms=(NOON_NS + MINUTE_NS) // 1_000_000)
