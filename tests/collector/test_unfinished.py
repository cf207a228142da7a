"""The halves of an invocation that came in different deliveries, in memory and on DynamoDB."""

from itertools import permutations

import pytest

from chalicelib.codecs.carried import Limits, read_carried
from chalicelib.collector.unfinished import KEPT_S, LogStream, close
from chalicelib.model.errors import StoreError
from chalicelib.model.versions import standing
from tests.clocks import NOON_NS
from tests.engines import dynamo_views
from tests.function_lines import INVOCATION, MS, TIMED_OUT, end, made, report, start
from tests.functions.events import delivered, subscription
from tests.in_memory import services_in_memory

DEATH = {"at_ms": NOON_NS // MS + 3000}


@pytest.fixture(params=["memory", "dynamodb"])
def services(request, clock):
    if request.param == "memory":
        return services_in_memory(now_ns=clock.now_ns)
    views = dynamo_views(request.getfixturevalue("dynamodb"), clock.now_ns, clock.sleep)
    return services_in_memory(now_ns=clock.now_ns, views=views)


@pytest.fixture
def deliver(services, clock):
    """What one delivery of these lines closes: (span id, type of error)."""

    def deliver(*messages, **fields):
        carried = read_carried(delivered(subscription(*messages, **fields)), Limits(1 << 20, 32))
        stream = LogStream(log_group=carried.log_group, log_stream=carried.log_stream, unfinished=carried.unfinished)
        spans = close(services, "default", [stream], clock.deadline())
        return [(span.span_id, span.attributes["error.type"]) for span in spans]

    return deliver


def test_a_verdict_finds_what_an_earlier_delivery_left_open(deliver):
    assert deliver(start()) == []
    assert deliver(TIMED_OUT, **DEATH) == [(INVOCATION, "timeout")]


def test_a_delivery_that_comes_late_finds_the_verdict(deliver):
    assert deliver(TIMED_OUT, **DEATH) == []
    assert deliver(start()) == [(INVOCATION, "timeout")]


def test_the_same_again_closes_the_same_again(deliver):
    for _ in range(2):
        deliver(start())
        assert deliver(TIMED_OUT, **DEATH) == [(INVOCATION, "timeout")]


def test_what_is_told_in_one_delivery_needs_no_store(deliver, services, clock):
    assert deliver(start(), end(), report()) == []
    assert deliver(start(), TIMED_OUT, every_ms=3000) == [(INVOCATION, "timeout")]
    assert deliver("hello", report()) == []
    assert services.views.drop() == 0


def test_streams_do_not_meet(deliver):
    deliver(start())
    assert deliver(TIMED_OUT, logStream="another", **DEATH) == []
    assert deliver(TIMED_OUT, logGroup="another", **DEATH) == []
    assert deliver(report("timeout", request="another"), **DEATH) == []


def test_spans_that_were_told_to_have_ended_are_not_closed(deliver):
    deliver(start())
    assert deliver(end(), TIMED_OUT, **DEATH) == []


def test_a_retry_that_began_in_the_delivery_of_the_first_ones_end_is_remembered(deliver):
    """Lambda repeats an asynchronous invocation under the same request id, maybe in the same sandbox."""
    again = start(made(span_id="2" * 16, at_ms=60_000, took_ms=None))
    assert deliver(start(), TIMED_OUT, again, every_ms=3000) == [(INVOCATION, "timeout")]
    assert deliver(report("error\tError Type: Runtime.ExitError"), at_ms=NOON_NS // MS + 61_000) == [("2" * 16, "exit")]


def test_a_retry_in_any_order_of_deliveries_is_told_from_the_first_attempt(services, clock):
    first, second = start(), start(made(span_id="2" * 16, at_ms=60_000, took_ms=None))
    exited = report("error\tError Type: Runtime.ExitError")
    deliveries = [
        subscription(first),
        subscription(TIMED_OUT, **DEATH),
        subscription(second, at_ms=NOON_NS // MS + 60_000),
        subscription(exited, at_ms=NOON_NS // MS + 61_000),
    ]
    for number, order in enumerate(permutations(deliveries)):
        seen = {}
        for delivery in order:
            carried = read_carried(delivered(delivery | {"logStream": str(number)}), Limits(1 << 20, 32))
            stream = LogStream(log_stream=str(number), unfinished=carried.unfinished)
            for span in close(services, "default", [stream], clock.deadline()):
                seen.setdefault(span.span_id, []).append(span)
        shown = {span_id: max(versions, key=standing) for span_id, versions in seen.items()}
        assert {span_id: span.attributes["error.type"] for span_id, span in shown.items()} == {
            INVOCATION: "timeout",
            "2" * 16: "exit",
        }


def test_what_found_no_other_half_is_gone_after_a_day(deliver, clock):
    deliver(start())
    clock.advance_s(KEPT_S)
    assert deliver(TIMED_OUT, **DEATH) == []


def test_a_store_that_is_away_is_the_callers_business(services, clock):
    carried = read_carried(delivered(subscription(start())), Limits(1 << 20, 32))
    with pytest.raises(StoreError):
        close(services, "default", [LogStream(unfinished=carried.unfinished)], clock.deadline(in_s=0))
