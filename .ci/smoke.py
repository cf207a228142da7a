"""One span to a running server by the real SDK, and back: python .ci/smoke.py http://127.0.0.1:8000.

Back by its id at once, by a search within SEARCHABLE_S, and as a service in the graph within GRAPH_S.
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

START_TIMEOUT_S = 60
SEARCHABLE_S = 5
GRAPH_S = 60
SERVICE = "smoke-test"


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
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{address}/v1/traces")))
    with provider.get_tracer("smoke").start_as_current_span("smoke", kind=SpanKind.SERVER) as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()
    return trace_id


def ask(address: str, path: str, **query: str) -> Any:
    """What the server answers, as JSON."""
    asked = f"{address}{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def wait_for(what: str, timeout_s: float, is_there: Callable[[], bool]) -> None:
    """Ask until it is there; exits after `timeout_s`."""
    give_up_at = time.monotonic() + timeout_s
    while not is_there():
        if time.monotonic() > give_up_at:
            sys.exit(f"{what} was not there within {timeout_s} s")
        time.sleep(0.2)


def names_of(address: str, trace_id: str) -> list[str]:
    """The names of the spans that the server gives back."""
    trace = ask(address, f"/v1/traces/{trace_id}")
    return [
        span["name"]
        for resource in trace["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def _is_found(address: str, query: str, trace_id: str) -> bool:
    return [found["traceId"] for found in ask(address, "/v1/search", q=query)["traces"]] == [trace_id]


def _is_in_graph(address: str) -> bool:
    return SERVICE in {node["name"] for node in ask(address, "/v1/graph")["nodes"]}


if __name__ == "__main__":
    wait_until_up(sys.argv[1])
    trace_id = post_a_span(sys.argv[1])
    posted_at = time.monotonic()
    if (names := names_of(sys.argv[1], trace_id)) != ["smoke"]:
        sys.exit(f"asked for one span named smoke, got {names}")
    query = f'{{ resource.service.name = "{SERVICE}" }}'
    wait_for("the trace in a search", SEARCHABLE_S, lambda: _is_found(sys.argv[1], query, trace_id))
    wait_for("the service in the graph", GRAPH_S, lambda: _is_in_graph(sys.argv[1]))
    print(f"found, and in the graph {time.monotonic() - posted_at:.0f} s after the post")
