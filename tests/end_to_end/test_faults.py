"""A sender who repeats after 429 and 503, and a DynamoDB that fails in any way it can, in any order."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.messages import TracesData
from tests import faults as f
from tests.codecs.otlp.actors import message, sent_by, span
from tests.end_to_end.backend import MEDIA_TYPES, Backend, trace_ids
from tests.engines import moto_tables
from tests.http_client import Reply

RETRYABLE = {429, 503}
TRACES = [bytes([9]) * 15 + bytes([n]) for n in range(1, 28)]


def post(number: int) -> TracesData:
    """Spans for 27 traces (two calls to DynamoDB) in the first post, for a few of the same ones in the others."""
    traces = TRACES if number == 0 else TRACES[number::8]
    spans = [span(100 * number + n, trace_id, name=f"step {number}") for n, trace_id in enumerate(traces, 1)]
    return message(sent_by(f"function {number}", *spans))


POSTS = [post(number) for number in range(4)]

WRITE_FAULTS = [
    f.throttled,
    f.refused("ThrottlingException"),
    f.refused("RequestLimitExceeded"),
    f.refused("AccessDeniedException"),
    f.broken,
    f.refused("ServiceUnavailable", 503),
    f.unreachable,
    f.unanswered,
    f.applied_but_unanswered,
    f.applied_but_garbled,
    f.applied_but_unreadable,
    f.taking(0),
    f.taking(3),
]
READ_FAULTS = [f.throttled, f.broken, f.unreachable, f.unanswered, f.applied_but_garbled, f.applied_but_unreadable]


def schedules(bad: list[f.Outcome]) -> st.SearchStrategy[list[f.Outcome]]:
    """Good and bad outcomes for as many attempts; later ones are good."""
    return st.lists(st.sampled_from([f.served] * (len(bad) // 2) + bad), max_size=24)


def both(writes: f.Plan, reads: f.Plan) -> f.Plan:
    return lambda call: (writes if call.operation == "BatchWriteItem" else reads)(call)


def until_answered(backend: Backend, ask) -> Reply:
    """What a patient client gets: it waits as long as it is told to, and asks again. Any other error is its last."""
    while True:
        reply = ask()
        assert reply.status in {200, *RETRYABLE}, reply
        if reply.status == 200:
            return reply
        assert int(reply.headers["retry-after"]) >= 1
        backend.clock.sleep(int(reply.headers["retry-after"]))


def everything_in(backend: Backend) -> list[tuple[bytes, ...]]:
    """Every trace as JSON, and those that several posts wrote to in every form."""
    ids = trace_ids(POSTS[0])
    return [(backend.get(f"/v1/traces/{each}").body,) for each in ids] + [backend.readings(each) for each in ids[1:4]]


@pytest.fixture(scope="module")
def undisturbed() -> list[tuple[bytes, ...]]:
    """Everything that can be read when nothing goes wrong."""
    with moto_tables() as connection:
        backend = Backend(connection)
        assert [backend.post(each).status for each in POSTS] == [200] * len(POSTS)
        return everything_in(backend)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    writes=schedules(WRITE_FAULTS),
    reads=schedules(READ_FAULTS),
    order=st.permutations(range(len(POSTS))),
    media=st.sampled_from(MEDIA_TYPES),
)
def test_under_any_faults_what_was_acknowledged_is_read_and_the_end_is_as_if_nothing_had_happened(
    undisturbed, writes, reads, order, media
):
    with moto_tables() as connection:
        backend = Backend(connection)
        plan = both(f.in_turn(*writes), f.in_turn(*reads))
        with f.faults(plan, backend.clock):
            for number in order:
                until_answered(backend, lambda sent=POSTS[number]: backend.post(sent, media))
                trace_id = trace_ids(POSTS[number])[-1]
                read = until_answered(backend, lambda wanted=trace_id: backend.get(f"/v1/traces/{wanted}"))
                assert f'"step {number}"'.encode() in read.body
        assert everything_in(backend) == undisturbed


# Not among those that last: items taken three at a time are all taken in the end, and an answer whose checksum does
# not fit three times in a row is taken by the SDK for an answer all the same.
LASTING = [fault for fault in WRITE_FAULTS[:-1] if fault is not f.applied_but_garbled]


@pytest.mark.parametrize("media", MEDIA_TYPES)
@pytest.mark.parametrize("fault", LASTING)
def test_a_table_that_never_recovers_is_429_or_503_with_a_time_to_wait_and_nothing_is_counted_as_stored(
    backend, media, fault
):
    with f.faults(f.always(fault), backend.clock):
        reply = backend.post(POSTS[0], media)
    assert reply.status in RETRYABLE
    assert (reply.headers["retry-after"], reply.headers["content-type"]) == ("1", media)
    counts = backend.telemetry.counts
    assert (counts["spans_received"], counts["spans_stored"], counts["spans_refused"]) == (27, 0, 27)


@pytest.mark.parametrize("path", ["/v1/traces/{}", "/v1/traces/{}/assembly"])
@pytest.mark.parametrize("fault", [fault for fault in READ_FAULTS if fault is not f.applied_but_garbled])
def test_a_reader_of_a_table_that_never_recovers_is_never_told_that_there_is_no_trace(backend, path, fault):
    backend.post(POSTS[0])
    with f.faults(f.always(fault), backend.clock):
        reply = backend.get(path.format(TRACES[0].hex()))
    assert reply.status in RETRYABLE
    assert reply.headers["retry-after"] == "1"
