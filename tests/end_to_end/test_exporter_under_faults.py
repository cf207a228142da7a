"""The unmodified OpenTelemetry exporter posts over HTTP while DynamoDB misbehaves under the SDK's own retry loop.

What the exporter waits between its attempts is real: it obeys our Retry-After of one second. All other waiting takes
the time of a clock that stands still otherwise.
"""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chalicelib.local.server import serve
from tests import faults as f
from tests.end_to_end.backend import Backend

RETRYABLE = {429, 503}


class Witness:
    """Stands before the app and remembers every answer: status and Retry-After."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.routes = app.routes
        self.answers: list[tuple[int, str | None]] = []

    def __call__(self, event: Any, context: Any) -> Any:
        answer = self._app(event, context)
        self.answers.append((answer["statusCode"], answer["headers"].get("retry-after")))
        return answer

    @property
    def statuses(self) -> list[int]:
        return [status for status, _ in self.answers]


@dataclass
class Server:
    """The backend, where it listens, and what it has answered."""

    backend: Backend
    url: str
    witness: Witness

    @contextmanager
    def exporter(
        self, timeout_s: float = 10, compression: Compression = Compression.Gzip
    ) -> Iterator[OTLPSpanExporter]:
        made = OTLPSpanExporter(f"{self.url}/v1/traces", timeout=timeout_s, compression=compression)
        yield made
        made.shutdown()

    def missing(self, spans: list[ReadableSpan]) -> set[str]:
        """Those of `spans` that cannot be read; asks for each trace once."""
        wanted: dict[str, set[str]] = {}
        for span in spans:
            wanted.setdefault(f"{span.context.trace_id:032x}", set()).add(f"{span.context.span_id:016x}")
        return {span_id for trace_id, ids in wanted.items() for span_id in ids - self._span_ids(trace_id)}

    def _span_ids(self, trace_id: str) -> set[str]:
        reply = self.backend.get(f"/v1/traces/{trace_id}")
        if reply.status == 404:
            return set()
        resources = reply.json()["resourceSpans"]
        return {span["spanId"] for one in resources for scope in one["scopeSpans"] for span in scope["spans"]}


@pytest.fixture
def server(backend: Backend) -> Iterator[Server]:
    witness = Witness(backend.app)
    with serve(witness, log=lambda _line: None) as url:
        yield Server(backend, url, witness)


def spans_of_the_sdk(trace_count: int, who: str = "checkout") -> list[ReadableSpan]:
    """Two spans in each of `trace_count` traces, as the SDK records them."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": who}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop")
    for number in range(trace_count):
        with tracer.start_as_current_span(f"order {number}"), tracer.start_as_current_span("charge card"):
            pass
    return list(kept.get_finished_spans())


BATCH = 30  # traces: two calls to DynamoDB

PASSING_FAULTS = {
    "throttled for a while": f.in_turn(*[f.throttled] * 6),
    "items handed back, then throttled": f.in_turn(f.taking(3), f.taking(0), *[f.throttled] * 6),
    "applied, then timed out": f.in_turn(*[f.applied_but_unanswered] * 6),
    "500s": f.in_turn(*[f.broken] * 6),
    "an outage": f.in_turn(*[f.unreachable] * 6),
    "applied, and the answer is no answer": f.in_turn(f.applied_but_unreadable, f.applied_but_unreadable),
}


@pytest.mark.parametrize("plan", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_the_exporter_is_asked_to_wait_repeats_and_every_span_is_there(server, plan):
    """Three attempts of the SDK on each of two calls fail, and the exporter's second attempt finds all well."""
    spans = spans_of_the_sdk(BATCH)
    with f.faults(plan, server.backend.clock), server.exporter() as exporter:
        assert exporter.export(spans) is SpanExportResult.SUCCESS
    [(first, wait_s), second] = server.witness.answers
    assert first in RETRYABLE
    assert (wait_s, second) == ("1", (200, None))
    assert server.missing(spans) == set()


UNNOTICED_FAULTS = {
    "throttled twice": f.in_turn(f.throttled, f.throttled),
    "items handed back": f.in_turn(f.taking(8), f.taking(0), f.taking(5)),
    "applied, then timed out": f.in_turn(f.applied_but_unanswered),
    "a 500": f.in_turn(f.broken),
    "a connection refused": f.in_turn(f.unreachable),
}


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("plan", UNNOTICED_FAULTS.values(), ids=UNNOTICED_FAULTS)
def test_what_passes_within_one_request_the_exporter_does_not_notice(server, plan, compression):
    spans = spans_of_the_sdk(BATCH)
    with f.faults(plan, server.backend.clock), server.exporter(compression=compression) as exporter:
        assert exporter.export(spans) is SpanExportResult.SUCCESS
    assert server.witness.answers == [(200, None)]
    assert server.missing(spans) == set()


@pytest.mark.parametrize("fault", [f.unreachable, f.throttled, f.applied_but_unanswered, f.taking(0)])
def test_in_an_outage_longer_than_its_patience_the_exporter_reports_a_failure_and_later_batches_arrive(server, fault):
    lost, later = spans_of_the_sdk(2), spans_of_the_sdk(2)
    with server.exporter(timeout_s=0.9) as exporter:  # less than it is asked to wait
        with f.faults(f.always(fault), server.backend.clock):
            assert exporter.export(lost) is SpanExportResult.FAILURE
        assert exporter.export(later) is SpanExportResult.SUCCESS
        assert server.missing(later) == set()
        assert exporter.export(lost) is SpanExportResult.SUCCESS
        assert server.missing(lost) == set()
    assert [status in RETRYABLE for status in server.witness.statuses] == [True, False, False]


def test_of_many_exporters_under_random_faults_none_loses_a_span_that_it_reported_as_exported(server):
    chance = random.Random(20261122)
    bad = [f.throttled, f.broken, f.unreachable, f.applied_but_unanswered, f.unanswered, f.taking(0), f.taking(2)]

    def plan(call: f.Call) -> f.Outcome:
        return chance.choice(bad) if chance.random() < 0.7 else f.served

    exported: list[ReadableSpan] = []
    lock = threading.Lock()

    def send(who: int) -> None:
        with server.exporter(timeout_s=4) as exporter:
            for batch in (spans_of_the_sdk(3, f"function {who}") for _ in range(3)):
                if exporter.export(batch) is SpanExportResult.SUCCESS:
                    with lock:
                        exported.extend(batch)

    with f.faults(plan, server.backend.clock), ThreadPoolExecutor(8) as functions:
        list(functions.map(send, range(8)))
    assert exported
    assert server.missing(exported) == set()
    assert set(server.witness.answers) <= {(200, None), (429, "1"), (503, "1")}
    assert set(server.witness.statuses) & RETRYABLE
