import pytest

from chalicelib.functions.index_stream import index_stream
from chalicelib.functions.invocation import MARGIN_MS
from chalicelib.model.errors import StoreThrottled
from tests.contracts.block_store import block, trace_id
from tests.functions.events import Context, stream_event
from tests.in_memory import services_in_memory


class RecordingIndex:
    """Remembers what it was given; raises `error`, if there is one."""

    def __init__(self, error=None):
        self.error = error
        self.given = []

    def __call__(self, services, arrivals, deadline, bad_records):
        self.given.append((arrivals, deadline.remaining_s(), bad_records))
        if self.error is not None:
            raise self.error


@pytest.fixture
def services(telemetry, clock):
    return services_in_memory(telemetry=telemetry, now_ns=clock.now_ns)


def test_the_blocks_of_an_event_are_indexed_together_in_their_order(services, clock):
    index = RecordingIndex()
    index_stream(services, stream_event([block(trace_id(n)) for n in (3, 1, 2)]), Context(clock), index=index)
    [(arrivals, _, bad_records)] = index.given
    assert [arrival.kept.block.trace_id for arrival in arrivals] == [trace_id(n) for n in (3, 1, 2)]
    assert bad_records == []


def test_a_record_that_cannot_be_read_goes_along_as_such_and_nothing_is_raised(services, clock):
    event = stream_event([block(trace_id(1)), block(trace_id(2))])
    event["Records"][0]["dynamodb"]["NewImage"]["f"] = {"N": "77"}
    index = RecordingIndex()
    index_stream(services, event, Context(clock), index=index)
    [(arrivals, _, [bad])] = index.given
    assert [arrival.kept.block.trace_id for arrival in arrivals] == [trace_id(2)]
    assert "format 77" in bad.reason


def test_when_the_store_is_away_the_invocation_fails_so_that_lambda_repeats_the_batch(services, clock, telemetry):
    away = StoreThrottled("the store is busy")
    with pytest.raises(StoreThrottled):
        index_stream(services, stream_event([block(trace_id(1))]), Context(clock), index=RecordingIndex(away))
    assert telemetry.failures == [("index_stream failed", away)]


def test_it_works_until_a_little_before_lambda_would_end_it_and_is_told_of_by_its_request(services, clock, telemetry):
    index = RecordingIndex()
    index_stream(services, stream_event([]), Context(clock, left_s=60), index=index)
    assert index.given[0][1] == 60 - MARGIN_MS / 1000
    assert telemetry.request_ids == ["8a1c"]


def test_work_that_it_leaves_in_a_process_without_a_queue_is_done_at_once(services, clock):
    done = []

    def index(services, arrivals, deadline, bad_records):
        services.queue.send([b"seal it again"], deadline)

    def perform(services, message, deadline):
        done.append(message)

    index_stream(services, stream_event([block(trace_id(1))]), Context(clock), index=index, perform=perform)
    assert done == [b"seal it again"]
