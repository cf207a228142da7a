"""What Jaeger UI up to 2.18 and Grafana's Jaeger data source ask of the first API, field by field."""

import dataclasses
import gzip
import json
from urllib.parse import quote, urlencode

import pytest

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.errors import StoreError
from chalicelib.model.span import Kind, Resource, Span
from tests.clocks import NOON_NS
from tests.end_to_end.backend import PROTOBUF, Gateway
from tests.recording import BrokenStore
from tests.routes.jaeger.asking import HOSTILE, MS, SHOP, deployment_of, trace_of

NOON_US = NOON_NS // 1000
FAILED = trace_of(0xA, status_code=2, status_message="no funds")
LATER = trace_of(0xB, start_ns=NOON_NS + 1000 * MS)
ODD = trace_of(
    (7 << 64) + 0xC,
    name=HOSTILE,
    resource=Resource(attributes={"service.name": HOSTILE}),
    attributes={HOSTILE: HOSTILE},
)


@pytest.fixture(scope="module")
def asked():
    return deployment_of(FAILED, LATER, ODD)


@pytest.fixture(scope="module")
def empty():
    return deployment_of()


def envelope(data, total=0, errors=None):
    return {"data": data, "total": total, "limit": 0, "offset": 0, "errors": errors}


def found(deployment, **parameters):
    window = {"start": NOON_US - 1_000_000, "end": NOON_US + 9_000_000}
    reply = deployment.get("/jaeger/api/traces?" + urlencode(window | parameters, doseq=True))
    assert reply.status == 200, reply
    assert reply.json()["errors"] is None
    return [trace["traceID"] for trace in reply.json()["data"]]


def refused(deployment, path, status=400, method="GET"):
    reply = deployment.ask(method, path, {}, b"" if method == "POST" else None)
    assert (reply.status, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert reply.body.endswith(b"\n")
    told = json.loads(reply.body)
    [problem] = told["errors"]
    assert told == envelope(None, errors=[problem])
    assert problem["code"] == status
    return problem["msg"]


def test_services_are_in_an_envelope_with_their_number(asked):
    assert asked.get("/jaeger/api/services").json() == envelope(sorted([HOSTILE, "shop", "web"]), 3)


def test_operations_are_names_or_names_with_kinds(asked):
    assert asked.get("/jaeger/api/services/shop/operations").json() == envelope(["GET /"], 1)
    told = [{"name": "GET /", "spanKind": "server"}]
    assert asked.get("/jaeger/api/operations?service=shop").json() == envelope(told, 1)
    assert asked.get("/jaeger/api/operations?service=shop&spanKind=server").json() == envelope(told, 1)
    assert asked.get("/jaeger/api/operations?service=shop&spanKind=client").json() == envelope([])


def test_the_operations_of_a_service_whose_name_is_hostile_are_found(asked):
    path = f"/jaeger/api/services/{quote(HOSTILE, safe='')}/operations"
    assert asked.get(path).json()["data"] == [HOSTILE]


@pytest.mark.parametrize("path", ["/services", "/services/x/operations", "/operations?service=x", "/traces?service=x"])
def test_nothing_is_an_empty_list_and_never_null(empty, path):
    assert empty.get("/jaeger/api" + path).json() == envelope([])


def test_a_trace_is_a_list_of_one_with_every_field(asked):
    reply = asked.get(f"/jaeger/api/traces/a?start={NOON_US}&end={NOON_US}")
    [trace] = reply.json()["data"]
    assert reply.json() == envelope([trace])
    assert trace["processes"] == {
        "p1": {"serviceName": "web", "tags": []},
        "p2": {"serviceName": "shop", "tags": [{"key": "zone", "type": "string", "value": "a"}]},
    }
    assert trace["spans"][1] == {
        "traceID": "000000000000000a",
        "spanID": "0000000000000002",
        "operationName": "GET /",
        "references": [{"refType": "CHILD_OF", "traceID": "000000000000000a", "spanID": "0000000000000001"}],
        "startTime": NOON_US + 1000,
        "duration": 29_000,
        "tags": [
            {"key": "span.kind", "type": "string", "value": "server"},
            {"key": "otel.status_code", "type": "string", "value": "ERROR"},
            {"key": "error", "type": "bool", "value": True},
            {"key": "otel.status_description", "type": "string", "value": "no funds"},
        ],
        "logs": [],
        "processID": "p2",
        "warnings": None,
    }


@pytest.mark.parametrize(
    "trace_id", ["A", "a", "0" * 31 + "a", "0" * 15 + "a", "AAAAAAAAAAo=", "AAAAAAAAAAAAAAAAAAAACg"]
)
def test_a_trace_id_may_be_written_in_every_way_that_jaeger_reads(asked, trace_id):
    assert asked.get(f"/jaeger/api/traces/{trace_id}").json()["data"][0]["traceID"] == "000000000000000a"


def test_an_id_of_128_bits_has_32_digits_and_its_low_half_is_another_trace(asked):
    wide = f"{7:016x}{0xC:016x}"
    assert asked.get(f"/jaeger/api/traces/{wide}").json()["data"][0]["traceID"] == wide
    assert refused(asked, "/jaeger/api/traces/c", 404) == "trace not found"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/traces", "parameter 'service' is required"),
        ("/traces?service=", "parameter 'service' is required"),
        ("/traces?service=x&start=soon", "unable to parse param 'start': strconv.ParseInt: parsing \"soon\""),
        ("/traces?service=x&end=1.5", "unable to parse param 'end'"),
        ("/traces?service=x&limit=x", "unable to parse param 'limit'"),
        ("/traces?service=x&limit=0", "limit must be greater than zero"),
        ("/traces?service=x&minDuration=5", "unable to parse param 'minDuration': time: invalid duration \"5\""),
        ("/traces?service=x&minDuration=2s&maxDuration=1s", "'maxDuration' should be greater than 'minDuration'"),
        ("/traces?service=x&tag=nocolon", "malformed 'tag' parameter, expecting key:value, received: nocolon"),
        ("/traces?service=x&tags=%7B", "malformed 'tags' parameter, cannot unmarshal JSON: "),
        ("/traces?service=x&tags=%7B%22a%22:1%7D", "malformed 'tags' parameter, cannot unmarshal JSON: "),
        ("/traces?service=x&raw=maybe", "unable to parse param 'raw': strconv.ParseBool"),
        ("/traces?traceID=xyz", "unable to parse param 'traceID'"),
        ("/traces/xyz", "unable to parse param 'traceID'"),
        ("/traces/" + "1" * 33, "unable to parse param 'traceID'"),
        ("/traces/0", "unable to parse param 'traceID'"),
        ("/operations", "parameter 'service' is required"),
        ("/metrics/calls", "unable to parse param 'service'"),
        ("/metrics/latencies?service=x", "unable to parse param 'quantile'"),
        ("/metrics/latencies?service=x&quantile=2", "unable to parse param 'quantile'"),
        ("/metrics/calls?service=x&spanKind=odd", "unable to parse param 'spanKind': unsupported span kind: 'odd'"),
        ("/metrics/calls?service=x&step=0", "unable to parse param 'step'"),
        ("/metrics/calls?service=x&groupByOperation=x", "unable to parse param 'groupByOperation'"),
        ("/metrics/calls?service=x&lookback=999999999999", "more than 2000 steps"),
    ],
)
def test_what_cannot_be_asked_is_400_in_the_envelope(asked, path, said):
    assert refused(asked, "/jaeger/api" + path).startswith(said)


def test_other_errors_are_in_the_envelope_too(asked, broken):
    assert refused(asked, "/jaeger/api/traces/f", 404) == "trace not found"
    assert refused(asked, "/jaeger/api/archive/f", 404, "POST") == "trace not found"
    assert "no metric 'minstep'" in refused(asked, "/jaeger/api/metrics/minstep", 404)
    assert refused(asked, "/jaeger/api/services", 405, "POST")
    assert refused(broken, "/jaeger/api/traces/a", 503)


@pytest.fixture(scope="module")
def broken():
    deployment = deployment_of()
    return Gateway(dataclasses.replace(deployment.services, blocks=BrokenStore(StoreError("away"))), deployment.clock)


def test_search_finds_by_service_operation_duration_and_tags(asked):
    assert found(asked, service="shop") == ["000000000000000b", "000000000000000a"]
    assert len(found(asked, service="web", limit=1)) == 1
    assert found(asked, service="shop", tags='{"error":"true"}') == ["000000000000000a"]
    assert found(asked, service="shop", tag=["error:false", "span.kind:server"]) == ["000000000000000b"]
    assert found(asked, service="shop", minDuration="29ms", maxDuration="29ms") != []
    assert found(asked, service="shop", minDuration="29.001ms") == []
    assert found(asked, service=HOSTILE, operation=HOSTILE, tags=json.dumps({HOSTILE: HOSTILE})) != []


def test_one_span_has_to_meet_all_conditions(asked):
    assert found(asked, service="web", tags='{"error":"true"}') == []
    assert found(asked, service="web", operation="GET /") == []


def test_parameters_that_only_the_ui_understands_are_passed_over(asked):
    assert found(asked, service="shop", lookback="1h", maxDuration="", minDuration="", operation="") != []


def test_a_search_says_no_time_and_means_the_last_two_days(asked):
    found_now = asked.get("/jaeger/api/traces?service=web").json()["data"]
    assert [trace["traceID"] for trace in found_now] == [f"{7:016x}{0xC:016x}", "000000000000000a"], "b is yet to begin"


def test_several_ids_are_answered_together_and_missing_ones_named(asked):
    reply = asked.get("/jaeger/api/traces?traceID=b&traceID=ff&traceID=a&traceID=b")
    assert [trace["traceID"] for trace in reply.json()["data"]] == ["000000000000000b", "000000000000000a"]
    assert reply.json()["errors"] == [{"msg": "trace not found", "traceID": "00000000000000ff"}]


def test_an_answer_is_indented_and_packed_for_whoever_asks(asked):
    reply = asked.get("/jaeger/api/services?prettyPrint=true")
    assert b'\n    "data": [\n' in reply.body
    assert b"\n" not in asked.get("/jaeger/api/services?prettyPrint=false").body
    zipped = asked.ask("GET", "/jaeger/api/traces?service=web", {"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(zipped.body))["errors"] is None


def test_a_trace_is_adjusted_unless_it_is_wanted_raw():
    client = trace_of(1)[0]
    shared = Span(
        trace_id=client.trace_id, span_id=client.span_id, name="get", kind=Kind.SERVER, start_ns=client.start_ns + 1,
        end_ns=client.end_ns - 1, attributes={"ip": 1, "b": 2, "a": 3}, resource=SHOP,
    )  # fmt: skip
    deployment = deployment_of([client, shared])

    def server(query):
        [trace] = deployment.get(f"/jaeger/api/traces/1{query}").json()["data"]
        return trace["spans"][1]

    assert server("?raw=true")["spanID"] == client.span_id
    assert server("")["spanID"] == "0" * 15 + "2"
    assert server("")["references"][0]["spanID"] == client.span_id
    assert [(tag["key"], tag["value"]) for tag in server("")["tags"][:3]] == [("a", 3), ("b", 2), ("ip", "0.0.0.1")]


def test_an_answer_that_cannot_hold_all_traces_holds_the_newest_and_says_so():
    traces = [trace_of(n, start_ns=NOON_NS + n * MS, attributes={"pad": "x" * 8000}) for n in range(1, 9)]
    deployment = deployment_of(*traces, max_answer_bytes=60_000)
    reply = deployment.get(f"/jaeger/api/traces?service=shop&end={NOON_US + 10**6}")
    assert reply.status == 200
    kept = [int(trace["traceID"], 16) for trace in reply.json()["data"]]
    assert kept == list(range(8, 8 - len(kept), -1))
    assert 0 < len(kept) < 8
    assert reply.json()["errors"] == [{"msg": f"only {len(kept)} traces fit into the answer"}]
    by_ids = deployment.get("/jaeger/api/traces?" + "&".join(f"traceID={n}" for n in range(1, 9))).json()
    assert len(by_ids["data"]) + len(by_ids["errors"]) == 8
    assert {"msg": "left out of an answer that is full", "traceID": "0" * 15 + "8"} in by_ids["errors"]


def test_the_one_trace_that_no_answer_holds_is_an_error_in_words_and_leaves_room_for_others():
    deployment = deployment_of(trace_of(1, attributes={"pad": "x" * 60_000}), trace_of(2), max_answer_bytes=50_000)
    said = refused(deployment, "/jaeger/api/traces/1", 422)
    assert said == f"the trace is larger than one answer may be; /v1/traces/{1:032x} gives it in pages"
    reply = deployment.get(f"/jaeger/api/traces?service=shop&end={NOON_US + 10**6}").json()
    assert [trace["traceID"] for trace in reply["data"]] == ["0" * 15 + "2"]
    assert reply["errors"] == [{"msg": said, "traceID": "0" * 15 + "1"}]


def test_a_trace_of_50_000_spans_can_be_read():
    root = trace_of(1)[0]
    spans = [
        Span(trace_id=root.trace_id, span_id=f"{n:016x}", parent_id=root.span_id if n > 1 else None,
             name=f"op {n % 50}", start_ns=NOON_NS + n * 1000, end_ns=NOON_NS + n * 1000 + 900,
             resource=SHOP, attributes={"n": n})
        for n in range(1, 50_001)
    ]  # fmt: skip
    deployment = deployment_of()
    for start in range(0, len(spans), 25_000):
        body = from_spans(spans[start : start + 25_000]).SerializeToString()
        assert deployment.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, body).status == 200
    reply = deployment.ask("GET", "/jaeger/api/traces/1", {"Accept-Encoding": "gzip"})
    assert reply.status == 200
    [trace] = json.loads(gzip.decompress(reply.body))["data"]
    assert len(trace["spans"]) == 50_000


def test_a_file_of_otlp_json_or_of_jaegers_own_is_shown_and_not_kept(asked):
    saved = asked.get("/jaeger/api/traces/a?raw=true")
    again = asked.ask("POST", "/jaeger/api/transform", {}, saved.body).json()
    assert again == asked.get("/jaeger/api/traces/a").json() | {"data": again["data"]}
    assert [span["spanID"] for span in again["data"][0]["spans"]] == ["0" * 15 + "1", "0" * 15 + "2"]
    otlp = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032d","spanId":"%016d","name":"op"}]}]}]}' % (5, 6)
    [trace] = asked.ask("POST", "/jaeger/api/transform", {}, otlp).json()["data"]
    assert (trace["traceID"], trace["spans"][0]["operationName"]) == ("0" * 15 + "5", "op")
    assert asked.get("/jaeger/api/traces/5").status == 404


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"data":[{}]}', b'{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}']
)
def test_a_file_that_cannot_be_read_is_400(asked, body):
    reply = asked.ask("POST", "/jaeger/api/transform", {}, body)
    assert (reply.status, json.loads(reply.body)["errors"][0]["code"]) == (400, 400)
