import pytest

from chalicelib.codecs.otlp import protobuf
from chalicelib.functions.receive_stream import receive_stream
from chalicelib.functions.receiving import GROUP_BYTES
from chalicelib.model.errors import StoreError
from tests.clocks import NOON_NS
from tests.codecs.otlp.actors import message, sent_by, span
from tests.function_lines import MS, TIMED_OUT, TRACE_ID, end, made, start
from tests.functions.events import Context, delivered, kinesis_event, subscription
from tests.functions.received import letters, span_names
from tests.functions.test_receive_queue import FullStore
from tests.in_memory import services_in_memory
from tests.recording import BrokenStore


@pytest.fixture
def services(telemetry, clock):
    return services_in_memory(telemetry=telemetry, now_ns=clock.now_ns)


def test_a_stream_may_hold_lines_otlp_and_what_log_subscriptions_deliver(services, clock):
    otlp = protobuf.encode(message(sent_by("checkout", span(name="otlp", trace_id=bytes.fromhex(TRACE_ID)))))
    lines = end(made("line", span_id="1" * 16)).encode()
    log = delivered(subscription("hello", end(made("log", span_id="2" * 16))))
    answer = receive_stream(services, kinesis_event(otlp, lines, log, b"garbage"), Context(clock))
    assert answer == {"batchItemFailures": []}
    assert sorted(span_names(services, clock)) == ["line", "log", "otlp"]
    assert list(letters(services, clock)) == ["stream#4950003"]


def test_a_function_that_died_is_closed_by_deliveries_in_one_batch(services, clock):
    begun = delivered(subscription(start()))
    died = delivered(subscription(TIMED_OUT, at_ms=NOON_NS // MS + 3000))
    receive_stream(services, kinesis_event(died, begun), Context(clock))
    assert set(span_names(services, clock)) == {"checkout"}


def test_after_a_failure_nothing_is_begun_and_lambda_is_told_where_to_go_on(clock, telemetry):
    services = services_in_memory(blocks=FullStore(), telemetry=telemetry, now_ns=clock.now_ns)
    padded = end().encode() + b" " * (GROUP_BYTES // 2)
    answer = receive_stream(services, kinesis_event(*[padded] * 4), Context(clock))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "4950001"}]}
    assert [said for said, _ in telemetry.failures] == ["3 of 4 records were not kept, from 4950001 on"]


def test_where_the_first_fails_the_invocation_does(clock):
    services = services_in_memory(blocks=BrokenStore(StoreError("away")), now_ns=clock.now_ns)
    with pytest.raises(StoreError):
        receive_stream(services, kinesis_event(end().encode()), Context(clock))
