"""Sends two spans of one trace with an unmodified client of Zipkin or Jaeger, and prints what it was given, as JSON.

Run as a program of its own by tests/clients/test_dialect_clients.py:

    python send_dialect.py otel-zipkin-json http://127.0.0.1:8000

It imports nothing of ours, and of its clients the one that is asked for: they live in different environments, with an
OpenTelemetry SDK of 1.21 or of today, or with none.
"""
# ruff: noqa: PLC0415, S310

import importlib
import json
import os
import sys
import time
import urllib.request

EPOCH_S = int(time.time())
TAGS = {"text": "zwölf 'quoted' \u2028 end", "yes": True, "int": 2**53 + 1, "double": 0.1, "whole": 3.0, "empty": ""}
EVENT = "cache.miss ü"


def opentelemetry(module, exporter_type, variable, path):
    """OpenTelemetry's exporter, told by `variable` where to send."""

    def send(base_url):
        os.environ[variable] = base_url + path
        exporter = getattr(importlib.import_module(module), exporter_type)()
        spans = recorded()
        result = exporter.export(spans)
        exporter.shutdown()
        if result.name != "SUCCESS":
            sys.exit(f"the exporter said {result}")
        return [described(span) for span in spans]

    return send


def recorded():
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import SpanKind, Status, StatusCode

    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "Checkout", "zone": "a"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop.checkout", "1.2.3")
    with tracer.start_as_current_span("POST /Orders ü😀", kind=SpanKind.SERVER, attributes=TAGS) as parent:
        parent.add_event(EVENT)
        with tracer.start_as_current_span("charge card", kind=SpanKind.CLIENT, attributes={"n": 1}) as child:
            child.set_status(Status(StatusCode.ERROR, "declined"))
    return list(kept.get_finished_spans())


def described(span):
    """What was recorded, in the words of the test."""
    return {
        "traceId": f"{span.context.trace_id:032x}",
        "id": f"{span.context.span_id:016x}",
        "parentId": f"{span.parent.span_id:016x}" if span.parent else "",
        "name": span.name,
        "kind": span.kind.name,
        "start_us": span.start_time // 1000,
        "duration_us": (span.end_time - span.start_time) // 1000,
        "service": span.resource.attributes["service.name"],
        "tags": dict(span.attributes or {}),
        "events": [[event.timestamp // 1000, event.name] for event in span.events],
        "failed": span.status.description or "",
        "resource": {"zone": span.resource.attributes["zone"]},
        "scope": {"name": "shop.checkout", "version": "1.2.3"},
    }


def py_zipkin(encoding, path, media_type):
    """py_zipkin has no path but Zipkin's own, so the transport is the user's, as its README shows."""

    def send(base_url):
        from py_zipkin import Encoding, Kind
        from py_zipkin.transport import BaseTransportHandler
        from py_zipkin.zipkin import zipkin_client_span, zipkin_span

        class Transport(BaseTransportHandler):
            def get_max_payload_bytes(self):
                return None

            def send(self, payload):
                body = payload.encode() if isinstance(payload, str) else payload
                asked = urllib.request.Request(base_url + path, body, {"Content-Type": media_type})
                urllib.request.urlopen(asked, timeout=30).close()

        tags = {key: str(value) for key, value in TAGS.items()}
        with (
            zipkin_span(
                service_name="Checkout",
                span_name="POST /Orders",
                transport_handler=Transport(),
                sample_rate=100.0,
                encoding=Encoding[encoding],
                kind=Kind.SERVER,
                binary_annotations=tags,
                annotations={EVENT: EPOCH_S + 0.375},
            ) as root,
            zipkin_client_span(
                service_name="Checkout",
                span_name="charge card",
                timestamp=EPOCH_S + 0.25,
                duration=0.125,
                binary_annotations={"n": "1"},
            ) as child,
        ):
            pass
        return [
            of_zipkin(root, "POST /Orders", "SERVER", tags, None),  # whose times are py_zipkin's own
            of_zipkin(child, "charge card", "CLIENT", {"n": "1"}, 125_000),
        ]

    return send


def of_zipkin(span, name, kind, tags, duration_us):
    attrs = span.zipkin_attrs
    return {
        "traceId": attrs.trace_id.zfill(32),
        "id": attrs.span_id,
        "parentId": attrs.parent_span_id or "",
        "name": name,
        "kind": kind,
        "start_us": EPOCH_S * 1_000_000 + 250_000 if duration_us else None,
        "duration_us": duration_us,
        "service": "Checkout",
        "tags": tags,
        "events": [[EPOCH_S * 1_000_000 + 375_000, EVENT]] if kind == "SERVER" else [],
        "failed": "",
        "resource": {},
        "scope": {},
    }


V1, V2 = "/zipkin/api/v1/spans", "/zipkin/api/v2/spans"
JSON, PROTOBUF = "application/json", "application/x-protobuf"
ZIPKIN = ("ZipkinExporter", "OTEL_EXPORTER_ZIPKIN_ENDPOINT", V2)
JAEGER = ("JaegerExporter", "OTEL_EXPORTER_JAEGER_ENDPOINT", "/jaeger/api/traces?format=jaeger.thrift")
CLIENTS = {
    "otel-zipkin-json": opentelemetry("opentelemetry.exporter.zipkin.json", *ZIPKIN),
    "otel-zipkin-proto": opentelemetry("opentelemetry.exporter.zipkin.proto.http", *ZIPKIN),
    "otel-jaeger-thrift": opentelemetry("opentelemetry.exporter.jaeger.thrift", *JAEGER),
    "py_zipkin-v2-json": py_zipkin("V2_JSON", V2, JSON),
    "py_zipkin-v1-json": py_zipkin("V1_JSON", V1, JSON),
    "py_zipkin-v2-proto3": py_zipkin("V2_PROTO3", V2, PROTOBUF),
}


if __name__ == "__main__":
    json.dump(CLIENTS[sys.argv[1]](sys.argv[2]), sys.stdout)
