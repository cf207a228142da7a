"""The native API as it is spoken: parameters, answers, errors."""

import dataclasses
import gzip
import json
import subprocess
import sys
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.local.server import serve
from chalicelib.model.access import Scope
from chalicelib.model.errors import QueryError
from chalicelib.routes import gateway
from chalicelib.routes.native.parameters import duration, moment
from chalicelib.settings import Settings
from tests.actors import FRONTEND, MS, NOON_NS, TRACE_ID, failure, span
from tests.clocks import Clock
from tests.http_client import HttpClient
from tests.views.pipeline import Pipeline

S = 1_000_000_000
NOON_S = NOON_NS // S


def told(*spans, **settings) -> Pipeline:
    """A pipeline at a quarter past noon that has these spans, sealed."""
    pipeline = Pipeline(clock=Clock(NOON_NS + S), settings=Settings(**settings))
    pipeline.deliver([pipeline.post([each]) for each in spans])
    pipeline.settle(900)
    return pipeline


def order():
    gateway_span = span("POST /orders", at=(0, 900), resource=FRONTEND, kind=2)
    attributes = {"http.route": "/orders/{id}", "a/b c": "slashed"}
    return gateway_span, span("charge", parent=gateway_span, kind=2, attributes=attributes, **failure())


@pytest.fixture(scope="module")
def client():
    with serve(gateway.create(told(*order()).services), log=lambda _line: None) as url:
        yield HttpClient(url)


def get(client, path, **query):
    return client.get(f"{path}?{urlencode(query)}")


def test_a_search_finds_a_trace_by_any_attribute(client):
    reply = get(client, "/v1/search", q='{ span.http.route = "/orders/{id}" }')
    assert reply.status == 200
    answer = reply.json()
    [found] = answer["traces"]
    assert found["traceId"] == TRACE_ID
    assert found["startTimeUnixNano"] == str(NOON_NS)
    assert found["services"][0] == {"service": "checkout", "spanCount": 1, "errorCount": 1}
    assert found["spanSets"][0]["spans"][0]["fields"] == [{"key": "http.route", "value": "/orders/{id}"}]
    assert answer["scanned"]["candidates"] == 1
    assert answer.keys() == {"traces", "scanned"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 1),
        ({"start": NOON_S, "end": NOON_S + 1}, 1),
        ({"start": f"{NOON_S}.000000001", "end": NOON_S + 1}, 0),
        ({"start": "2026-06-21T12:00:00Z", "end": "2026-06-21T14:00:01.5+02:00"}, 1),
        ({"start": NOON_S - 10, "end": NOON_S}, 0),
        ({"end": NOON_S + 3600}, 1),
        ({"end": NOON_S + 3601}, 0),
    ],
)
def test_a_range_is_exact_to_the_nanosecond(client, query, count):
    assert len(get(client, "/v1/search", **query).json()["traces"]) == count


def test_a_faulty_query_is_told_where(client):
    reply = get(client, "/v1/search", q="{ status =\n = error }")
    assert reply.status == 400
    error = reply.json()["error"]
    assert (error["code"], error["line"], error["column"]) == ("queryError", 2, 2)


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/v1/search", {"start": "yesterday"}, "start"),
        ("/v1/search", {"start": "2026-02-30T00:00:00Z"}, "start"),
        ("/v1/search", {"start": "1782043200000000000"}, "start"),
        ("/v1/search", {"start": 10, "end": 10}, "range"),
        ("/v1/search", {"limit": 0}, "limit"),
        ("/v1/search", {"limit": "many"}, "limit"),
        ("/v1/search", {"spss": 101}, "spss"),
        ("/v1/search", {"cursor": "nonsense"}, "cursor"),
        ("/v1/search", {"q": "{ } | rate()"}, "metrics"),
        ("/v1/metrics", {"step": 61}, "step"),
        ("/v1/metrics", {"step": 0}, "step"),
        ("/v1/metrics", {"kind": "server,nobody"}, "nobody"),
        ("/v1/metrics", {"by": "color"}, "color"),
        ("/v1/metrics/query", {}, "'q'"),
        ("/v1/metrics/query", {"q": "{ }"}, "search"),
        ("/v1/metrics/query", {"q": "{ } | rate()", "step": "0s"}, "step"),
        ("/v1/metrics/query", {"q": "{ } | rate()", "step": "5 parsecs"}, "step"),
        ("/v1/metrics/query", {"q": "{ } | rate()", "instant": "maybe"}, "instant"),
        ("/v1/attributes", {"scope": "galaxy"}, "galaxy"),
        ("/v1/attributes/x/values", {"limit": 1001}, "limit"),
        ("/v1/services", {"start": 5, "end": 4}, "range"),
        (f"/v1/traces/{TRACE_ID[16:]}/links", {}, "32"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(client, path, query, named):
    reply = get(client, path, **query)
    assert reply.status == 400
    assert reply.json()["error"]["code"] == "queryError"
    assert named in reply.json()["error"]["message"]


def test_links_of_no_trace_are_404(client):
    assert get(client, f"/v1/traces/{'f' * 32}/links").status == 404


def test_services_operations_and_the_graph_are_told(client):
    assert [each["service"] for each in get(client, "/v1/services").json()["services"]] == ["checkout", "frontend"]
    [operation] = get(client, "/v1/services/checkout/operations").json()["operations"]
    assert (operation["operation"], operation["kind"]) == ("charge", "server")
    assert operation["red"]["errors"] == 1
    graph = get(client, "/v1/graph").json()
    assert ("service:frontend", "service:checkout") in [(each["client"], each["server"]) for each in graph["edges"]]


def test_red_and_traceql_metrics_are_told(client):
    series = get(client, "/v1/metrics", by="service", step=3600).json()["series"]
    assert [each["service"] for each in series] == ["checkout", "frontend"]
    answer = get(client, "/v1/metrics/query", q="{ } | count_over_time() by(name)", step="1h").json()
    assert answer["stepNs"] == 3600 * S
    assert [(each["labels"][0]["value"], [v for _, v in each["samples"] if v]) for each in answer["series"]] == [
        ("POST /orders", [1]),
        ("charge", [1]),
    ]
    instant = get(client, "/v1/metrics/query", q="{ } | count_over_time()", instant="true").json()
    assert [len(each["samples"]) for each in instant["series"]] == [1]
    assert "stepNs" not in instant


@pytest.mark.parametrize(("key", "value"), [("http.route", "/orders/{id}"), ("a/b c", "slashed")])
def test_an_attributes_key_may_hold_any_signs(client, key, value):
    answer = client.get(f"/v1/attributes/{quote(key, safe='')}/values").json()
    assert [(each["scope"], each["type"], each["value"]) for each in answer["values"]] == [("span", "string", value)]
    assert ("span", key) in {(each["scope"], each["key"]) for each in client.get("/v1/attributes").json()["attributes"]}


def test_a_large_answer_is_packed_for_whoever_takes_it(client):
    plain = client.get("/v1/openapi.json")
    search = "/v1/search?" + urlencode({"q": "{ } | select(span.http.route)"})
    spans = [span(f"s{n}", trace_id=f"{n:032x}") for n in range(1, 20)]
    assert plain.status == 200
    with serve(gateway.create(told(*spans).services), log=lambda _line: None) as url:
        many = HttpClient(url)
        packed = many.get(search, {"Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == many.get(search).body


def test_an_answer_past_what_may_be_returned_comes_in_pages():
    spans = [span(f"s{n}", trace_id=f"{n:032x}", at=(n, n + 1)) for n in range(1, 40)]
    with serve(gateway.create(told(*spans, max_answer_bytes=8_000).services), log=lambda _line: None) as url:
        client = HttpClient(url)
        reply = get(client, "/v1/search", limit=100)
        found = reply.json()["traces"]
        while "cursor" in reply.json():
            assert len(reply.body) <= 8_000
            reply = get(client, "/v1/search", limit=100, cursor=reply.json()["cursor"])
            found += reply.json()["traces"]
        assert [int(each["traceId"], 16) for each in found] == list(range(39, 0, -1))


def test_finding_needs_a_key_that_was_made_for_reading(client_of, services, key_gate, key_for):
    client = client_of(dataclasses.replace(services, gate=key_gate))
    assert client.get("/v1/search").status == 401
    assert client.get("/v1/search", {"x-api-key": key_for(Scope.INGEST)}).status == 403
    assert client.get("/v1/search", {"x-api-key": key_for(Scope.READ)}).status == 200


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**9 - 1))
def test_a_moment_in_seconds_is_read_exactly(seconds, fraction_ns):
    assert moment("start")(f"{seconds}.{fraction_ns:09d}") == seconds * S + fraction_ns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-21T12:00:00Z", NOON_NS),
        ("2026-06-21t12:00:00.123456789z", NOON_NS + 123_456_789),
        ("2026-06-21T13:30:00+01:30", NOON_NS),
        ("2026-06-21T13:30:00 01:30", NOON_NS),  # an unescaped plus
        ("2026-06-21T12:00:00.5-00:00", NOON_NS + 500 * MS),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_a_moment_of_rfc_3339_is_read_exactly(text, expected):
    assert moment("start")(text) == expected


@pytest.mark.parametrize(
    "text", ["1969-12-31T23:59:59Z", "2026-06-21", "2026-06-21T12:00:00", "-1", "1e9", "٣", "12:00"]
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(QueryError, match="start="):
        moment("start")(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("60", 60 * S), ("1.5s", 1_500 * MS), ("5m", 300 * S), ("50ms", 50 * MS), ("1d", 86_400 * S)]
)
def test_a_step_is_seconds_or_has_a_unit(text, expected):
    assert duration("step")(text) == expected


def test_taking_spans_and_the_table_of_endpoints_load_nothing_of_the_read_path():
    asked = "import sys, json; import chalicelib.routes.gateway; print(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)  # noqa: S603
    late = ("chalicelib.search", "chalicelib.rollups", "chalicelib.query.", "chalicelib.routes.native.", "concurrent")
    assert [name for name in json.loads(ended.stdout) if name.startswith(late)] == []
