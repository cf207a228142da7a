"""Services, operations, RED and the graph against brute force: what the API adds up is what was sent, span by span.

The deployments and corpora are those of states.py.
"""

from collections import defaultdict

import pytest

from chalicelib.model.windows import Window
from tests.end_to_end.asking import ask_for
from tests.end_to_end.corpus import DAY, HOUR, LASTS_NS, MINUTE
from tests.end_to_end.states import STATES
from tests.end_to_end.sums import Called, Calls, edges, mean_ns, operations, summed

SETTLED = ["after sealing", "sealed again", "rebuilt"]
WINDOWS = {
    "all of it": (-30 * DAY, 2 * DAY),
    "whole hours": (-HOUR, 2 * HOUR),
    "minutes": (17 * MINUTE, 54 * MINUTE),
}


@pytest.fixture(params=SETTLED)
def state(request):
    return STATES[request.param]()


@pytest.fixture(params=WINDOWS)
def window(request, state):
    begin_ns = state.corpus.end_ns - LASTS_NS
    start_ns, end_ns = WINDOWS[request.param]
    return Window(begin_ns + start_ns, begin_ns + end_ns)


def test_services_have_the_spans_that_were_sent(state, window):
    calls = list(operations(state.truth.traces()))
    spans = summed((each._replace(what=each.what[:1]) for each in calls), window)
    served = summed((each._replace(what=each.what[:1]) for each in calls if is_served(each)), window)
    found = ask_for(state.deployment, "/v1/services", window)["services"]
    assert {each["service"]: each["spans"] for each in found} == pytest.approx(
        {name: counts.calls for (name,), counts in spans.items()}
    )
    assert {each["service"]: calls_of(each) for each in found} == {
        name: served.get((name,), Calls(0, 0)) for (name,) in spans
    }


def test_operations_of_a_service_have_the_calls_that_were_sent(state, window):
    expected = defaultdict(dict)
    for (service, *operation), counts in summed(operations(state.truth.traces()), window).items():
        expected[service][tuple(operation)] = counts
    assert len(expected) > 5
    for service in ("shop", "unknown_service", "naïve ☃"):
        found = ask_for(state.deployment, f"/v1/services/{service}/operations", window)["operations"]
        assert {(each["operation"], each["kind"]): calls_of(each) for each in found} == expected[service]


def test_the_graph_has_the_calls_that_were_made(state, window):
    found = ask_for(state.deployment, "/v1/graph", window)
    expected = summed(edges(state.truth.traces()), window)
    assert {(each["client"], each["server"], each["connection"]): calls_of(each) for each in found["edges"]} == expected
    assert {kind for _, _, kind in expected} == {"call", "messaging"}
    ends = {end for client, server, _ in expected for end in (client, server)}
    services = {f"service:{service}" for (service, *_), _ in summed(operations(state.truth.traces()), window).items()}
    assert {each["id"] for each in found["nodes"]} == ends | services


@pytest.mark.parametrize("step_s", [60, 300, 3600])
def test_red_by_step_has_the_calls_that_were_sent(state, window, step_s):
    calls = operations(state.truth.traces())
    around = Window(
        window.start_ns // (step_s * 10**9) * step_s * 10**9, -(-window.end_ns // (step_s * 10**9)) * step_s * 10**9
    )
    if (around.end_ns - around.start_ns) // 10**9 // step_s > 10_000:
        return
    by_step = (
        each._replace(what=(each.what[0], each.what[2], str(each.minute_s // step_s * step_s))) for each in calls
    )
    found = ask_for(state.deployment, "/v1/metrics", window, step=step_s, by="service,kind")
    assert {
        (series["service"], series["kind"], str(point["startS"])): calls_of(point)
        for series in found["series"]
        for point in series["points"]
    } == summed(by_step, around)


def test_means_are_known_to_within_their_error(state):
    window = Window(state.corpus.end_ns - 40 * DAY, state.corpus.end_ns + 2 * DAY)
    calls = [each for each in operations(state.truth.traces()) if each.what[0] == "shop"]
    found = ask_for(state.deployment, "/v1/metrics", window, step=24 * 3600, service="shop", by="operation")
    latest = {series["operation"]: series["points"][-1] for series in found["series"]}
    assert latest
    for operation, point in latest.items():
        some = [each for each in calls if each.what[1] == operation and each.minute_s >= point["startS"]]
        latency, expected_ns = point["red"]["latency"], mean_ns(some)
        assert (latency is None) == (expected_ns is None)
        assert latency is None or latency["meanNs"] == pytest.approx(expected_ns, rel=0.045)


def is_served(called: Called) -> bool:
    return called.what[2] in ("server", "consumer")


def calls_of(found) -> Calls:
    return Calls(found["red"]["calls"], found["red"]["errors"])
