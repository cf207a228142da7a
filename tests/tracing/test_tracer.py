from threading import Thread

import pytest

from chalicelib.propagation.context import RANDOM, SAMPLED, TraceContext
from chalicelib.tracing.config import Config
from chalicelib.tracing.recording import FULL
from chalicelib.tracing.span import CLIENT, Link
from chalicelib.tracing.tracer import Tracer
from tests.tracing.lambda_world import OTHER_TRACE, PARENT, TRACE, Numbered, Recorder, Ticking

REMOTE = TraceContext(TRACE, PARENT, sampled=True, trace_state="a=1", format="w3c")


def a_tracer(exporter=None, **environ):
    return Tracer(Config(environ), exporter or Recorder(), Ticking(), Numbered())


def test_a_root_has_a_random_id_and_says_so():
    span = a_tracer().start_span("root")
    assert (span.trace_id, span.span_id, span.parent_id) == (f"{1:032x}", f"{2:016x}", "")
    assert span.flags == SAMPLED | RANDOM


def test_a_child_belongs_to_what_is_current():
    tracer = a_tracer()
    root = tracer.start_span("root")
    with tracer.use(root):
        child = tracer.start_span("child", kind=CLIENT, attributes={"a": 1}, links=[REMOTE, Link(REMOTE, {"b": 2})])
        assert tracer.current() is root
    assert tracer.current() is None
    assert (child.trace_id, child.parent_id, child.kind) == (root.trace_id, root.span_id, CLIENT)
    assert not child.is_parent_remote
    assert [link.attributes for link in child.links] == [{}, {"b": 2}]


def test_a_remote_parent_is_continued_with_its_tracestate():
    span = a_tracer().start_span("server", parent=REMOTE)
    assert (span.trace_id, span.parent_id, span.trace_state) == (TRACE, PARENT, "a=1")
    assert span.is_parent_remote
    assert span.flags == SAMPLED  # nobody said that the id is random


@pytest.mark.parametrize("half", [TraceContext(TRACE, ""), TraceContext("", ""), None])
def test_half_a_context_is_no_parent(half):
    span = a_tracer().start_span("server", parent=half)
    assert (span.trace_id, span.parent_id) == (f"{1:032x}", "")


def test_what_is_not_sampled_is_not_kept_but_its_context_travels():
    exporter = Recorder()
    tracer = a_tracer(exporter)
    span = tracer.start_span("server", parent=TraceContext(TRACE, PARENT, sampled=False, format="w3c"))
    with tracer.use(span):
        child = tracer.start_span("child", attributes={"a": 1})
    child.end()
    span.end()
    tracer.flush()
    assert exporter.batches == []
    assert (child.trace_id, child.flags, child.attributes) == (TRACE, 0, {})


def test_a_disabled_tracer_passes_on_what_it_was_given():
    tracer = a_tracer(OTEL_SDK_DISABLED="true")
    span = tracer.start_span("server", parent=REMOTE)
    with tracer.use(span):
        child = tracer.start_span("child")
    assert child.context == TraceContext(TRACE, PARENT, sampled=True, trace_state="a=1")
    assert not tracer.start_span("root").context.is_complete


def test_spans_leave_when_they_are_flushed_and_once():
    exporter = Recorder()
    tracer = a_tracer(exporter)
    tracer.start_span("one").end()
    tracer.start_span("still open")
    tracer.flush()
    tracer.flush()
    assert exporter.names == ["one"]
    assert exporter.batches[0].request_id == ""


def test_a_great_many_leave_in_between():
    exporter = Recorder()
    tracer = a_tracer(exporter)
    for _ in range(FULL + 1):
        tracer.start_span("tick").end()
    assert [len(batch.spans) for batch in exporter.batches] == [FULL]
    assert len(tracer.finished) == 1


def test_a_faulty_exporter_is_counted_and_told_on_the_next_span():
    tracer = a_tracer(Recorder(OSError("disk full")))
    tracer.start_span("lost").end()
    tracer.flush()
    span = tracer.start_span("next")
    tracer.tell_errors(span)
    assert span.attributes == {"spanfold.errors": 1, "spanfold.error": "export: OSError: disk full"}
    assert tracer.errors == 0


def test_an_exporter_that_cannot_be_made_is_counted_too():
    tracer = Tracer(Config({"SPANFOLD_EXPORTER": "none"}))
    tracer.config.exporter = "carrier-pigeon"
    tracer.start_span("lost").end()
    tracer.flush()
    assert (tracer.errors, tracer.first_error[:25]) == (1, "export: ValueError: no ex")


@pytest.mark.parametrize(
    "arguments", [{"parent": 7}, {"links": 7}, {"links": ["x"]}, {"attributes": 7}, {"start_ns": "noon"}]
)
def test_starting_a_span_raises_nothing_whatever_it_is_given(arguments):
    tracer = a_tracer()
    span = tracer.start_span("odd", **arguments)
    span.set_attribute("a", 1)
    span.end()
    assert tracer.errors == 1


def test_problems_of_the_environment_are_told():
    tracer = a_tracer(OTEL_TRACES_SAMPLER="sometimes")
    span = tracer.start_span("first")
    tracer.tell_errors(span)
    assert span.attributes["spanfold.error"] == "OTEL_TRACES_SAMPLER='sometimes' is not understood"


def test_ids_are_never_zero():
    tracer = Tracer(Config({}), Recorder(), Ticking(), bytes)
    span = tracer.start_span("root")
    assert span.context.is_complete
    assert int(span.trace_id, 16) == int(span.span_id, 16) == 1


def test_a_thread_starts_without_a_parent_where_no_invocation_runs():
    tracer = a_tracer()
    found = []
    with tracer.use(tracer.start_span("root")):
        thread = Thread(target=lambda: found.append(tracer.start_span("in thread")))
        thread.start()
        thread.join()
    assert found[0].parent_id == ""


def test_a_context_can_be_continued_without_a_span():
    tracer = a_tracer()
    with tracer.use(TraceContext(OTHER_TRACE, PARENT, sampled=True, format="b3")):
        assert tracer.current() is None
        assert tracer.start_span("child").trace_id == OTHER_TRACE
