"""What the Monitor and dependency pages of Jaeger's UI ask, and archiving a trace from its trace page."""

import pytest

from tests.routes.jaeger.asking import deployment_of, trace_of


@pytest.fixture(scope="module")
def asked():
    deployment = deployment_of(trace_of(1, status_code=2), trace_of(2), trace_of(3, name="POST /"), trace_of(4))
    deployment.settle()
    return deployment


def metric(deployment, name, **parameters):
    told = {"service": "shop", "lookback": "3600000", "step": "60000", "ratePer": "600000"} | parameters
    query = "&".join(f"{key}={value}" for key, value in told.items())
    reply = deployment.get(f"/jaeger/api/metrics/{name}?{query}")
    assert reply.status == 200, reply
    return reply.json()


def last(found):
    return [(one["labels"], one["metricPoints"][-1]["gaugeValue"]["doubleValue"]) for one in found["metrics"]]


SHOP = {"name": "service_name", "value": "shop"}


def test_latencies_are_milliseconds(asked):
    found = metric(asked, "latencies", quantile="0.75")
    assert (found["name"], found["type"]) == ("service_latencies", "GAUGE")
    assert found["help"] == "0.75th quantile latency, grouped by service"
    [(labels, value)] = last(found)
    assert labels == [SHOP]
    assert value == pytest.approx(29, rel=0.05)
    assert found["metrics"][0]["metricPoints"][0]["timestamp"] == "2026-01-01T12:01:00Z"


def test_calls_are_a_rate_and_errors_a_fraction(asked):
    assert last(metric(asked, "calls")) == [([SHOP], pytest.approx(4 / 600))]
    found = metric(asked, "errors")
    assert (found["name"], last(found)) == ("service_error_rate", [([SHOP], pytest.approx(1 / 4))])
    assert metric(asked, "calls")["name"] == "service_call_rate"


def test_operations_are_told_apart_where_that_is_asked_for(asked):
    found = metric(asked, "calls", groupByOperation="true")
    assert found["name"] == "service_operation_call_rate"
    assert last(found) == [
        ([SHOP, {"name": "operation", "value": "GET /"}], pytest.approx(3 / 600)),
        ([SHOP, {"name": "operation", "value": "POST /"}], pytest.approx(1 / 600)),
    ]


def test_calls_without_errors_have_an_error_rate_of_zero_and_no_calls_have_none(asked):
    errors = metric(asked, "errors", groupByOperation="true")
    assert {labels[1]["value"]: value for labels, value in last(errors)}["POST /"] == 0
    assert "metrics" not in metric(asked, "errors", service="nobody")
    assert "metrics" not in metric(asked, "calls", spanKind="client")
    assert last(metric(asked, "calls", service="web", spanKind="client"))


WEEK_MS = 604_800_000  # how far back the UI looks


def test_dependencies_are_pairs_of_services_with_a_number_of_calls(asked):
    link = {"parent": "web", "child": "shop", "callCount": 4}
    told = {"data": [link], "total": 0, "limit": 0, "offset": 0, "errors": None}
    end_ms = asked.clock.at_ns // 1_000_000
    assert asked.get(f"/jaeger/api/dependencies?endTs={end_ms}&lookback={WEEK_MS}").json() == told
    assert asked.get("/jaeger/api/dependencies?service=shop").json() == told
    assert asked.get("/jaeger/api/dependencies?service=nobody").json()["data"] == []
    assert asked.get(f"/jaeger/api/dependencies?endTs={end_ms}&lookback=60000").json()["data"] == []
    assert asked.get("/jaeger/api/dependencies?endTs=now").status == 400


def test_a_trace_is_archived_and_that_says_nothing(asked):
    reply = asked.ask("POST", "/jaeger/api/archive/1", {}, b"")
    assert reply.json() == {"data": [], "total": 0, "limit": 0, "offset": 0, "errors": []}
    asked.clock.advance_s(60 * 24 * 3600)
    assert len(asked.get("/jaeger/api/traces/1").json()["data"][0]["spans"]) == 2
    assert asked.get("/jaeger/api/traces/2").status == 404
