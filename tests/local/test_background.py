"""The threads that stand in for Lambda: what comes is given to the functions, and given again when they fail."""

import json
import threading
import time
from contextlib import contextmanager

import pytest

from chalicelib.functions.registry import Functions
from chalicelib.local.background import ATTEMPTS, LocalQueue, Pace, Sources, background
from tests.clocks import Clock
from tests.contracts.work_queue import WorkQueueContract

IN_A_HURRY = Pace(tick_s=0.02, poll_s=0.02, first_pause_s=0.001)


class Waiting:
    """A tap of records that a test puts there."""

    def __init__(self):
        self.lost = 0
        self._records = []
        self._lock = threading.Lock()

    def put(self, *records):
        with self._lock:
            self._records += records

    def take(self, most, wait_s):
        ends_at_s = time.monotonic() + wait_s
        while not self._records and time.monotonic() < ends_at_s:
            time.sleep(0.005)
        with self._lock:
            taken, self._records = self._records[:most], self._records[most:]
        return taken


class Recorder:
    """Three functions that remember their events; `fails(name, event)` may raise."""

    def __init__(self, fails=lambda name, event: None):
        self.events = []
        self._fails = fails

    def functions(self):
        return Functions(*(self._function(name) for name in Functions._fields))

    def of(self, name):
        return [event for own, event in self.events if own == name]

    def _function(self, name):
        def handle(event, context):
            assert context.get_remaining_time_in_millis() > 50_000
            self.events.append((name, event))
            self._fails(name, event)

        return handle


@contextmanager
def running(recorder, batch_size=1000, batch_window_s=0.02):
    said = []
    sources = Sources(Waiting(), LocalQueue(), batch_size, batch_window_s, IN_A_HURRY)
    with background(recorder.functions(), sources, said.append):
        yield sources, said


def until(condition, within_s=10):
    ends_at_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at_s, "it did not happen in time"
        time.sleep(0.005)


def test_records_that_come_within_the_window_are_given_together_up_to_the_batch_size():
    recorder = Recorder()
    with running(recorder, batch_size=4, batch_window_s=0.3) as (sources, _):
        sources.tap.put(1)
        time.sleep(0.1)
        sources.tap.put(2, 3, 4, 5)
        until(lambda: len(recorder.of("index_stream")) == 2)
    assert [event["Records"] for event in recorder.of("index_stream")] == [[1, 2, 3, 4], [5]]


def test_a_message_is_given_as_sqs_gives_it():
    recorder = Recorder()
    with running(recorder) as (sources, _):
        sources.queue.send([b'{"do": "seal"}'], Clock().deadline())
        until(lambda: recorder.of("work"))
    [record] = recorder.of("work")[0]["Records"]
    assert json.loads(record["body"]) == {"do": "seal"}
    assert record["messageId"]


def test_the_tick_comes_again_and_again_even_when_it_fails():
    def fails(name, event):
        if name == "seal":
            raise ZeroDivisionError("by nought")

    recorder = Recorder(fails)
    with running(recorder) as (_, said):
        until(lambda: len(recorder.of("seal")) >= 3)
    assert said[0] == "a function failed: ZeroDivisionError('by nought')"


def test_a_batch_that_fails_is_given_again_and_in_the_end_given_up_with_a_word():
    def fails(name, event):
        if name == "index_stream" and "bad" in event["Records"]:
            raise ZeroDivisionError

    recorder = Recorder(fails)
    with running(recorder) as (sources, said):
        sources.tap.put("bad")
        until(lambda: any("given up" in line for line in said))
        sources.tap.put("good")
        until(lambda: {"Records": ["good"]} in recorder.of("index_stream"))
    assert recorder.of("index_stream").count({"Records": ["bad"]}) == ATTEMPTS
    assert "index_stream: given up after 4 attempts, with 1 records" in said


def test_a_failure_that_passes_costs_nothing():
    failures = iter([ZeroDivisionError()])

    def fails(name, event):
        if name == "work" and (error := next(failures, None)):
            raise error

    recorder = Recorder(fails)
    with running(recorder) as (sources, said):
        sources.queue.send([b"{}"], Clock().deadline())
        until(lambda: len(recorder.of("work")) == 2)
        time.sleep(0.05)
    assert len(recorder.of("work")) == 2
    assert not any("given up" in line for line in said)


def test_when_it_stops_what_waits_in_the_stream_is_indexed_first():
    recorder = Recorder()
    with running(recorder, batch_window_s=60) as (sources, _):
        sources.tap.put(1)
        time.sleep(0.1)
        sources.tap.put(2)
    assert [event["Records"] for event in recorder.of("index_stream")] == [[1], [2]]
    assert not [thread for thread in threading.enumerate() if thread.name in {"stream", "tick", "queue"}]


def test_that_blocks_were_passed_over_is_said():
    with running(Recorder()) as (sources, said):
        sources.tap.lost = 12
        until(lambda: said)
    assert said[0].startswith("more comes than can be indexed here: 12 blocks")


class TestLocalQueue(WorkQueueContract):
    @pytest.fixture
    def queue(self) -> LocalQueue:
        return LocalQueue()

    @pytest.fixture
    def taken(self, queue: LocalQueue):
        return lambda: list(iter(lambda: queue.take(0.001), None))
