import base64
import json

import pytest

from chalicelib.codecs.otlp import json as otlp_json
from chalicelib.codecs.otlp import protobuf
from chalicelib.functions.receive_queue import receive_queue
from chalicelib.functions.receiving import GROUP_BYTES
from chalicelib.model.block import Block
from chalicelib.model.errors import StoreError
from chalicelib.views.dead_letters import MAX_CONTENT_BYTES
from tests.codecs.otlp.actors import message, sent_by, span
from tests.function_lines import TRACE_ID, end, made
from tests.functions.events import Context, queue_event
from tests.functions.received import letters, span_names
from tests.in_memory import services_in_memory
from tests.recording import BrokenStore

OTLP = message(sent_by("checkout", span(name="by otlp", trace_id=bytes.fromhex(TRACE_ID))))


@pytest.fixture
def services(telemetry, clock):
    return services_in_memory(telemetry=telemetry, now_ns=clock.now_ns)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (end(), "checkout"),
        (otlp_json.encode(OTLP).decode(), "by otlp"),
        (base64.b64encode(protobuf.encode(OTLP)).decode(), "by otlp"),
        (
            json.dumps({
                "__otel_otlp_stdout": "1.0.0", "source": "checkout", "content-type": "application/x-protobuf",
                "payload": base64.b64encode(protobuf.encode(OTLP)).decode(), "base64": True,
            }),
            "by otlp",
        ),
    ],
    ids=["line", "json", "protobuf", "otlp-stdout"],
)  # fmt: skip
def test_a_message_is_read_in_every_form_in_which_spans_are_sent(services, clock, body, name):
    assert receive_queue(services, queue_event(body), Context(clock)) == {"batchItemFailures": []}
    assert span_names(services, clock) == [name]


def test_messages_of_one_batch_share_a_write(services, clock):
    bodies = [end(made(str(number), span_id=f"{number:016x}")) for number in range(1, 6)]
    receive_queue(services, queue_event(*bodies), Context(clock))
    assert len(list(services.blocks.read("default", TRACE_ID, clock.deadline()))) == 1


def test_a_message_that_nobody_can_read_is_kept_as_a_dead_letter_and_not_given_again(services, clock, telemetry):
    answer = receive_queue(services, queue_event("hello", end(), "aGVsbG8="), Context(clock))
    assert answer == {"batchItemFailures": []}
    assert span_names(services, clock) == ["checkout"]
    assert {name: letter["content"] for name, letter in letters(services, clock).items()} == {
        "queue#m0": "hello",
        "queue#m2": "hello",
    }
    assert telemetry.counts["records_dead"] == 2


def test_the_same_message_given_twice_is_one_letter(services, clock):
    for _ in range(2):
        receive_queue(services, queue_event("hello"), Context(clock))
    assert list(letters(services, clock)) == ["queue#m0"]


def test_a_letter_keeps_no_more_of_a_message_than_a_view_can_hold(services, clock):
    receive_queue(services, queue_event("!" * 2 * MAX_CONTENT_BYTES), Context(clock))
    [letter] = letters(services, clock).values()
    assert (letter["bytes"], len(letter["content"])) == (2 * MAX_CONTENT_BYTES, MAX_CONTENT_BYTES)


class FullStore(BrokenStore):
    """Takes the first write, and no other."""

    def __init__(self):
        super().__init__(StoreError("away"))
        self.kept: list[Block] = []

    def write(self, tenant, blocks, deadline, *, undecided=False):
        if self.kept:
            super().write(tenant, blocks, deadline)
        self.kept.extend(blocks)


def test_messages_that_the_store_did_not_take_are_named_and_the_others_are_done(clock, telemetry):
    """A batch of more than a megabyte is kept in several writes."""
    services = services_in_memory(blocks=FullStore(), telemetry=telemetry, now_ns=clock.now_ns)
    padding = " " * (GROUP_BYTES // 2)
    answer = receive_queue(services, queue_event(*[end() + padding] * 3), Context(clock))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}
    assert [said for said, _ in telemetry.failures] == [f"message {name} was not kept" for name in ("m1", "m2")]


def test_where_all_fail_the_invocation_does(clock):
    services = services_in_memory(blocks=BrokenStore(StoreError("away")), now_ns=clock.now_ns)
    with pytest.raises(StoreError):
        receive_queue(services, queue_event(end(), end()), Context(clock))


def test_messages_that_are_too_much_together_are_kept_one_by_one(telemetry, clock):
    class Small(FullStore):
        def write(self, tenant, blocks, deadline, *, undecided=False):
            if sum(block.span_count for block in blocks) > 1:
                raise ValueError("a bug that shows when there are two")
            self.kept.extend(blocks)

    services = services_in_memory(blocks=Small(), telemetry=telemetry, now_ns=clock.now_ns)
    bodies = [end(made(str(number), span_id=f"{number:016x}")) for number in (1, 2)]
    both = end(made("3", span_id="3" * 16), made("4", span_id="4" * 16))
    assert receive_queue(services, queue_event(*bodies, both), Context(clock)) == {"batchItemFailures": []}
    assert len(services.blocks.kept) == 2
    assert [(name, letter["reason"]) for name, letter in letters(services, clock).items()] == [
        ("queue#m2", "ValueError")
    ]
