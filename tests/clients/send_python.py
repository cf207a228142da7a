"""Sends three traces with an unmodified OpenTelemetry exporter, and prints what the SDK recorded, as JSON.

Run as a program of its own by tests/clients/test_real_clients.py:

    python send_python.py opentelemetry.exporter.otlp.proto.http.trace_exporter

Where to send and how is left to the exporter's own environment variables, as a user would set them. It imports
nothing of ours: the JSON exporter lives in an environment that has only the SDK.
"""

import importlib
import json
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

RESOURCE = {
    "service.name": "checkout",
    "faas.name": "checkout-prod",
    "faas.max_memory": 536870912,
    "cloud.zones": ["a", "b"],
}
SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
ELSEWHERE = SpanContext(0xABC << 100, 0xDEF, is_remote=True)  # no trace state: the exporters do not send a link's


def record_spans() -> list[ReadableSpan]:
    """Spans that use everything the Python SDK's API can say."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create(RESOURCE))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop.checkout", "1.2.3", SCHEMA_URL, {"scope.kind": "test"})
    for number in range(3):
        with tracer.start_as_current_span(
            f"POST /orders/{number} ü😀",
            kind=SpanKind.SERVER,
            links=[Link(ELSEWHERE, {"link.why": "retry", "link.n": number})],
            attributes={
                "text": "zwölf 'quoted' \\ \u2028 \x00 end",
                "yes": True,
                "no": False,
                "int.small": -1,
                "int.large": 2**63 - 1,
                "int.least": -(2**63),
                "double": 0.1,
                "double.whole": 3.0,
                "list.text": ["x", "", "y"],
                "list.int": [1, 2, 3],
                "list.bool": [True, False],
                "list.double": [0.5, 1e300],
                "empty": "",
            },
        ) as parent:
            parent.add_event("cache.miss", {"key": "k1", "tries": 3})
            with tracer.start_as_current_span("charge card", kind=SpanKind.CLIENT) as child:
                child.record_exception(ValueError("card declined"), {"attempt": 2})
                child.set_status(Status(StatusCode.ERROR, "declined"))
            parent.set_status(Status(StatusCode.OK))
    return list(kept.get_finished_spans())


def context_of(span_context: SpanContext) -> dict[str, object]:
    return {
        "traceId": trace.format_trace_id(span_context.trace_id),
        "spanId": trace.format_span_id(span_context.span_id),
        "traceState": span_context.trace_state.to_header(),
    }


def plain(attributes) -> dict[str, object]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in (attributes or {}).items()}


def description(span: ReadableSpan) -> dict[str, object]:
    """What was recorded, in the shape that the test also makes of what it reads back."""
    return {
        **context_of(span.context),
        "parentSpanId": trace.format_span_id(span.parent.span_id) if span.parent else "",
        "name": span.name,
        "kind": span.kind.value + 1,
        "start": span.start_time,
        "end": span.end_time,
        "attributes": plain(span.attributes),
        "events": [{"time": e.timestamp, "name": e.name, "attributes": plain(e.attributes)} for e in span.events],
        "links": [{**context_of(link.context), "attributes": plain(link.attributes)} for link in span.links],
        "status": {"code": span.status.status_code.value, "message": span.status.description or ""},
        "resource": plain(span.resource.attributes),
        "scope": {
            "name": span.instrumentation_scope.name,
            "version": span.instrumentation_scope.version,
            "schemaUrl": span.instrumentation_scope.schema_url,
            "attributes": plain(span.instrumentation_scope.attributes),
        },
    }


def main() -> None:
    exporter = importlib.import_module(sys.argv[1]).OTLPSpanExporter()
    spans = record_spans()
    result = exporter.export(spans)
    exporter.shutdown()
    if result is not SpanExportResult.SUCCESS:
        sys.exit(f"the exporter said {result}")
    json.dump([description(span) for span in spans], sys.stdout)


if __name__ == "__main__":
    main()
