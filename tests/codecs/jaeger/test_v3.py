"""A trace in short, as the search page of Jaeger's UI shows it."""

import json

from chalicelib.codecs.jaeger import v3
from chalicelib.model.span import Resource
from chalicelib.model.stored_trace import StoredTrace
from tests.actors import FRONTEND, TRACE_ID, failure, span


def summary(*spans):
    return json.loads(bytes(v3.summary(StoredTrace(trace_id=TRACE_ID, spans=spans, arrived_ms=0))))


def test_a_summary_is_of_every_span_of_the_trace():
    root = span("GET /", at=(0, 100), resource=FRONTEND)
    spans = (root, span("work", parent=root, at=(5, 150), **failure()), span("lost", parent="nobody", at=(7, 9)))
    assert summary(*spans) == {
        "traceId": TRACE_ID,
        "rootServiceName": "frontend",
        "rootOperationName": "GET /",
        "minStartTimeUnixNano": str(root.start_ns),
        "maxEndTimeUnixNano": str(spans[1].end_ns),
        "spanCount": 3,
        "errorSpanCount": 1,
        "orphanSpanCount": 1,
        "services": [{"name": "checkout", "spanCount": 2, "errorSpanCount": 1}, {"name": "frontend", "spanCount": 1}],
    }


def test_zeros_and_what_is_not_known_are_left_out():
    one = span("lost", parent="nobody", end_ns=0, resource=Resource())
    assert summary(one) == {
        "traceId": TRACE_ID,
        "minStartTimeUnixNano": str(one.start_ns),
        "maxEndTimeUnixNano": str(one.start_ns),
        "spanCount": 1,
        "orphanSpanCount": 1,
        "services": [{"name": "OTLPResourceNoServiceName", "spanCount": 1}],
    }


def test_the_lists_that_the_schema_of_the_ui_wants_are_there_when_they_are_empty():
    assert [v3.services([]), v3.operations([]), v3.summaries([]), v3.traces([])] == [
        b'{"services":[]}', b'{"operations":[]}', b'{"summaries":[]}', b'{"result":{"resourceSpans":[]}}',
    ]  # fmt: skip


def test_an_operation_without_a_kind_is_internal():
    assert json.loads(v3.operations([("a", ""), ("b", "client")])) == {
        "operations": [{"name": "a", "spanKind": "internal"}, {"name": "b", "spanKind": "client"}]
    }
