"""From the line in a function's log to the trace that a person reads, on DynamoDB as moto plays it."""

import json

import pytest

from chalicelib.functions.receive_logs import receive_logs
from chalicelib.functions.receive_queue import receive_queue
from chalicelib.functions.receive_stream import receive_stream
from tests.clocks import NOON_NS, Clock
from tests.end_to_end.backend import Backend
from tests.function_lines import INVOCATION, MS, TIMED_OUT, TRACE_ID, end, made, start
from tests.functions.events import Context, delivered, kinesis_event, logs_event, queue_event, subscription

DEATH = {"at_ms": NOON_NS // MS + 3000}


@pytest.fixture
def backend(dynamodb):
    return Backend(dynamodb, clock=Clock())


def shown(backend):
    """The spans of the assembled trace: name, whether it failed, milliseconds, and what is said of it."""
    reply = backend.get(f"/v1/traces/{TRACE_ID}/assembly")
    assert reply.status == 200, reply
    return [
        (span["name"], span.get("error", False), span["durationNs"] // MS, span.get("warnings", []))
        for span in json.loads(reply.body)["spans"]
    ]


def logs(backend, *lines, **fields):
    receive_logs(backend.services, logs_event(*lines, **fields), Context(backend.clock))


def test_an_ordinary_invocation_is_read_back_from_its_lines(backend):
    child = made("query", span_id="1" * 16, parent_id=INVOCATION, at_ms=2, took_ms=10)
    logs(backend, "START RequestId: x\n", start(), "a user's line", end(made(), child), "END RequestId: x\n")
    assert shown(backend) == [("checkout", False, 20, []), ("query", False, 10, [])]


def test_a_function_that_timed_out_is_shown_as_one_span_that_failed(backend):
    logs(backend, start())
    logs(backend, TIMED_OUT, **DEATH)
    logs(backend, TIMED_OUT, **DEATH)  # at least once
    assert shown(backend) == [("checkout", True, 3000, [])]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_the_functions_own_word_stands_however_late_it_comes(backend, order):
    """Its last line was delivered after the verdict, or before it, in a delivery of its own."""
    deliveries = [((start(),), {}), ((end(),), {}), ((TIMED_OUT,), DEATH)]
    for number in order:
        lines, fields = deliveries[number]
        logs(backend, *lines, **fields)
    [(name, failed, took_ms, _)] = shown(backend)
    assert (name, failed, took_ms) == ("checkout", False, 20)


def test_the_same_spans_by_log_queue_and_stream_are_one_trace(backend):
    line = end()
    logs(backend, line)
    receive_queue(backend.services, queue_event(line), Context(backend.clock))
    receive_stream(backend.services, kinesis_event(delivered(subscription(line))), Context(backend.clock))
    assert shown(backend) == [("checkout", False, 20, [])]


def test_what_was_received_is_found_by_its_attributes_and_counted(backend):
    logs(backend, start(), TIMED_OUT, every_ms=3000)
    backend.index()
    reply = backend.get("/v1/search?q=%7Bspan.error.type%3D%22timeout%22%7D")
    assert [trace["traceId"] for trace in reply.json()["traces"]] == [TRACE_ID]
