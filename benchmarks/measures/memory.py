"""The highest resident size of one function: for the largest post that is accepted, and for a 100,000-span trace."""

import gzip
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures import handler
from benchmarks.measures.processes import run
from benchmarks.measures.rows import Row
from benchmarks.measures.stored import large_trace_blocks, query_pages
from benchmarks.workloads.posts import collector_post
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp import json, messages
from chalicelib.settings import Settings

LIMIT_MIB = 512
SPANS_READ = 100_000
SPANS_AT_ONCE = 2_000


def rows() -> list[Row]:
    """The table's rows."""
    return [
        _post_row("protobuf", "application/x-protobuf", lambda message: message.SerializeToString()),
        _post_row("JSON", "application/json", _as_json),
        *_read_rows(),
    ]


def largest_message(encode: Callable[[TracesData], bytes]) -> tuple[TracesData, bytes]:
    """Collector posts one after the other until no more fits: in form `encode`, before or after gzip. And its gzip."""
    settings = Settings()
    message, fitting = TracesData(), (TracesData(), b"")
    for seed in range(1000):
        message.MergeFrom(collector_post(MEASURING, 100 + seed, SPANS_AT_ONCE, SPANS_AT_ONCE // 10))
        body = encode(message)
        if len(body) > settings.max_decompressed_bytes:
            break
        compressed = gzip.compress(body, 6)
        if len(compressed) > settings.max_body_bytes:
            break
        fitting = (TracesData.FromString(message.SerializeToString()), compressed)
    return fitting


def _post_row(name: str, media_type: str, encode: Callable[[TracesData], bytes]) -> Row:
    message, body = largest_message(encode)
    spans = sum(len(scope.spans) for each in message.resource_spans for scope in each.scope_spans)
    with TemporaryDirectory() as directory:
        (Path(directory) / "post.json").write_bytes(msgspec.json.encode(handler.post(body, media_type, "gzip")))
        peak_mib = run("memory-of-post", Path(directory))
    note = f"{spans} spans, {len(body) / 1e6:.1f} MB gzipped, {len(encode(message)) / 1024**2:.1f} MiB inflated"
    return Row(measure=f"peak memory, largest post, {name}", measured=peak_mib, unit="MiB", limit=LIMIT_MIB, note=note)


def _read_rows() -> list[Row]:
    stored = large_trace_blocks(SPANS_READ)
    trace_id = stored[0].trace_id
    reads: dict[str, dict[str, Any]] = {
        "OTLP JSON": handler.get("/v1/traces/{trace_id}", trace_id, gzip=True),
        "OTLP protobuf": handler.get("/v1/traces/{trace_id}", trace_id, "application/x-protobuf", gzip=True),
        "assembly": handler.get("/v1/traces/{trace_id}/assembly", trace_id, gzip=True),
    }
    found = []
    with TemporaryDirectory() as directory:
        for number, page in enumerate(query_pages(stored)):
            (Path(directory) / f"page-{number:04}.json").write_bytes(page)
        for name, event in reads.items():
            (Path(directory) / "read.json").write_bytes(msgspec.json.encode(event))
            peak_mib = run("memory-of-read", Path(directory))
            measure = f"peak memory, read of {SPANS_READ:,} spans, {name}"
            found.append(Row(measure=measure, measured=peak_mib, unit="MiB", limit=LIMIT_MIB))
    return found


def _as_json(message: TracesData) -> bytes:
    return json.encode(messages.TracesData.FromString(message.SerializeToString()))
