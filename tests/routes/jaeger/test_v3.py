"""What Jaeger UI from 2.15, and programs, ask of API v3. The UI checks every answer against a schema."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.clocks import NOON_NS
from tests.routes.jaeger.asking import HOSTILE, MS, deployment_of, trace_of

FAILED = trace_of(0xA, status_code=2)
LATER = trace_of(0xB, start_ns=NOON_NS + 1000 * MS, name=HOSTILE)
RANGE = {"query.startTimeMin": "2026-01-01T11:59:00Z", "query.startTimeMax": "2026-01-01T12:01:00.000000001Z"}


class Operation(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    spanKind: str  # noqa: N815


class Service(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    spanCount: int  # noqa: N815
    errorSpanCount: int = 0  # noqa: N815


class Summary(msgspec.Struct, forbid_unknown_fields=True):
    traceId: str  # noqa: N815
    minStartTimeUnixNano: str  # noqa: N815
    maxEndTimeUnixNano: str  # noqa: N815
    spanCount: int  # noqa: N815
    services: list[Service]
    rootServiceName: str = ""  # noqa: N815
    rootOperationName: str = ""  # noqa: N815
    errorSpanCount: int = 0  # noqa: N815
    orphanSpanCount: int = 0  # noqa: N815


@pytest.fixture(scope="module")
def asked():
    return deployment_of(FAILED, LATER)


@pytest.fixture(scope="module")
def empty():
    return deployment_of()


def get(deployment, path, **parameters):
    return deployment.get(f"/jaeger/api/v3{path}?" + urlencode(parameters))


def summaries(deployment, **parameters):
    reply = get(deployment, "/trace-summaries", **RANGE, **parameters)
    assert reply.status == 200, reply
    told = msgspec.convert(reply.json(), dict[str, list[Summary]])["summaries"]
    assert all(re.fullmatch("[0-9a-f]{32}", one.traceId) for one in told)
    return told


def spans_in(reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply
    found = reply.json()["result"]["resourceSpans"]
    return [span for one in found for scope in one["scopeSpans"] for span in scope["spans"]]


def test_names_are_lists_also_where_there_are_none(asked, empty):
    assert get(asked, "/services").json() == {"services": ["shop", "web"]}
    told = get(asked, "/operations", service="shop").json()
    assert msgspec.convert(told, dict[str, list[Operation]])["operations"] == [
        Operation("GET /", "server"), Operation(HOSTILE, "server"),
    ]  # fmt: skip
    assert get(empty, "/services").json() == {"services": []}
    assert get(empty, "/operations", service="x").json() == {"operations": []}


@pytest.mark.parametrize("name", ["spanKind", "span_kind"])
def test_operations_of_a_kind_are_asked_for_in_either_spelling(asked, name):
    assert get(asked, "/operations", service="shop", **{name: "client"}).json() == {"operations": []}
    assert get(asked, "/operations", service="web", **{name: "client"}).json() == {
        "operations": [{"name": "get", "spanKind": "client"}]
    }


def test_summaries_are_of_whole_traces_the_newest_first(asked):
    later, failed = summaries(asked, **{"query.serviceName": "shop"})
    assert (later.traceId, failed.traceId) == (f"{0xB:032x}", f"{0xA:032x}")
    assert failed == Summary(
        traceId=f"{0xA:032x}",
        rootServiceName="web",
        rootOperationName="get",
        minStartTimeUnixNano=str(NOON_NS),
        maxEndTimeUnixNano=str(NOON_NS + 40 * MS),
        spanCount=2,
        errorSpanCount=1,
        services=[Service("shop", 1, 1), Service("web", 1)],
    )


def test_a_search_without_a_service_is_one_of_every_service(asked):
    assert len(summaries(asked)) == 2
    assert summaries(asked, **{"query.operationName": HOSTILE})[0].traceId == f"{0xB:032x}"


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ({"query.searchDepth": "1"}, 1),
        ({"query.search_depth": "1"}, 1),
        ({"query.num_traces": "1"}, 1),
        ({"query.attributes": '{"error":"true"}'}, 1),
        ({"query.attributes": '{"zone":"a","error":"false"}'}, 1),
        ({"query.durationMin": "40ms", "query.durationMax": "40ms"}, 2),
        ({"query.duration_min": "40.000001ms"}, 0),
        ({"query.service_name": "nobody"}, 0),
    ],
)
def test_every_parameter_counts_in_either_spelling(asked, names, number):
    assert len(summaries(asked, **names)) == number


def test_the_range_may_be_in_snake_case_and_has_both_ends_in_it(asked):
    window = {"query.start_time_min": "2026-01-01T12:00:00Z", "query.start_time_max": "2026-01-01T12:00:00.001Z"}
    assert len(get(asked, "/trace-summaries", **window).json()["summaries"]) == 1
    window["query.start_time_min"] = "2026-01-01T12:00:00.001Z"
    window["query.start_time_max"] = "2026-01-01T12:00:00.0010001Z"
    assert len(get(asked, "/trace-summaries", **window).json()["summaries"]) == 1, "the child begins at its start"


def test_several_traces_are_one_result_of_otlp_json(asked):
    spans = spans_in(get(asked, "/traces", **RANGE))
    assert {span["traceId"] for span in spans} == {f"{0xA:032x}", f"{0xB:032x}"}
    failed = next(span for span in spans if span.get("status"))
    assert (failed["kind"], failed["status"], failed["startTimeUnixNano"]) == (2, {"code": 2}, str(NOON_NS + MS))


@pytest.mark.parametrize("query", [{}, {"rawTraces": "true"}, {"raw_traces": "1", "startTime": "2026-01-01T00:00:00Z"}])
def test_a_trace_by_its_id_is_otlp_json(asked, query):
    assert len(spans_in(get(asked, "/traces/a", **query))) == 2


@pytest.mark.parametrize(
    ("path", "parameters", "said"),
    [
        ("/traces", {}, "query.startTimeMin and query.startTimeMax are required"),
        (
            "/trace-summaries",
            {"query.startTimeMin": "2026-01-01T00:00:00Z"},
            "query.startTimeMin and query.startTimeMax",
        ),
        ("/traces", RANGE | {"query.startTimeMin": "now"}, "malformed parameter query.startTimeMin: "),
        ("/traces", RANGE | {"query.startTimeMin": "2027-01-01T00:00:00Z"}, "query.startTimeMin must be before"),
        ("/traces", RANGE | {"query.durationMin": "5"}, "malformed parameter query.durationMin: "),
        ("/traces", RANGE | {"query.durationMin": "2s", "query.durationMax": "1s"}, "query.durationMax must be"),
        ("/traces", RANGE | {"query.searchDepth": "x"}, "malformed parameter query.searchDepth: "),
        ("/traces", RANGE | {"query.searchDepth": "-1"}, "query.searchDepth must be greater than zero"),
        ("/traces", RANGE | {"query.attributes": "{"}, "malformed parameter query.attributes: "),
        ("/traces", RANGE | {"query.rawTraces": "x"}, "malformed parameter query.rawTraces: "),
        ("/traces", RANGE | {"query.filter": "{}"}, "query.filter is not supported"),
        ("/traces/xyz", {}, "unable to parse param 'traceID'"),
        ("/traces/a", {"startTime": "x"}, "malformed parameter startTime: "),
        ("/operations", {}, "malformed parameter service: "),
    ],
)
def test_what_cannot_be_asked_is_400_in_the_form_of_v3(asked, path, parameters, said):
    reply = get(asked, path, **parameters)
    assert (reply.status, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    told = json.loads(reply.body)
    assert told == {"error": {"httpCode": 400, "message": told["error"]["message"]}}
    assert told["error"]["message"].startswith(said)


def test_no_traces_are_404_and_no_summaries_an_empty_list(asked, empty):
    told = {"error": {"httpCode": 404, "message": "No traces found"}}
    for reply in (get(empty, "/traces", **RANGE), get(asked, "/traces/f")):
        assert (reply.status, json.loads(reply.body)) == (404, told)
    assert summaries(empty) == []


def test_traces_that_no_answer_holds_are_told_of():
    deployment = deployment_of(trace_of(1, attributes={"pad": "x" * 60_000}), trace_of(2), max_answer_bytes=50_000)
    reply = get(deployment, "/traces", **RANGE)
    assert {span["traceId"] for span in spans_in(reply)} == {f"{2:032x}"}
    assert "larger than one answer" in reply.headers["x-spanfold-partial"]
    assert get(deployment, "/traces/1").status == 422
    assert len(summaries(deployment)) == 2
