"""What tracing costs a function: the library, and its peers in the same run.

A cold start pays the import. It is taken from the outside, as the CPU of a fresh process less that of one that does
nothing, because a process that measures itself has imported much of what it measures. Everything a first invocation
needs is imported, lazy parts included. Each span costs its recording, each invocation one export.

Peers: OpenTelemetry's SDK with its OTLP/HTTP exporter, aws-xray-sdk's recorder, Powertools' Tracer. All are set up to
send nothing, but do all that comes before.
"""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measures.rows import Row, cpu_seconds
from chalicelib.tracing.config import Config
from chalicelib.tracing.exporters import http, otlp_json
from chalicelib.tracing.exporters.errors import Losses
from chalicelib.tracing.exporters.none import NoExporter
from chalicelib.tracing.exporters.otel_stdout import OtelStdoutExporter
from chalicelib.tracing.exporters.port import Batch
from chalicelib.tracing.exporters.stdout import StdoutExporter
from chalicelib.tracing.span import Span
from chalicelib.tracing.tracer import Tracer

ROOT = Path(__file__).parents[2]
IMPORT_ROUNDS = 11
SPANS = 1000
EXPORTED_SPANS = 20
ATTRIBUTES: dict[str, str | int] = {
    "http.request.method": "GET",
    "url.full": "https://api.example.com/orders/17",
    "http.response.status_code": 200,
    "server.address": "api.example.com",
    "aws.request_id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
}

OURS = """
import sys; sys.path.insert(0, {root!r})
from chalicelib.tracing import span, traced, tracer
from chalicelib.tracing.exporters import port
tracer().exporter()
"""
IMPORTS = {
    "nothing": "pass",
    "ours": OURS.format(root=str(ROOT)),
    "OTel SDK": "from opentelemetry.sdk.trace import TracerProvider; TracerProvider()",
    "OTel SDK and OTLP/HTTP": """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
TracerProvider(); OTLPSpanExporter()
""",
    "X-Ray SDK": "from aws_xray_sdk.core import xray_recorder",
    "Powertools Tracer": """
from aws_lambda_powertools import Tracer
Tracer(service="orders", auto_patch=False, disabled=False)
""",
}


def rows() -> list[Row]:
    """The table's rows."""
    return [*imports(), *recording(), *exporting()]


def imports() -> list[Row]:
    """CPU of each import, less that of a bare interpreter; processes in turns, so that all meet the same machine."""
    with TemporaryDirectory() as compiled:
        environment = os.environ | {
            "AWS_LAMBDA_FUNCTION_NAME": "orders",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": compiled,
        }
        for code in IMPORTS.values():
            _process_ms(code, environment)
        turns = [{name: _process_ms(code, environment) for name, code in IMPORTS.items()} for _ in range(IMPORT_ROUNDS)]
    net_ms = {name: median(turn[name] - turn["nothing"] for turn in turns) for name in IMPORTS}
    bare_ms = median(turn["nothing"] for turn in turns)
    return _rows("net import", net_ms, "ms", 20, f"; a bare interpreter takes {bare_ms:.0f}")


def _process_ms(code: str, environment: dict[str, str]) -> float:
    """User and system CPU of a fresh interpreter that runs `code`."""
    before_s = _children_s()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)  # noqa: S603
    return (_children_s() - before_s) * 1e3


def _children_s() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def recording() -> list[Row]:
    """CPU of a span: start, five attributes, end; its parent is current, and nothing is exported."""
    works = {"ours": _ours(), "OTel SDK": _otel(), "X-Ray SDK": _xray(), "Powertools Tracer": _powertools()}
    taken = cpu_seconds(*works.values(), rounds=9)
    per_span_us = {name: seconds / SPANS * 1e6 for name, seconds in zip(works, taken, strict=True)}
    return _rows("a span of five attributes", per_span_us, "us", 10)


def exporting() -> list[Row]:
    """CPU of exporting 20 spans, as far as there is no network in it."""
    with _nowhere() as descriptor:
        works = {
            "ours, a line": _line(descriptor),
            "ours, OTLP JSON in gzip": _otlp_json,
            "ours, otlp-stdout": _otlp_stdout(descriptor),
            "OTel's OTLP protobuf in gzip": _otel_encoding(),
        }
        repeated = [_times(50, work) for work in works.values()]
        taken = cpu_seconds(*repeated, rounds=9)
    per_export_ms = {name: seconds / 50 * 1e3 for name, seconds in zip(works, taken, strict=True)}
    return _rows(f"export of {EXPORTED_SPANS} spans", per_export_ms, "ms", 1)


def _rows(measure: str, by_name: dict[str, float], unit: str, limit: float, note: str = "") -> list[Row]:
    """Ours with the target, each peer with its ratio to our first."""
    ours = next(value for name, value in by_name.items() if name.startswith("ours"))
    return [
        Row(
            measure=f"{measure}: {name}",
            measured=value,
            unit=unit,
            limit=limit if name.startswith("ours") else None,
            note=note.lstrip("; ") if name == "ours" else f"{value / ours:.1f} times ours",
        )
        for name, value in by_name.items()
        if name != "nothing"
    ]


def _times(count: int, work: Callable[[], object]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(count):
            work()

    return repeated


def _ours() -> Callable[[], None]:
    tracer = Tracer(Config({}), NoExporter())

    def work() -> None:
        root = tracer.start_span("GET /orders", parent=None)
        with tracer.use(root):
            for _ in range(SPANS):
                span = tracer.start_span("charge")
                for key, value in ATTRIBUTES.items():
                    span.set_attribute(key, value)
                span.end()
        root.end()
        tracer.flush()

    return work


def _otel() -> Callable[[], None]:
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult  # noqa: PLC0415

    class Nowhere(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            del spans
            return SpanExportResult.SUCCESS

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Nowhere()))
    tracer = provider.get_tracer("benchmark")

    def work() -> None:
        root = tracer.start_span("GET /orders")
        with trace.use_span(root, end_on_exit=True):
            for _ in range(SPANS):
                span = tracer.start_span("charge")
                for key, value in ATTRIBUTES.items():
                    span.set_attribute(key, value)
                span.end()

    return work


class _NoEmitter:
    """In place of the one that sends to X-Ray's daemon."""

    def send_entity(self, entity: object) -> None:
        """Nothing."""


def _xray_recorder() -> Any:
    from aws_xray_sdk.core import AWSXRayRecorder  # noqa: PLC0415

    recorder = AWSXRayRecorder()
    recorder.configure(service="orders", sampling=False, emitter=_NoEmitter(), streaming_threshold=SPANS * 2)
    return recorder


def _xray() -> Callable[[], None]:
    recorder = _xray_recorder()
    annotations = {key.replace(".", "_"): value for key, value in ATTRIBUTES.items()}  # X-Ray takes no dots

    def work() -> None:
        recorder.begin_segment("orders")
        for _ in range(SPANS):
            subsegment = recorder.begin_subsegment("charge")
            for key, value in annotations.items():
                subsegment.put_annotation(key, value)
            recorder.end_subsegment()
        recorder.end_segment()

    return work


def _powertools() -> Callable[[], None]:
    from aws_lambda_powertools import Tracer  # noqa: PLC0415
    from aws_xray_sdk.core import xray_recorder  # noqa: PLC0415

    emitter: Any = _NoEmitter()
    xray_recorder.configure(service="orders", sampling=False, emitter=emitter, streaming_threshold=SPANS * 2)
    tracer = Tracer(service="orders", auto_patch=False, disabled=False)
    annotations = {key.replace(".", "_"): value for key, value in ATTRIBUTES.items()}

    def work() -> None:
        xray_recorder.begin_segment("orders")
        for _ in range(SPANS):
            with tracer.provider.in_subsegment(name="charge") as subsegment:
                for key, value in annotations.items():
                    subsegment.put_annotation(key, value)
        xray_recorder.end_segment()

    return work


def our_batch(count: int = EXPORTED_SPANS) -> Batch:
    """A batch as an invocation leaves it: one span and those within, ids from a seed."""
    chance = Random(4)
    trace_id = chance.randbytes(16).hex()
    spans: list[Span] = []
    for number in range(count):
        span = Span(
            f"GET /orders/{number % 7}",
            trace_id=trace_id,
            span_id=chance.randbytes(8).hex(),
            parent_id=spans[0].span_id if spans else "",
            now_ns=lambda: 1_767_268_800_000_000_000,
            flags=3,
            attributes=dict(ATTRIBUTES),
        )
        span.end_ns = span.start_ns + chance.randrange(10**9)
        spans.append(span)
    resource = {"service.name": "orders", "cloud.provider": "aws", "faas.name": "orders-dev", "faas.version": "17"}
    return Batch(spans, resource, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", until_ns=1 << 62)


@contextmanager
def _nowhere() -> Iterator[int]:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _line(descriptor: int) -> Callable[[], None]:
    exporter, batch = StdoutExporter(descriptor=descriptor), our_batch()
    return lambda: exporter.export(batch)


def _otlp_stdout(descriptor: int) -> Callable[[], None]:
    exporter, batch = OtelStdoutExporter(source="orders", descriptor=descriptor), our_batch()
    return lambda: exporter.export(batch)


def _otlp_json() -> bytes:
    return http.gzip(otlp_json.request([otlp_json.resource_spans(_BATCH.spans, _BATCH.resource, Losses())]))


_BATCH = our_batch()


def _otel_encoding() -> Callable[[], object]:
    """What its OTLP/HTTP exporter does with 20 of its own spans, but for posting them."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("benchmark")
    spans: list[Any] = []
    for number in range(EXPORTED_SPANS):
        span = tracer.start_span(f"GET /orders/{number % 7}", attributes=ATTRIBUTES)
        span.end()
        spans.append(span)
    return lambda: gzip.compress(encode_spans(spans).SerializeToString())
