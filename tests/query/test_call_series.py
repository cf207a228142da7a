"""Sliding rates and quantiles against sums over the spans themselves."""

import math
import random

import pytest

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.errors import QueryError
from chalicelib.model.span import Kind, Resource, Span
from chalicelib.model.windows import NS_PER_S, Window
from chalicelib.query.call_series import CallsRequest, calls_report
from chalicelib.rollups.sketches import RELATIVE_ERROR
from chalicelib.settings import Settings
from tests.clocks import NOON_NS
from tests.end_to_end.backend import PROTOBUF
from tests.end_to_end.deployment import Deployment
from tests.in_memory import TENANT

NOON_S = NOON_NS // NS_PER_S
SHOP = Resource(attributes={"service.name": "shop"})


def calls():
    """(start, duration, whether it failed, operation) of calls over 40 minutes, in ns."""
    chance = random.Random(3)
    return [
        (
            NOON_NS + chance.randrange(2400) * NS_PER_S,
            chance.randrange(1, 10**9),
            chance.random() < 0.2,
            f"op {number % 3}",
        )
        for number in range(300)
    ]


@pytest.fixture(scope="module")
def deployment():
    made = Deployment(3, Settings())
    spans = [
        Span(trace_id=f"{n + 1:032x}", span_id=f"{n + 1:016x}", name=operation, kind=Kind.SERVER, start_ns=start_ns,
             end_ns=start_ns + length_ns, status_code=2 * failed, resource=SHOP)
        for n, (start_ns, length_ns, failed, operation) in enumerate(calls())
    ]  # fmt: skip
    made.clock.at_ns = NOON_NS + 3600 * NS_PER_S
    made.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, from_spans(spans).SerializeToString())
    made.deliver()
    made.settle()
    return made


def asked(deployment, **fields):
    told = {
        "services": frozenset({"shop"}), "kinds": frozenset({"server"}), "step_s": 60, "over_s": 600,
        "window": Window(NOON_NS, NOON_NS + 3600 * NS_PER_S),
    }  # fmt: skip
    return calls_report(
        deployment.services, TENANT, CallsRequest(**(told | fields)), deployment.clock.deadline()
    ).series


@pytest.mark.parametrize(("step_s", "over_s"), [(60, 600), (300, 60), (600, 600), (60, 60)])
@pytest.mark.parametrize("share", [0.5, 0.75, 0.95, 1.0])
def test_a_point_tells_of_the_calls_that_began_before_it(deployment, step_s, over_s, share):
    [series] = asked(deployment, step_s=step_s, over_s=over_s, share=share)
    points = {point.at_s: point for point in series.points}
    for at_s in range(NOON_S, NOON_S + 3601, step_s):
        inside = [one for one in calls() if at_s - over_s <= one[0] // NS_PER_S // 60 * 60 < at_s]
        assert (at_s in points) is bool(inside)
        if inside:
            point = points[at_s]
            assert point.calls_per_s == pytest.approx(len(inside) / over_s)
            assert point.error_ratio == pytest.approx(sum(one[2] for one in inside) / len(inside))
            exact_ns = sorted(one[1] for one in inside)[math.ceil(share * len(inside)) - 1]
            assert point.quantile_ns == pytest.approx(exact_ns, rel=1.001 * RELATIVE_ERROR)


def test_operations_are_series_of_their_own_and_other_kinds_and_services_none(deployment):
    found = asked(deployment, by_operation=True)
    assert [(one.service, one.operation) for one in found] == [("shop", f"op {n}") for n in range(3)]
    assert asked(deployment, kinds=frozenset({"client"})) == []
    assert asked(deployment, services=frozenset({"bank"})) == []


def test_steps_and_lengths_are_rounded_up_to_whole_minutes(deployment):
    assert asked(deployment, step_s=5, over_s=61) == asked(deployment, step_s=60, over_s=120)


@pytest.mark.parametrize(
    "fields",
    [
        {"window": Window(NOON_NS, NOON_NS)},
        {"over_s": 25 * 3600},
        {"window": Window(0, NOON_NS)},
    ],
)
def test_what_means_nothing_or_too_much_is_refused(deployment, fields):
    with pytest.raises(QueryError):
        asked(deployment, **fields)
