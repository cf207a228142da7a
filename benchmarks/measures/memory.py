"""The highest resident size of one function.

For the largest post that is accepted, a 100,000-span trace, a full batch of the indexer, a full seal, and a search over
1,000,000 traces.
"""

import gzip
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmarks.measures import canned, handler, search
from benchmarks.measures.derived import BEGIN_NS, arrival_of, arrivals_of
from benchmarks.measures.derived_memory import PREPARED_S, SEGMENTS
from benchmarks.measures.in_memory import NS, TENANT, Clock, FiledBlocks, deadline_of, services_of
from benchmarks.measures.processes import run
from benchmarks.measures.rows import Row
from benchmarks.measures.stored import FAR_FUTURE_S, large_trace_blocks, query_pages
from benchmarks.workloads.posts import collector_post, ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp import json, messages
from chalicelib.model.arrival import Arrival
from chalicelib.model.windows import HOUR_S
from chalicelib.search.index import pack
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.memory import MemoryViewStore
from chalicelib.storage.view_names import segment_partition
from chalicelib.views.index import index

LIMIT_MIB = 512
SPANS_READ = 100_000
SPANS_AT_ONCE = 2_000
INDEX_BATCH = 1_000
SEARCHED_HOURS = 5
DIGESTS_AN_HOUR = 20  # of search.ROWS traces, each told as often as it takes to come to search.TRACES


def rows() -> list[Row]:
    """The table's rows."""
    return [
        _post_row("protobuf", "application/x-protobuf", lambda message: message.SerializeToString()),
        _post_row("JSON", "application/json", _as_json),
        *_read_rows(),
        _index_row(),
        *_seal_rows(),
        _search_row(),
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


def _index_row() -> Row:
    with TemporaryDirectory() as directory:
        (Path(directory) / "batch-0.json").write_bytes(stream_event(ten_span_posts(MEASURING, 60, INDEX_BATCH)))
        peak_mib = run("memory-of-index", Path(directory))
    measure = f"peak memory, index_stream, a batch of {INDEX_BATCH:,} posts"
    return Row(measure=measure, measured=peak_mib, unit="MiB", limit=LIMIT_MIB)


def _seal_rows() -> list[Row]:
    traces = Settings().seal_piece_traces
    piece = list(arrivals_of(ten_span_posts(MEASURING, 13, traces), PREPARED_S * NS))
    named = {f"{traces:,} traces of ten spans": piece, f"one trace of {SPANS_READ:,} spans": list(_large_trace())}
    return [
        Row(measure=f"peak memory, seal of {name}", measured=peak_of_seal(arrivals), unit="MiB", limit=LIMIT_MIB)
        for name, arrivals in named.items()
    ]


def peak_of_seal(arrivals: Sequence[Arrival]) -> float:
    """The MiB that the seal of one window takes, in which these blocks arrived."""
    with TemporaryDirectory() as directory:
        FiledBlocks(Path(directory)).fill([arrival.kept for arrival in arrivals])
        clock = Clock(PREPARED_S * NS)
        views = MemoryViewStore(clock.now_ns)
        index(services_of(clock, views), arrivals, deadline_of(clock))
        segments = list(views.read(TENANT, segment_partition(PREPARED_S), deadline_of(clock)))
        (Path(directory) / SEGMENTS).write_bytes(msgspec.msgpack.encode(segments))
        return run("memory-of-seal", Path(directory))


def _large_trace() -> Iterator[Arrival]:
    """Most of it came ten minutes ago and was sealed then, so that the seal looks at both states."""
    blocks = large_trace_blocks(SPANS_READ)
    for number, block in enumerate(blocks):
        arrived_ns = (PREPARED_S - (600 if number < 0.9 * len(blocks) else 0)) * NS
        yield arrival_of(block, arrived_ns)


def _search_row() -> Row:
    """What a search holds that no trace answers: every digest is read. Of five in an hour all are the same."""
    entries = search.entries_of(search.posts(search.ROWS))
    first_s = BEGIN_NS // NS // HOUR_S * HOUR_S
    repeats = search.TRACES // (search.ROWS * DIGESTS_AN_HOUR * SEARCHED_HOURS)
    hours = range(first_s, first_s + SEARCHED_HOURS * HOUR_S, HOUR_S)
    with TemporaryDirectory() as directory:
        for number in range(DIGESTS_AN_HOUR):
            body = pack(search.told_apart(entries, number))
            for hour in hours:  # where a trace begins makes no difference to a question that none answers
                (Path(directory) / f"{hour:010d}-{number:02}").write_bytes(body)
        asked = {"query": '{ span.aws.request_id = "none" }', "repeats": repeats}
        asked |= {"start_s": hours[0], "end_s": hours[-1] + HOUR_S}
        (Path(directory) / "search.json").write_bytes(msgspec.json.encode(asked))
        peak_mib = run("memory-of-search", Path(directory))
    measure = f"peak memory, search of {search.TRACES:,} traces in {SEARCHED_HOURS} hours"
    return Row(measure=measure, measured=peak_mib, unit="MiB", limit=LIMIT_MIB)


def stream_event(posts: Sequence[TracesData]) -> bytes:
    """What the stream tells of `posts`, all in one event, as Lambda gives it; and when that is."""
    prefix = tenant_prefix(TENANT)
    records = []
    for number, arrival in enumerate(arrivals_of(posts, BEGIN_NS)):
        kept = arrival.kept
        image = canned.item_json(dict(to_item(prefix, kept.block, kept.arrived_ms, FAR_FUTURE_S)))
        told = {"NewImage": image, "SequenceNumber": str(10**20 + number)}
        records.append({"eventID": arrival.event_id, "eventName": "INSERT", "dynamodb": told})
    return msgspec.json.encode({"at_ns": BEGIN_NS, "Records": records})


def _as_json(message: TracesData) -> bytes:
    return json.encode(messages.TracesData.FromString(message.SerializeToString()))
