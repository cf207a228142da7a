import pytest

from chalicelib.functions.receive_logs import receive_logs
from chalicelib.model.errors import PayloadError, StoreError
from chalicelib.model.view import SYSTEM_TENANT
from chalicelib.settings import Settings
from chalicelib.storage.view_names import dead_partition
from tests.clocks import NOON_NS
from tests.function_lines import MS, TIMED_OUT, TRACE_ID, end, made, start
from tests.functions.events import Context, logs_event
from tests.functions.received import letters, span_names
from tests.in_memory import services_in_memory
from tests.recording import BrokenStore


@pytest.fixture
def services(telemetry, clock):
    return services_in_memory(telemetry=telemetry, now_ns=clock.now_ns)


def test_the_spans_of_a_delivery_are_kept_and_the_users_own_lines_passed_over(services, clock, telemetry):
    receive_logs(
        services, logs_event("START RequestId: x", start(), "hello", end(), '{"level":"INFO"}'), Context(clock)
    )
    assert span_names(services, clock) == ["checkout"]
    assert (telemetry.counts["spans_received"], telemetry.counts["spans_stored"]) == (1, 1)
    assert telemetry.warnings == telemetry.notes == []


def test_spans_of_one_trace_in_several_lines_are_one_write(services, clock):
    lines = [end(made(str(number), span_id=f"{number:016x}")) for number in range(1, 9)]
    receive_logs(services, logs_event(*lines), Context(clock))
    assert len(list(services.blocks.read("default", TRACE_ID, clock.deadline()))) == 1


def test_they_belong_to_the_tenant_of_the_settings(telemetry, clock):
    services = services_in_memory(settings=Settings(receiver_tenant="acme"), now_ns=clock.now_ns)
    receive_logs(services, logs_event(end()), Context(clock))
    assert span_names(services, clock, tenant="acme") == ["checkout"]
    assert span_names(services, clock) == []


def test_a_function_that_died_between_two_deliveries_is_closed_and_counted(services, clock, telemetry):
    receive_logs(services, logs_event(start()), Context(clock))
    assert span_names(services, clock) == []
    receive_logs(services, logs_event(TIMED_OUT, at_ms=NOON_NS // MS + 3000), Context(clock))
    assert span_names(services, clock) == ["checkout"]
    assert telemetry.counts["spans_closed"] == 1


def test_a_line_that_cannot_be_read_is_counted_told_and_kept_and_stands_in_nobodys_way(services, clock, telemetry):
    secret = '{"__spanfold":1,"kind":"spans","secret":true}'
    receive_logs(services, logs_event(end(), secret), Context(clock))
    assert span_names(services, clock) == ["checkout"]
    assert telemetry.counts["records_dead"] == 1
    [(name, letter)] = letters(services, clock).items()
    assert name.startswith("logs#")
    assert letter["log_group"] == "/aws/lambda/checkout"
    assert letter["content"] == secret
    [(said, fields)] = telemetry.warnings
    assert said == "dead letter"
    assert "secret" not in str(fields)


def test_a_line_of_which_one_span_is_wrong_keeps_the_others_and_notes_it(services, clock, telemetry):
    bad = end(made(), made("bad", span_id="b" * 16)).replace("b" * 16, "c")
    receive_logs(services, logs_event(bad), Context(clock))
    assert span_names(services, clock) == ["checkout"]
    assert telemetry.notes == [("spans were rejected", {"spans_rejected": 1, "spans_stored": 1})]


def test_a_store_that_is_away_makes_lambda_try_again(clock, telemetry):
    services = services_in_memory(blocks=BrokenStore(StoreError("away")), telemetry=telemetry, now_ns=clock.now_ns)
    with pytest.raises(StoreError):
        receive_logs(services, logs_event(end(), '{"__spanfold":'), Context(clock))
    assert list(services.views.read(SYSTEM_TENANT, dead_partition(NOON_NS // 10**9), clock.deadline())) == []
    assert [said for said, _ in telemetry.failures] == ["receive_logs failed"]


def test_a_control_message_is_no_work(services, clock, telemetry):
    receive_logs(services, logs_event(messageType="CONTROL_MESSAGE"), Context(clock))
    assert telemetry.counts["spans_received"] == 0


@pytest.mark.parametrize("event", [{}, {"awslogs": {}}, {"awslogs": {"data": "%"}}, {"awslogs": []}])
def test_an_event_that_is_no_delivery_is_an_error_that_somebody_sees(services, clock, event):
    with pytest.raises(PayloadError, match=r"no awslogs\.data"):
        receive_logs(services, event, Context(clock))


def test_a_delivery_that_is_garbage_is_a_dead_letter(services, clock):
    receive_logs(services, {"awslogs": {"data": "H4sIAAAA"}}, Context(clock))
    assert list(letters(services, clock)) == [f"logs#{Context.aws_request_id}"]
