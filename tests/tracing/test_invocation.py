"""A Lambda handler, traced: its own span, where it belongs, and what it says of how it went."""

import sys
from threading import Barrier, Thread

import pytest

from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.joins import RECEIVED
from chalicelib.tracing import baggage, continued, current_span, span, traced, tracer
from chalicelib.tracing.span import ERROR, INTERNAL, SERVER, UNSET
from tests.tracing.lambda_world import (
    ACCOUNT,
    ARN,
    PARENT,
    TRACE,
    LambdaContext,
    Recorder,
    in_lambda,
    request,
    traceparent,
)


def the_answer(answer):
    return traced(lambda event, context: answer)


def raising(error):
    def handler(event, context):
        raise error

    return traced(handler)


def test_an_invocation_is_a_server_span_that_says_which(recorder):
    assert the_answer("done")({"any": "event"}, LambdaContext()) == "done"
    found = recorder.named("orders")
    assert (found.kind, found.parent_id, found.status_code) == (SERVER, "", UNSET)
    assert (
        found.attributes.items()
        >= {
            "faas.trigger": "other",
            "faas.invocation_id": "request-1",
            "aws.lambda.invoked_arn": f"{ARN}:live",
            "cloud.resource_id": f"{ARN}:7",
            "cloud.account.id": ACCOUNT,
        }.items()
    )
    assert "lambda:request-1" in found.attributes[RECEIVED]


def test_what_leaves_is_of_one_invocation_and_says_who_it_is(recorder):
    the_answer(None)({}, LambdaContext("request-7"))
    (batch,) = recorder.batches
    assert (batch.request_id, batch.is_last) == ("request-7", True)
    assert batch.resource["faas.max_memory"] == 256 * 1024 * 1024
    assert batch.resource["service.name"] == "orders"
    (started,) = recorder.started
    assert ([one.name for one in started.spans], started.is_last) == (["orders"], False)


def test_the_functions_spans_are_its_children(recorder):
    @traced
    def handler(event, context):
        with span("work"):
            return current_span().trace_id

    trace_id = handler({}, LambdaContext())
    work = recorder.named("work")
    assert (work.trace_id, work.parent_id, work.kind) == (trace_id, recorder.named("orders").span_id, INTERNAL)


def test_a_request_continues_its_callers_trace_through_the_gateway(recorder):
    headers = {"traceparent": traceparent(), "baggage": "user=7"}
    handler = traced(lambda event, context: {"statusCode": 200, "body": baggage.get("user")})
    assert handler(request(headers=headers), LambdaContext())["body"] == "7"
    gateway, own = recorder.named("GET /orders/{id}"), recorder.named("/orders/{id}")
    assert (gateway.trace_id, gateway.parent_id, gateway.is_parent_remote) == (TRACE, PARENT, True)
    assert (own.trace_id, own.parent_id, own.is_parent_remote) == (TRACE, gateway.span_id, False)
    assert gateway.start_ns < own.start_ns
    assert gateway.end_ns == own.end_ns
    assert own.attributes["http.response.status_code"] == 200
    assert baggage.all() == {}


@pytest.mark.parametrize(
    ("answer", "code", "status", "error_type"),
    [
        ({"statusCode": 404}, 404, UNSET, None),
        ({"statusCode": "502"}, 502, ERROR, "502"),
        ({"statusCode": 500}, 500, ERROR, "500"),
        ({"statusCode": 99}, None, UNSET, None),
        ({"statusCode": True}, None, UNSET, None),
        (None, None, UNSET, None),
        ("text", None, UNSET, None),
    ],
)
def test_a_server_error_is_an_error_and_a_clients_is_not(recorder, answer, code, status, error_type):
    the_answer(answer)(request(), LambdaContext())
    for found in (recorder.named("/orders/{id}"), recorder.named("GET /orders/{id}")):
        assert found.attributes.get("http.response.status_code") == code
        assert (found.status_code, found.attributes.get("error.type")) == (status, error_type)


def test_what_the_handler_raises_is_recorded_and_raised(recorder):
    with pytest.raises(LookupError, match="no such order"):
        raising(LookupError("no such order"))(request(), LambdaContext())
    own, gateway = recorder.named("/orders/{id}"), recorder.named("GET /orders/{id}")
    assert (own.status_code, own.status_message) == (ERROR, "no such order")
    assert own.events[0].attributes["exception.type"] == "LookupError"
    assert (gateway.status_code, gateway.attributes["error.type"]) == (ERROR, "LookupError")


def test_a_handler_that_exits_is_recorded_too(recorder):
    with pytest.raises(SystemExit):
        raising(SystemExit(1))({}, LambdaContext())
    assert recorder.named("orders").attributes["error.type"] == "SystemExit"


def test_x_rays_header_is_a_link_and_a_join_and_decides_nothing(recorder, monkeypatch):
    root = f"1-{TRACE[:8]}-{TRACE[8:]}"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent={PARENT};Sampled=0")
    the_answer(None)({}, LambdaContext())
    found = recorder.named("orders")
    assert (found.parent_id, found.trace_id == TRACE) == ("", False)
    assert [(link.context.trace_id, link.context.span_id) for link in found.links] == [(TRACE, PARENT)]
    assert f"xray:{TRACE}" in found.attributes[RECEIVED]


def test_an_unsampled_caller_is_followed_and_nothing_is_written(recorder):
    the_answer(None)(request(headers={"traceparent": traceparent(flags="00")}), LambdaContext())
    assert (recorder.batches, recorder.started) == ([], [])


def test_spans_that_are_still_open_leave_with_the_answer(recorder):
    @traced
    def handler(event, context):
        return tracer().start_span("forgotten")

    left = handler({}, LambdaContext())
    found = recorder.named("forgotten")
    assert (found.end_ns, found.attributes) == (0, {"spanfold.unfinished": "answered"})
    left.end()
    the_answer(None)({}, LambdaContext("request-2"))
    late = recorder.all_named("forgotten")[-1]
    assert late.end_ns
    assert "spanfold.unfinished" not in late.attributes


def test_an_exporters_fault_does_not_reach_the_function_and_is_told_next_time():
    recorder = in_lambda(Recorder(OSError("disk full")))
    assert the_answer("done")({}, LambdaContext()) == "done"
    recorder.fault = None
    the_answer("done")({}, LambdaContext("request-2"))
    assert recorder.named("orders").attributes["spanfold.error"] == "export: OSError: disk full"


class Hostile:
    """A context object of which everything raises."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


@pytest.mark.parametrize("context", [None, 7, object(), "hostile", LambdaContext(remaining_ms="soon")])
@pytest.mark.parametrize("event", [None, 7, [], {}, {"Records": 7}, {"Records": [None]}])
def test_nothing_of_lambdas_may_break_the_function(recorder, event, context):
    context = Hostile() if context == "hostile" else context
    assert the_answer("done")(event, context) == "done"
    assert not current_span().is_recording


def test_a_handler_is_called_as_it_always_was(recorder):
    @traced
    def handler(event, context=None, *, more=1):
        """Handle."""
        return event, context, more

    assert handler(1) == (1, None, 1)
    assert handler(event=1, context=2, more=3) == (1, 2, 3)
    assert (handler.__name__, handler.__doc__) == ("handler", "Handle.")
    with pytest.raises(TypeError):
        handler()


def test_disabled_a_handler_stays_the_same_object():
    in_lambda(OTEL_SDK_DISABLED="true")

    def handler(event, context):
        return None

    assert traced(handler) is handler


def test_a_handler_within_the_same_invocation_is_not_another(recorder):
    inner = traced(lambda event, context: current_span().name)
    outer = traced(inner)
    assert outer({}, LambdaContext()) == "orders"
    assert recorder.names.count("orders") == 1


def test_a_function_that_calls_another_in_the_same_process_is_another(recorder):
    inner = the_answer(None)

    @traced
    def outer(event, context):
        inner({}, LambdaContext("request-2"))
        return current_span().attributes["faas.invocation_id"]

    assert outer({}, LambdaContext("request-1")) == "request-1"
    assert [batch.request_id for batch in recorder.batches] == ["request-2", "request-1"]
    first, second = recorder.all_named("orders")
    assert first.trace_id != second.trace_id


def test_invocations_in_several_threads_do_not_mix(recorder):
    together = Barrier(3)

    @traced
    def handler(event, context):
        with span(f"work-{context.aws_request_id}"):
            together.wait(10)

    threads = [Thread(target=handler, args=({}, LambdaContext(f"request-{number}"))) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    for batch in recorder.batches:
        assert {one.name for one in batch.spans} == {"orders", f"work-{batch.request_id}"}
    assert len(recorder.batches) == 3


def test_a_plain_thread_of_the_only_invocation_is_its_child(recorder):
    @traced
    def handler(event, context):
        thread = Thread(target=lambda: tracer().start_span("in thread").end())
        thread.start()
        thread.join(10)

    handler({}, LambdaContext())
    assert recorder.named("in thread").parent_id == recorder.named("orders").span_id


def test_a_trace_of_its_own_can_begin_within_an_invocation_and_leaves_with_it(recorder):
    @traced
    def handler(event, context):
        with continued({}), span("apart"):
            pass
        with span("root", parent=None):
            pass

    handler({}, LambdaContext())
    own = recorder.named("orders")
    for name in ("apart", "root"):
        assert recorder.named(name).parent_id == ""
        assert recorder.named(name).trace_id != own.trace_id
    assert len(recorder.batches) == 1


def test_what_a_thread_ends_after_the_answer_leaves_with_the_next(recorder):
    kept = []

    @traced
    def handler(event, context):
        if not kept:
            kept.append(tracer().start_span("slow"))

    handler({}, LambdaContext())
    kept[0].end()
    handler({}, LambdaContext("request-2"))
    assert [one.end_ns > 0 for one in recorder.all_named("slow")] == [False, True]


def test_an_attribute_can_be_set_on_the_invocation(recorder):
    handler = traced(lambda event, context: current_span().set_attribute("user", 7))
    handler({}, LambdaContext())
    assert recorder.named("orders").attributes["user"] == 7


def test_the_client_contexts_trace_is_continued(recorder):
    class Client:
        custom = {"traceparent": traceparent()}

    the_answer(None)({"id": 1}, LambdaContext(client_context=Client()))
    found = recorder.named("orders")
    assert (found.trace_id, found.parent_id, found.is_parent_remote) == (TRACE, PARENT, True)


def test_recursion_to_the_limit_breaks_neither(recorder):
    @traced
    def handler(event, context):
        with span("deeper"):
            return handler(event, context)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        with pytest.raises(RecursionError):
            handler({}, LambdaContext())
    finally:
        sys.setrecursionlimit(limit)
    assert recorder.named("orders").status_code == ERROR


def test_a_parent_is_given_where_somebody_knows_it(recorder):
    @traced
    def handler(event, context):
        with span("elsewhere", parent=TraceContext(TRACE, PARENT, sampled=True, format="b3")):
            pass

    handler({}, LambdaContext())
    found = recorder.named("elsewhere")
    assert (found.trace_id, found.parent_id) == (TRACE, PARENT)
