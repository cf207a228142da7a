"""The end of a function's time. Each wait here is for something that comes at once, and ends when it comes."""

import signal
from threading import Event, Thread

import pytest

from chalicelib.tracing import records, span, traced
from chalicelib.tracing.span import ERROR, UNSET
from chalicelib.tracing.timeout import guard
from tests.tracing.lambda_world import LambdaContext, Recorder, batch_of, in_lambda, message, traceparent

PATIENCE_S = 20
HOUR_NS = 3600 * 10**9


@pytest.fixture
def alarms():
    """What SIGALRM did before, restored; and what a function's own handler of it was told."""
    told = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: told.append(number))
    yield told
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


class Waiting(Recorder):
    """Says when something was exported."""

    def __init__(self):
        super().__init__()
        self.came = Event()

    def export(self, batch):
        super().export(batch)
        self.came.set()


def timer_s():
    return signal.getitimer(signal.ITIMER_REAL)[0]


def test_it_fires_once_and_restores_nothing_before_it_is_cancelled(alarms):
    fired = Event()
    earlier = signal.getsignal(signal.SIGALRM)
    watch = guard(1000, fired.set)
    assert fired.wait(PATIENCE_S)
    watch.cancel()
    assert signal.getsignal(signal.SIGALRM) is earlier
    assert (timer_s(), alarms) == (0, [])


def test_cancelled_it_never_fires(alarms):
    earlier = signal.getsignal(signal.SIGALRM)
    guard(HOUR_NS, pytest.fail).cancel()
    assert (timer_s(), signal.getsignal(signal.SIGALRM)) == (0, earlier)


def test_an_alarm_that_is_not_ours_goes_to_the_functions_handler_and_ours_is_set_again(alarms):
    watch = guard(HOUR_NS, pytest.fail)
    signal.setitimer(signal.ITIMER_REAL, 0)  # as the function's signal.alarm does, once it has rung
    signal.raise_signal(signal.SIGALRM)
    assert alarms == [signal.SIGALRM]
    assert timer_s() > 0
    watch.cancel()


def test_a_function_with_a_timer_of_its_own_keeps_it(alarms):
    signal.setitimer(signal.ITIMER_REAL, 3600)
    fired = Event()
    watch = guard(1000, fired.set)
    assert fired.wait(PATIENCE_S)
    watch.cancel()
    assert timer_s() > 0


def test_a_handler_that_the_function_sets_meanwhile_is_left_alone(alarms):
    watch = guard(HOUR_NS, pytest.fail)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    watch.cancel()
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_IGN


def test_in_another_thread_a_thread_waits(alarms):
    fired = Event()
    earlier = signal.getsignal(signal.SIGALRM)
    thread = Thread(target=lambda: guard(1000, fired.set))
    thread.start()
    thread.join(PATIENCE_S)
    assert fired.wait(PATIENCE_S)
    assert signal.getsignal(signal.SIGALRM) is earlier


def test_open_spans_leave_before_the_time_is_over_and_say_so(alarms):
    recorder = in_lambda(Waiting(), SPANFOLD_TIMEOUT_MARGIN_MS="150")

    @traced
    def handler(event, context):
        with span("done"):
            pass
        with span("hanging"):
            assert recorder.came.wait(PATIENCE_S)

    handler({}, LambdaContext(remaining_ms=200))
    early, final = recorder.batches
    assert not early.is_last
    assert sorted(found.name for found in early.spans) == ["done", "hanging", "orders"]
    for found in early.spans:
        if found.name in ("hanging", "orders"):
            assert (found.end_ns, found.status_code) == (0, ERROR)
            assert found.attributes["spanfold.unfinished"] == found.attributes["error.type"] == "timeout"
    assert final.is_last
    assert {found.name: (found.status_code, "spanfold.unfinished" in found.attributes) for found in final.spans} == {
        "hanging": (UNSET, False),
        "orders": (UNSET, False),
    }
    assert timer_s() == 0


def test_records_that_are_done_leave_as_they_are_and_again_when_the_answer_is_known(alarms):
    recorder = in_lambda(Waiting(), SPANFOLD_TIMEOUT_MARGIN_MS="150")

    @traced
    def handler(event, context):
        for _ in records(event):
            pass
        assert recorder.came.wait(PATIENCE_S)
        return {"batchItemFailures": [{"itemIdentifier": "message-1"}]}

    handler(batch_of(message(1, traceparent())), LambdaContext(remaining_ms=200))
    early, final = ([one for one in batch.spans if one.name == "record paid"] for batch in recorder.batches)
    assert (early[0].span_id, early[0].end_ns > 0) == (final[0].span_id, True)
    assert final[0].status_code == ERROR


def test_without_a_margin_nothing_watches(alarms):
    recorder = in_lambda(SPANFOLD_TIMEOUT_MARGIN_MS="0")
    handler = traced(lambda event, context: timer_s())
    assert handler({}, LambdaContext(remaining_ms=1)) == 0
    assert len(recorder.batches) == 1
