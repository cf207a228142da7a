import pytest

from chalicelib.functions.seal import seal
from chalicelib.model.errors import StoreError
from tests.functions.events import Context
from tests.in_memory import services_in_memory


@pytest.fixture
def services(telemetry, clock):
    return services_in_memory(telemetry=telemetry, now_ns=clock.now_ns)


def test_a_tick_has_the_time_that_lambda_leaves(services, clock):
    left = []
    seal(services, Context(clock, left_s=55), tick=lambda _, deadline: left.append(deadline.remaining_s()))
    assert left == [51]


def test_a_tick_that_fails_is_logged_and_counts_as_failed(services, clock, telemetry):
    away = StoreError("the store failed")

    def fails(services, deadline):
        raise away

    with pytest.raises(StoreError):
        seal(services, Context(clock), tick=fails)
    assert telemetry.failures == [("seal failed", away)]


def test_without_a_queue_the_tick_does_what_it_would_have_sent_while_there_is_time(services, clock, telemetry):
    done = []

    def tick(services, deadline):
        services.queue.send([b"first", b"second", b"third"], deadline)

    def perform(services, message, deadline):
        done.append(message)
        clock.advance_s(30)

    seal(services, Context(clock, left_s=55), tick=tick, perform=perform)
    assert done == [b"first", b"second"]
    assert telemetry.warnings == [("work waits in a process without a queue", {"messages": 1})]
    assert services.queue.take() == [b"third"]
