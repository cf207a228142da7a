"""What a caller is told, and what is kept, when DynamoDB or the way to it fails; under the SDK's own retry loop."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.model.errors import StoreError, StoreThrottled
from chalicelib.storage.dynamodb.client import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, TOTAL_ATTEMPTS
from chalicelib.storage.dynamodb.facts import DynamoBlockStore, Retention
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.writer import Backoff, Writer
from tests import faults as f
from tests.clocks import Clock
from tests.contracts.block_store import RETENTION_S, TENANT, block, in_any_order, noise, trace_id
from tests.engines import FACTS_TABLE, moto_tables

POST = [block(trace_id(n), noise(n, 60)) for n in range(1, 61)]  # three calls: 25, 25, 10
ONE_CALL = POST[:20]


def kept(store: DynamoBlockStore, clock: Clock, traces: int = 60) -> list:
    """Every block of the first traces that the table has."""
    return in_any_order(one for n in range(traces) for one in store.read(TENANT, trace_id(n + 1), clock.deadline()))


def item_keys(call: f.Call) -> list:
    return [(item["pk"]["B"], item["sk"]["B"]) for item in call.items]


def test_a_call_has_at_most_25_items_and_names_no_key_twice(facts, clock):
    with f.faults(f.served_well) as calls:
        facts.write(TENANT, [*POST, *POST[:30]], clock.deadline())
    assert sorted(len(call.items) for call in calls) == [10, 25, 25]
    keys = [key for call in calls for key in item_keys(call)]
    assert len(set(keys)) == len(keys) == 60


def test_one_block_is_one_call_and_no_block_none(facts, clock):
    with f.faults(f.served_well) as calls:
        facts.write(TENANT, [], clock.deadline())
        facts.write(TENANT, POST[:1], clock.deadline())
    assert [call.operation for call in calls] == ["BatchWriteItem"]


@pytest.mark.parametrize(
    "fault",
    [
        f.throttled,
        f.refused("ThrottlingException"),
        f.refused("RequestLimitExceeded"),
        f.broken,
        f.refused("ServiceUnavailable", 503),
        f.unreachable,
        f.unanswered,
        f.applied_but_unanswered,
        f.applied_but_garbled,
    ],
)
def test_a_failure_that_passes_is_not_noticed(facts, clock, fault):
    with f.faults(f.in_turn(fault, fault), clock) as calls:
        facts.write(TENANT, ONE_CALL, clock.deadline())
    assert len(calls) == TOTAL_ATTEMPTS
    assert kept(facts, clock) == in_any_order(ONE_CALL)


@pytest.mark.parametrize("fault", [f.throttled, f.unreachable, f.broken, f.unanswered, f.applied_but_garbled])
def test_a_read_survives_a_failure_that_passes(facts, clock, fault):
    facts.write(TENANT, ONE_CALL, clock.deadline())
    with f.faults(f.in_turn(fault, operation="Query"), clock):
        assert list(facts.read(TENANT, trace_id(1), clock.deadline())) == [POST[0]]


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
)
def test_a_table_that_stays_throttled_asks_the_sender_to_slow_down(facts, clock, code):
    deadline = clock.deadline()
    with f.faults(f.always(f.refused(code)), clock):
        with pytest.raises(StoreThrottled) as write:
            facts.write(TENANT, POST, deadline)
        with pytest.raises(StoreThrottled):
            list(facts.read(TENANT, trace_id(1), deadline))
    assert deadline.remaining_s() > 0
    assert (write.value.status, write.value.retry_after_s) == (429, 1)
    assert write.value.__cause__ is not None
    assert write.value.__notes__ == [f"{code} in BatchWriteItem on table {FACTS_TABLE}"]


@pytest.mark.parametrize("fault", [f.broken, f.unreachable, f.unanswered, f.refused("ItemCollectionSizeWhatever")])
def test_a_store_that_stays_away_is_unavailable_soon(facts, clock, fault):
    deadline = clock.deadline()
    with f.faults(f.always(fault), clock) as calls:
        with pytest.raises(StoreError) as write:
            facts.write(TENANT, ONE_CALL, deadline)
        with pytest.raises(StoreError):
            list(facts.read(TENANT, trace_id(1), deadline))
    assert write.value.status == 503
    assert len(calls) <= 2 * TOTAL_ATTEMPTS
    assert deadline.remaining_s() > 10


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "policy"),
        ("ResourceNotFoundException", "SPANFOLD_"),
        ("ValidationException", "malformed"),
        ("UnrecognizedClientException", "credentials"),
    ],
)
def test_a_mistake_in_the_set_up_is_told_to_the_operator_and_not_to_the_sender(facts, clock, code, hint):
    with f.faults(f.always(f.refused(code)), clock) as calls, pytest.raises(StoreError) as refusal:
        facts.write(TENANT, ONE_CALL, clock.deadline())
    assert refusal.value.status == 503
    assert refusal.value.detail == "the store is not set up properly"
    [note] = refusal.value.__notes__
    assert f"{code} in BatchWriteItem on table {FACTS_TABLE}" in note
    assert hint in note
    assert len(calls) == 1  # asking again would not help


def test_items_that_are_handed_back_are_sent_again_after_growing_pauses(facts, clock):
    with f.faults(f.in_turn(f.taking(8), f.taking(0), f.taking(5)), clock) as calls:
        facts.write(TENANT, ONE_CALL, clock.deadline())
    assert [len(call.items) for call in calls] == [20, 12, 12, 7]
    assert clock.naps_s == [0.025, 0.05, 0.1]  # half of each bound, as `facts` is given 0.5 for chance
    assert kept(facts, clock) == in_any_order(ONE_CALL)


def test_only_what_was_handed_back_is_sent_again_in_each_of_several_calls(facts, clock):
    seen = set()

    def takes_nine_of_what_is_new(call):
        is_new = seen.isdisjoint(item_keys(call))
        seen.update(item_keys(call))
        return f.taking(9) if is_new else f.served

    with f.faults(takes_nine_of_what_is_new, clock) as calls:
        facts.write(TENANT, POST, clock.deadline())
    assert sorted(len(call.items) for call in calls) == [1, 10, 16, 16, 25, 25]
    assert kept(facts, clock) == in_any_order(POST)


def test_items_that_are_handed_back_for_ever_end_as_throttling_before_the_deadline(facts, clock):
    deadline = clock.deadline(in_s=10)
    with f.faults(f.always(f.taking(0), "BatchWriteItem"), clock) as calls, pytest.raises(StoreThrottled):
        facts.write(TENANT, ONE_CALL, deadline)
    assert 0 < deadline.remaining_s() < 2
    assert len(calls) < 25


def test_chance_decides_the_length_of_a_pause(dynamodb, clock):
    store = _store(dynamodb, clock, iter([0.0, 1.0, 0.25]).__next__)
    with f.faults(f.in_turn(*[f.taking(3)] * 3)):
        store.write(TENANT, ONE_CALL, clock.deadline())
    assert clock.naps_s == [0.0, 0.1, 0.05]


def test_a_write_that_was_applied_but_not_answered_is_not_doubled(facts, clock):
    with f.faults(f.in_turn(f.applied_but_unanswered), clock):
        facts.write(TENANT, ONE_CALL, clock.deadline())
    assert kept(facts, clock) == in_any_order(ONE_CALL)


def test_no_attempt_is_begun_after_the_deadline(facts, clock):
    """Each attempt here takes as long as its time-outs allow, and nobody waits for the third."""

    def slowly(call):
        clock.advance_s(CONNECT_TIMEOUT_S + READ_TIMEOUT_S)
        return f.unanswered(call)

    deadline = clock.deadline(in_s=4)
    with f.faults(f.always(slowly), clock) as calls, pytest.raises(StoreError):
        facts.write(TENANT, ONE_CALL, deadline)
    assert len(calls) <= 2


def test_an_answer_that_says_nothing_is_not_an_acknowledgement(facts, clock):
    """The SDK reads a body that is no JSON as an answer without fields."""
    with f.faults(f.always(f.applied_but_unreadable), clock):
        with pytest.raises(StoreError):
            facts.write(TENANT, ONE_CALL, clock.deadline())
        with pytest.raises(StoreError):
            list(facts.read(TENANT, trace_id(1), clock.deadline()))


def test_a_read_that_fails_on_a_later_page_says_so_and_never_gives_half_a_trace_as_a_whole(facts, clock):
    blocks = [block(trace_id(1), noise(n, 300_000)) for n in range(8)]
    facts.write(TENANT, blocks, clock.deadline())
    seen = []
    with f.faults(lambda call: f.broken if call.number > 1 else f.served, clock), pytest.raises(StoreError):
        seen.extend(facts.read(TENANT, trace_id(1), clock.deadline()))
    assert 0 < len(seen) < 8


def test_a_reader_who_takes_too_long_over_a_page_gets_no_other(facts, clock):
    blocks = [block(trace_id(1), noise(n, 300_000)) for n in range(8)]
    facts.write(TENANT, blocks, clock.deadline())
    reading = facts.read(TENANT, trace_id(1), clock.deadline(in_s=5))
    next(reading)
    clock.advance_s(6)
    with pytest.raises(StoreError):
        list(reading)


def test_a_failed_call_does_not_keep_the_other_calls_from_being_finished(facts, clock):
    """Nothing is still being written when the caller hears of the failure."""
    refuses_one = f.at(2, f.refused("AccessDeniedException"))
    with f.faults(refuses_one, clock) as calls, pytest.raises(StoreError):
        facts.write(TENANT, POST, clock.deadline())
    assert len(calls) == 3
    assert len(kept(facts, clock)) in {35, 50}


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize(
    "fatal", [f.at(step, death) for step in (1, 2, 3, 4) for death in (f.dies, f.applied_then_dies)]
)
def test_a_function_that_dies_at_any_call_loses_nothing_once_the_post_is_sent_again(
    dynamodb, facts, clock, fatal, lanes
):
    def plan(call):
        return f.taking(7) if call.number == 1 and fatal(call) is f.served else fatal(call)

    writer = Writer(connection=dynamodb, table=FACTS_TABLE, backoff=Backoff(lambda: 0.5, clock.sleep), lanes=lanes)
    items = [to_item(tenant_prefix(TENANT), one, 0, clock.at_ns // 10**9 + RETENTION_S) for one in POST]
    with f.faults(plan, clock), pytest.raises(SystemExit):
        writer.put(items, clock.deadline())
    facts.write(TENANT, POST, clock.deadline())
    assert kept(facts, clock) == in_any_order(POST)


SMALL_POST = [block(trace_id(1 + n % 2), noise(n, 60)) for n in range(30)]  # two calls, two traces

OUTCOMES = st.sampled_from(
    [
        *[f.served] * 6,
        f.throttled,
        f.broken,
        f.unanswered,
        f.applied_but_unanswered,
        f.applied_but_garbled,
        f.applied_but_unreadable,
        f.unreachable,
        f.refused("AccessDeniedException"),
        f.taking(0),
        f.taking(3),
        f.taking(24),
    ]
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedule=st.lists(OUTCOMES, max_size=14), chance=st.integers(0, 2**32), wait_s=st.sampled_from([0.2, 3, 25]))
def test_under_any_faults_a_write_that_returned_is_readable_and_one_that_raised_is_retryable(schedule, chance, wait_s):
    clock = Clock()
    with moto_tables() as connection:
        store = _store(connection, clock, random.Random(chance).random)
        with f.faults(f.in_turn(*schedule, operation="BatchWriteItem"), clock):
            try:
                store.write(TENANT, SMALL_POST, clock.deadline(in_s=wait_s))
            except StoreError as error:
                refusal = error
            else:
                refusal = None
        if refusal:
            assert refusal.status in {429, 503}
            assert refusal.retry_after_s
            store.write(TENANT, SMALL_POST, clock.deadline())  # as the sender does, later
        assert kept(store, clock, traces=2) == in_any_order(SMALL_POST)


def _store(connection, clock, chance) -> DynamoBlockStore:
    return DynamoBlockStore(
        connection=connection,
        table=FACTS_TABLE,
        retention=Retention(RETENTION_S, RETENTION_S),
        now_ns=clock.now_ns,
        backoff=Backoff(chance, clock.sleep),
    )
