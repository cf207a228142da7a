"""A deployment that holds a few traces, to ask it what Jaeger's UIs and Grafana ask."""

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.span import Kind, Resource, Span
from chalicelib.settings import Settings
from tests.clocks import NOON_NS
from tests.end_to_end.backend import PROTOBUF
from tests.end_to_end.deployment import Deployment

MS, MINUTE_NS = 1_000_000, 60_000_000_000
WEB, SHOP = Resource(attributes={"service.name": "web"}), Resource(attributes={"service.name": "shop", "zone": "a"})
HOSTILE = 'a/b "c" <é> %2F'


def trace_of(number, *, start_ns=NOON_NS, name="GET /", resource=SHOP, status_code=0, **fields):
    """Two spans: web calls shop."""
    trace_id = f"{number:032x}"
    root = Span(
        trace_id=trace_id, span_id="0" * 15 + "1", name="get", kind=Kind.CLIENT, start_ns=start_ns,
        end_ns=start_ns + 40 * MS, resource=WEB,
    )  # fmt: skip
    child = Span(
        trace_id=trace_id, span_id="0" * 15 + "2", parent_id=root.span_id, name=name, kind=Kind.SERVER,
        start_ns=start_ns + MS, end_ns=start_ns + 30 * MS, resource=resource, status_code=status_code, **fields,
    )  # fmt: skip
    return [root, child]


def deployment_of(*traces, **settings):
    """A deployment that was sent these at noon and whose indexer has seen them."""
    deployment = Deployment(1, Settings(**settings))
    for spans in traces:
        body = from_spans(spans).SerializeToString()
        assert deployment.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, body).status == 200
    deployment.deliver()
    return deployment
