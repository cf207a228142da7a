"""One span to a running server by the real SDK, and back: python .ci/smoke.py http://127.0.0.1:8000."""

import json
import sys
import time
import urllib.error
import urllib.request

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

START_TIMEOUT_S = 60


def wait_until_up(address: str) -> None:
    """Ask /healthz until it answers; exits after START_TIMEOUT_S."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310  # our own loopback address
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{address}/healthz did not answer within {START_TIMEOUT_S} s")


def post_a_span(address: str) -> str:
    """The trace id of one exported span."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{address}/v1/traces")))
    with provider.get_tracer("smoke").start_as_current_span("smoke") as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()
    return trace_id


def names_of(address: str, trace_id: str) -> list[str]:
    """The names of the spans that the server gives back."""
    with urllib.request.urlopen(f"{address}/v1/traces/{trace_id}", timeout=30) as answer:  # noqa: S310
        trace = json.load(answer)
    return [
        span["name"]
        for resource in trace["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


if __name__ == "__main__":
    wait_until_up(sys.argv[1])
    if (names := names_of(sys.argv[1], post_a_span(sys.argv[1]))) != ["smoke"]:
        sys.exit(f"asked for one span named smoke, got {names}")
