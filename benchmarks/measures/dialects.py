"""CPU of other dialects: posts and reads through the whole handler, beside the same spans by OTLP in the same run."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.measures import canned, handler
from benchmarks.measures.ingest import taking
from benchmarks.measures.rows import Row, cpu_seconds
from benchmarks.measures.stored import large_trace_blocks, query_pages
from benchmarks.workloads import dialects
from benchmarks.workloads.posts import collector_post
from benchmarks.workloads.worlds import MEASURING

SPANS, READ_SPANS = 1000, 5000
ZIPKIN_JSON_LIMIT_US = 60
V1, V2, JAEGER = "/zipkin/api/v1/spans", "/zipkin/api/v2/spans", "/jaeger/api/traces"
JSON, PROTOBUF, THRIFT = "application/json", "application/x-protobuf", "application/x-thrift"


def rows() -> list[Row]:
    """The table's rows."""
    return [*_taken(), *_read()]


def _taken() -> list[Row]:
    app = handler.import_app_for_writing()
    posts = _posts()
    work = [taking(app, [handler.post(body, media, path=path)]) for path, media, body in posts.values()]
    otlp, *others = cpu_seconds(*work, rounds=9)
    return [
        Row(
            measure=f"CPU per span, {name}, whole handler",
            measured=seconds / SPANS * 1e6,
            unit="us",
            limit=ZIPKIN_JSON_LIMIT_US if media == JSON else None,
            note=f"{seconds / otlp:.1f} times OTLP protobuf; {len(body) / SPANS:.0f} B/span",
        )
        for (name, (_, media, body)), seconds in zip(list(posts.items())[1:], others, strict=True)
    ]


def _posts() -> Mapping[str, tuple[str, str, bytes]]:
    """One collector post in every dialect: where it goes, as what, and its bytes. The first is OTLP's."""
    post = collector_post(MEASURING, 21, SPANS)
    spans = dialects.spans_of(post)
    zipkin, wide = dialects.as_zipkins_clients_send(spans), dialects.as_opentelemetry_sends(spans)
    return {
        "OTLP protobuf": ("/v1/traces", PROTOBUF, post.SerializeToString()),
        f"Zipkin JSON, {_tags_each(zipkin):.0f} tags": (V2, JSON, dialects.zipkin_json(zipkin)),
        f"Zipkin JSON, {_tags_each(wide):.0f} tags (OpenTelemetry's)": (V2, JSON, dialects.zipkin_json(wide)),
        "Zipkin protobuf": (V2, PROTOBUF, dialects.zipkin_protobuf(zipkin)),
        "Zipkin v1 Thrift": (V1, THRIFT, dialects.zipkin_thrift(zipkin)),
        "Jaeger Thrift": (JAEGER, THRIFT, dialects.jaeger_thrift(spans)),
    }


def _tags_each(spans: list[Any]) -> float:
    return sum(len(span.tags) for span in spans) / len(spans)


def _read() -> list[Row]:
    stored = large_trace_blocks(READ_SPANS)
    pages = query_pages(stored)
    app = handler.import_app(lambda _operation, body: pages[canned.following(pages, body)])
    paths = {
        "OTLP": "/v1/traces/{trace_id}",
        "Zipkin": "/zipkin/api/v2/trace/{trace_id}",
        "Jaeger": "/jaeger/api/traces/{trace_id}",
    }
    work = [_reading(app, path, stored[0].trace_id) for path in paths.values()]
    otlp, *others = cpu_seconds(*work, rounds=5)
    return [
        Row(
            measure=f"read {READ_SPANS:,} spans as {name} JSON, gzipped, per span",
            measured=seconds / READ_SPANS * 1e6,
            unit="us",
            note=f"{seconds / otlp:.1f} times OTLP JSON",
        )
        for name, seconds in zip(list(paths)[1:], others, strict=True)
    ]


def _reading(app: Any, path: str, trace_id: str) -> Callable[[], None]:
    return taking(app, [handler.get(path, trace_id, gzip=True)])
