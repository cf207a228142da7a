"""What Zipkin Lens (3.6: zipkin-lens/src/constants/api.ts and slices) and Grafana's Zipkin data source
(pkg/tsdb/zipkin, which reads with zipkin-go) ask for, field by field.

Both ask below `/zipkin`; both show nothing but an error for what is not JSON of the shape that they know.
"""

import gzip
import json
import re
from urllib.parse import quote, quote_plus, urlencode

import pytest

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.errors import StoreError
from chalicelib.model.span import Kind, Resource, Span
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryViewStore
from tests.clocks import NOON_NS, Clock
from tests.end_to_end.backend import PROTOBUF, Gateway
from tests.end_to_end.deployment import Deployment
from tests.in_memory import services_in_memory
from tests.recording import BrokenStore

NOON_US = NOON_NS // 1000
JSON = {"Content-Type": "application/json"}
TEXT = "text/plain; charset=utf-8"
KEPT = "max-age=300, must-revalidate"
FIFTEEN_MINUTES_MS = 15 * 60_000  # Lens asks for as much until it is told otherwise
HOSTILE = "i\u0307/b \"c\" '<script>' <é> %2f +&=#? \\ 日本 \u2028 and x=y"

CALL = {
    "traceId": "00000000000000aa00000000000000a1",
    "id": "00000000000000a1",
    "kind": "CLIENT",
    "name": "get",
    "timestamp": NOON_US,
    "duration": 40_000,
    "localEndpoint": {"serviceName": "web", "ipv4": "10.0.0.1", "port": 8080},
    "remoteEndpoint": {"serviceName": "shop"},
    "annotations": [{"timestamp": NOON_US + 5, "value": "retry"}],
    "tags": {"env": "prod", "http.path": "/cart"},
}
SERVED = {
    "traceId": CALL["traceId"],
    "parentId": CALL["id"],
    "id": "00000000000000a2",
    "kind": "SERVER",
    "name": "get /cart",
    "timestamp": NOON_US + 1000,
    "duration": 30_000,
    "localEndpoint": {"serviceName": "shop", "ipv6": "2001:db8::1"},
    "tags": {"env": "test", "error": "no funds"},
}
LATER = {
    "traceId": "00000000000000b1",
    "id": "00000000000000b1",
    "name": "tick",
    "timestamp": NOON_US + 1_000_000,
    "localEndpoint": {"serviceName": "web"},
}
ODD = {
    "traceId": "00000000000000c1",
    "id": "00000000000000c1",
    "kind": "CLIENT",
    "name": HOSTILE,
    "timestamp": NOON_US + 2_000_000,
    "duration": 1,
    "localEndpoint": {"serviceName": HOSTILE},
    "remoteEndpoint": {"serviceName": HOSTILE},
    "annotations": [{"timestamp": NOON_US, "value": "</script>"}],
    "tags": {HOSTILE: HOSTILE, "env": HOSTILE},
}
TRACES = [[ODD], [LATER], [CALL, SERVED]]  # newest first, as they are answered


@pytest.fixture(scope="module")
def asked():
    """A deployment that was sent these at noon, nine minutes later."""
    deployment = Deployment(1, Settings(autocomplete_keys=("env", "region")))
    body = json.dumps([span for spans in TRACES for span in spans]).encode()
    assert deployment.ask("POST", "/zipkin/api/v2/spans", JSON, body).status == 202
    deployment.deliver()
    deployment.settle()
    return deployment


@pytest.fixture(scope="module")
def empty():
    return Deployment(1, Settings(autocomplete_keys=("env",)))


def ask(deployment, path, **parameters):
    """As a browser or Go writes it: spaces are `+`."""
    return deployment.get(f"/zipkin{path}" + (f"?{urlencode(parameters)}" if parameters else ""))


def told(deployment, path, **parameters):
    reply = ask(deployment, path, **parameters)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json"), reply
    return reply.json()


def search(deployment, **parameters):
    """What Lens asks with its button."""
    window = {"endTs": deployment.clock.at_ns // 1_000_000, "lookback": FIFTEEN_MINUTES_MS, "limit": 10}
    return told(deployment, "/api/v2/traces", **(window | parameters))


def in_order(trace):
    return sorted(trace, key=lambda span: span["id"])


def test_lens_finds_its_configuration_and_every_field_that_it_reads(empty):
    assert told(empty, "/config.json") == {
        "environment": "",
        "queryLimit": 10,
        "defaultLookback": FIFTEEN_MINUTES_MS,
        "searchEnabled": True,
        "dependency": {"enabled": True, "lowErrorRate": 0.5, "highErrorRate": 0.75},
    }


@pytest.mark.parametrize(
    ("path", "parameters", "names"),
    [
        ("services", {}, [HOSTILE, "shop", "web"]),
        ("spans", {"serviceName": "web"}, ["get", "tick"]),
        ("spans", {"serviceName": "WEB"}, ["get", "tick"]),
        ("spans", {"serviceName": HOSTILE}, [HOSTILE]),
        ("spans", {"serviceName": "nobody"}, []),
        ("remoteServices", {"serviceName": "web"}, ["shop"]),
        ("remoteServices", {"serviceName": HOSTILE}, [HOSTILE]),
        ("remoteServices", {"serviceName": "shop"}, []),
        ("autocompleteKeys", {}, ["env", "region"]),
        ("autocompleteValues", {"key": "env"}, [HOSTILE, "prod", "test"]),
        ("autocompleteValues", {"key": "region"}, []),
        ("autocompleteValues", {"key": HOSTILE}, []),
    ],
)
def test_the_search_page_is_offered_names_in_order(asked, path, parameters, names):
    assert told(asked, f"/api/v2/{path}", **parameters) == sorted(names)


def test_names_that_settle_may_be_kept_by_the_browser_and_few_may_not(asked):
    assert ask(asked, "/api/v2/autocompleteKeys").headers["cache-control"] == KEPT
    assert ask(asked, "/api/v2/services").headers["cache-control"] == "no-store"


def test_a_search_gives_whole_traces_the_newest_first_with_every_field_as_it_was_sent(asked):
    assert [in_order(trace) for trace in search(asked)] == TRACES


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"serviceName": "web"}, [LATER, CALL]),
        ({"serviceName": "web", "spanName": "all"}, [LATER, CALL]),
        ({"serviceName": "web", "spanName": "GET"}, [CALL]),
        ({"serviceName": "web", "remoteServiceName": "shop"}, [CALL]),
        ({"serviceName": "shop", "annotationQuery": "error"}, [CALL]),
        ({"annotationQuery": "error=no funds and retry and http.path=/cart"}, [CALL]),
        ({"serviceName": "web", "annotationQuery": "error"}, []),
        ({"minDuration": 40_000}, [CALL]),
        ({"minDuration": 1, "maxDuration": 1}, [ODD]),
        ({"minDuration": 40_001}, []),
        ({"limit": 1}, [ODD]),
        ({"serviceName": HOSTILE, "spanName": HOSTILE, "remoteServiceName": HOSTILE}, [ODD]),
        ({"annotationQuery": "</script>"}, [ODD]),
        ({"serviceName": "nobody"}, []),
        ({"serviceName": HOSTILE + '" || true || "'}, []),
        ({"lookback": 1}, []),
    ],
)
def test_every_condition_of_the_search_page_finds_what_it_says(asked, parameters, found):
    traces = search(asked, **parameters)
    assert [min(span["traceId"] for span in trace) for trace in traces] == [span["traceId"] for span in found]


@pytest.mark.parametrize("spans", TRACES)
def test_the_trace_page_gets_every_span_with_every_field_as_it_was_sent(asked, spans):
    assert in_order(told(asked, f"/api/v2/trace/{spans[0]['traceId']}")) == spans


def test_the_dependency_page_gets_links_with_or_without_saying_how_far_back(asked):
    links = [{"parent": "web", "child": "shop", "callCount": 1, "errorCount": 1}]
    odd = [{"parent": HOSTILE, "child": HOSTILE, "callCount": 1}]
    end_ts = asked.clock.at_ns // 1_000_000
    for parameters in ({"endTs": end_ts}, {"endTs": end_ts, "lookback": FIFTEEN_MINUTES_MS}):
        found = told(asked, "/api/v2/dependencies", **parameters)
        assert sorted(found, key=lambda link: link["parent"]) == sorted(links + odd, key=lambda link: link["parent"])


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("services", []),
        ("spans?serviceName=web", []),
        ("spans", []),
        ("remoteServices?serviceName=web", []),
        ("traces", []),
        ("traces?serviceName=web&spanName=get&limit=10&lookback=900000", []),
        ("traceMany?traceIds=a,b", []),
        (f"dependencies?endTs={NOON_US // 1000}", []),
        ("autocompleteKeys", ["env"]),
        ("autocompleteValues?key=env", []),
    ],
)
def test_a_deployment_that_was_sent_nothing_answers_lists(empty, path, answer):
    assert told(empty, f"/api/v2/{path}") == answer


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("trace/abc", 404, "0000000000000abc not found"),
        ("trace/nonsense", 400, "should be lower-hex"),
        (f"trace/{quote(HOSTILE, safe='')}", 400, "is longer than 32 digits"),
        ("trace/%3Cb%3E", 400, "'<b>' should be lower-hex"),
        ("trace/" + "a" * 33, 400, "a" * 33),
        ("traces?limit=0", 400, "limit <= 0"),
        ("traces?endTs=tomorrow", 400, "endTs 'tomorrow' is not a number"),
        ("traces?lookback=-1", 400, "lookback <= 0"),
        ("traces?maxDuration=5", 400, "maxDuration is only valid with minDuration"),
        ("traces?minDuration=5&maxDuration=4", 400, "maxDuration < minDuration"),
        ("traceMany?traceIds=a", 400, "Use /api/v2/trace/{traceId} endpoint to retrieve a single trace"),
        ("dependencies", 400, "endTs is required"),
        ("autocompleteValues", 400, "key was empty"),
    ],
)
def test_what_cannot_be_asked_is_a_line_of_text_in_zipkins_words(asked, path, status, said):
    reply = asked.get(f"/zipkin/api/v2/{path}")
    assert (reply.status, reply.headers["content-type"]) == (status, TEXT)
    assert said in reply.body.decode()


class Away(MemoryViewStore):
    def read(self, *_arguments, **_more):
        raise StoreError("away")


@pytest.mark.parametrize(
    "path",
    [
        "services",
        "spans?serviceName=a",
        "traces",
        "trace/a",
        f"dependencies?endTs={NOON_US // 1000}",
        "autocompleteValues?key=env",
    ],
)
def test_a_store_that_is_away_is_503_in_a_line_of_text(path):
    clock = Clock()
    parts = {"blocks": BrokenStore(StoreError("away")), "views": Away(clock.now_ns), "now_ns": clock.now_ns}
    away = Gateway(services_in_memory(settings=Settings(autocomplete_keys=("env",)), **parts), clock)
    reply = away.get(f"/zipkin/api/v2/{path}")
    assert (reply.status, reply.headers["content-type"], reply.headers["retry-after"]) == (503, TEXT, "1")


@pytest.fixture(scope="module")
def huge():
    """A trace of 50,000 spans, and a small one a second before it."""
    deployment = Deployment(1, Settings())
    resource = Resource(attributes={"service.name": "shop"})
    spans = [
        Span(
            trace_id=f"{7:032x}", span_id=f"{n:016x}", parent_id=f"{1:016x}" if n > 1 else None, name=f"op {n % 50}",
            kind=Kind.SERVER, start_ns=NOON_NS + n * 1000, end_ns=NOON_NS + n * 1000 + 9000, resource=resource,
            attributes={"n": n},
        )
        for n in range(1, 50_001)
    ]  # fmt: skip
    small = Span(
        trace_id=f"{8:032x}", span_id=f"{1:016x}", name="small", start_ns=NOON_NS - 10**9, end_ns=NOON_NS,
        resource=resource,
    )  # fmt: skip
    for part in (spans[:25_000], spans[25_000:], [small]):
        body = from_spans(part).SerializeToString()
        assert deployment.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, body).status == 200
    deployment.deliver()
    return deployment


def test_a_trace_of_50_000_spans_is_shown_to_a_browser(huge):
    reply = huge.get("/zipkin/api/v2/trace/7", **{"Accept-Encoding": "gzip, deflate, br"})
    assert (reply.status, reply.headers["content-encoding"]) == (200, "gzip")
    assert len(reply.body) < Settings().max_answer_bytes
    spans = json.loads(gzip.decompress(reply.body))
    assert {span["id"] for span in spans} == {f"{n:016x}" for n in range(1, 50_001)}


def test_a_reader_without_gzip_is_told_that_it_needs_it_and_still_finds_what_is_smaller(huge):
    reply = huge.get("/zipkin/api/v2/trace/7")
    assert (reply.status, reply.headers["content-type"]) == (422, TEXT)
    assert b"accept gzip" in reply.body
    assert [trace[0]["name"] for trace in search(huge, spanName="small")] == ["small"]


def test_a_search_that_finds_a_huge_trace_says_that_others_did_not_fit(huge):
    window = {"endTs": huge.clock.at_ns // 1_000_000 + 60_000, "lookback": FIFTEEN_MINUTES_MS}
    reply = huge.get(f"/zipkin/api/v2/traces?{urlencode(window)}", **{"Accept-Encoding": "gzip"})
    assert (reply.status, reply.headers["x-spanfold-partial"]) == (200, "only 1 traces fit into the answer")
    [trace] = json.loads(gzip.decompress(reply.body))
    assert len(trace) == 50_000


def as_zipkin_go(span):
    """The span, if zipkin-go's SpanModel reads it; for one that it does not, Grafana shows an error and no trace."""
    assert re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{32}", span["traceId"])
    assert re.fullmatch(r"[0-9a-f]{16}", span["id"])
    assert re.fullmatch(r"[0-9a-f]{16}", span.get("parentId", "0" * 16))
    assert span.get("kind", "CLIENT") in ("CLIENT", "SERVER", "PRODUCER", "CONSUMER")
    assert all(type(span.get(name, 1)) is int and span.get(name, 1) > 0 for name in ("timestamp", "duration"))
    assert all(isinstance(value, str) for value in span.get("tags", {}).values())
    assert all(one["timestamp"] and isinstance(one["value"], str) for one in span.get("annotations", []))
    return span


class TestGrafana:
    """The editor's cascade: services, the spans of one, traces of both; then a trace. Saving asks for services."""

    @pytest.fixture
    def get(self, asked):
        def get(path, **parameters):
            query = "&".join(f"{name}={quote_plus(value)}" for name, value in sorted(parameters.items()))
            reply = asked.get(f"/zipkin/api/v2/{path}{query and '?' + query}", **{"Accept-Encoding": "gzip"})
            packed = reply.headers.get("content-encoding") == "gzip"
            return reply.status, json.loads(gzip.decompress(reply.body) if packed else reply.body)

        return get

    @pytest.mark.parametrize("service", ["web", "shop", HOSTILE])
    def test_the_cascade_leads_from_every_service_to_its_traces(self, get, service):
        status, services = get("services")
        assert (status, service in services) == (200, True)
        _, names = get("spans", serviceName=service)
        assert names
        for name in names:
            status, traces = get("traces", serviceName=service, spanName=name)
            assert (status, bool(traces)) == (200, True)
            for trace in traces:
                assert all(map(as_zipkin_go, trace))
                [root] = [span for span in trace if "parentId" not in span]  # whose name the editor shows
                assert get(f"trace/{quote_plus(root['traceId'])}") == (200, trace)

    def test_a_trace_that_came_by_otlp_is_one_that_zipkin_go_reads(self, asked):
        span = Span(
            trace_id="f" * 32, span_id="e" * 16, name="", kind=Kind.INTERNAL, start_ns=NOON_NS, end_ns=NOON_NS + 1,
            attributes={"n": 1, "server.address": "db", "server.port": 70_000, "list": [1, None]},
        )  # fmt: skip
        body = from_spans([span]).SerializeToString()
        assert asked.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, body).status == 200
        assert all(map(as_zipkin_go, told(asked, "/api/v2/trace/" + "f" * 32)))
