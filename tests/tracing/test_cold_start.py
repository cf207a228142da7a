import os
import time

import pytest

from chalicelib.tracing import traced, tracer
from chalicelib.tracing.cold_start import MAX_INIT_NS, Sandbox, process_start_ns
from chalicelib.tracing.process import configure
from tests.clocks import NOON_NS
from tests.tracing.lambda_world import ENVIRONMENT, LambdaContext, Numbered, Recorder, Ticking, in_lambda

SECOND_NS = 10**9


def invoked(initialization, started_ns, *, loaded_ns=NOON_NS, times=1):
    """What is recorded of the first invocation at noon, in a sandbox that was started at `started_ns`."""
    recorder = Recorder()
    environ = {**ENVIRONMENT, "AWS_LAMBDA_INITIALIZATION_TYPE": initialization}
    configure(recorder, environ, now_ns=Ticking(), random_bytes=Numbered())
    handler = traced(lambda event, context: None)
    tracer().sandbox = Sandbox(initialization, loaded_ns, lambda: started_ns)
    for _ in range(times):
        handler({}, LambdaContext())
    return recorder


def test_the_first_caller_waits_for_the_sandbox_and_the_span_says_how_long():
    recorder = invoked("on-demand", NOON_NS - SECOND_NS, loaded_ns=NOON_NS - SECOND_NS // 4, times=2)
    init, (first, second) = recorder.named("init orders"), recorder.all_named("orders")
    assert (init.start_ns, init.end_ns) == (NOON_NS - SECOND_NS, first.start_ns)
    assert (init.parent_id, init.trace_id) == (first.span_id, first.trace_id)
    assert first.attributes["faas.coldstart"] is True
    assert first.attributes["spanfold.init.duration_ms"] == 750
    assert second.attributes["faas.coldstart"] is False
    assert "spanfold.init.type" not in second.attributes


@pytest.mark.parametrize(
    ("initialization", "is_cold"),
    [("provisioned-concurrency", False), ("lambda-managed-instances", False), ("snap-start", True)],
)
def test_nobody_waited_for_what_was_made_ahead(initialization, is_cold):
    recorder = invoked(initialization, NOON_NS - SECOND_NS)
    found = recorder.named("orders")
    assert recorder.names == ["orders"]
    assert found.attributes["faas.coldstart"] is is_cold
    assert found.attributes["spanfold.init.type"] == initialization
    assert found.attributes["spanfold.init.duration_ms"] == 1000


def test_a_sandbox_made_before_it_was_asked_for_has_no_init_that_took_minutes():
    assert invoked("on-demand", NOON_NS - MAX_INIT_NS - SECOND_NS).names == ["orders"]


def test_a_clock_that_was_set_back_gives_no_init_from_the_future():
    recorder = invoked("on-demand", NOON_NS + SECOND_NS)
    assert recorder.names == ["orders"]
    assert recorder.named("orders").attributes["spanfold.init.duration_ms"] == 0


def test_elsewhere_than_in_lambda_there_is_no_init():
    recorder = Recorder()
    configure(recorder, {"SPANFOLD_TIMEOUT_MARGIN_MS": "0"}, now_ns=Ticking())
    traced(lambda event, context: None)({}, None)
    assert recorder.names == ["invocation"]


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="Linux tells when a process was started")  # noqa: PTH110
def test_the_process_was_started_before_now_and_after_its_parent():
    elapsed_ns = time.time_ns() - process_start_ns()
    assert 0 <= elapsed_ns < time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_code_that_is_loaded_after_the_first_invocation_does_not_count():
    in_lambda()
    sandbox = Sandbox("on-demand", 1, lambda: 0)
    sandbox.note_loaded(2)
    assert sandbox.enter()
    sandbox.note_loaded(3)
    assert sandbox.loaded_ns == 2
    assert not sandbox.enter()
