import pytest

from chalicelib.functions.work import perform_waiting, work
from tests.functions.events import Context, queue_event
from tests.in_memory import services_in_memory


@pytest.fixture
def services(telemetry, clock):
    return services_in_memory(telemetry=telemetry, now_ns=clock.now_ns)


def performer(*bad, done=None):
    """Does every message but those in `bad`."""

    def perform(services, message, deadline):
        if message in bad:
            raise ZeroDivisionError(message.decode())
        if done is not None:
            done.append(message)

    return perform


def test_every_message_is_performed(services, clock):
    done = []
    answer = work(services, queue_event('{"a": 1}', '{"b": "ü"}'), Context(clock), perform=performer(done=done))
    assert done == [b'{"a": 1}', '{"b": "ü"}'.encode()]
    assert answer == {"batchItemFailures": []}


def test_a_message_that_fails_is_named_and_does_not_take_the_others_with_it(services, clock, telemetry):
    done = []
    answer = work(services, queue_event("0", "1", "2"), Context(clock), perform=performer(b"1", done=done))
    assert done == [b"0", b"2"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [said for said, _ in telemetry.failures] == ["message m1 was not performed"]


@pytest.mark.parametrize("bodies", [("0",), ("0", "1")])
def test_where_all_fail_the_invocation_does_which_a_mapping_without_partial_answers_understands_too(
    services, clock, bodies
):
    with pytest.raises(ZeroDivisionError):
        work(services, queue_event(*bodies), Context(clock), perform=performer(b"0", b"1"))


def test_no_message_is_no_work(services, clock):
    assert work(services, queue_event(), Context(clock), perform=performer()) == {"batchItemFailures": []}


def test_what_waits_in_the_process_may_leave_more_and_one_failure_stops_nothing(services, clock, telemetry):
    done = []

    def perform(services, message, deadline):
        done.append(message)
        if message == b"split":
            services.queue.send([b"half", b"bad"], deadline)
        if message == b"bad":
            raise ZeroDivisionError

    services.queue.send([b"split", b"other"], clock.deadline())
    perform_waiting(services, clock.deadline(), perform)
    assert done == [b"split", b"other", b"half", b"bad"]
    assert [said for said, _ in telemetry.failures] == ["a message was not performed"]


def test_a_real_queue_is_left_to_its_own_function(clock):
    class Elsewhere:
        def send(self, messages, deadline):
            pytest.fail("nothing is to be sent")

    perform_waiting(services_in_memory(queue=Elsewhere()), clock.deadline(), performer())
