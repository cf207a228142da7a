"""The tables fail while somebody reads what was derived, and while it is being derived.

A reader gets the whole answer, a part that says so, or 429 or 503 with a time to wait: never 500, never less in
silence. What a function could not do is done by the next delivery or tick, and comes out as if nothing had happened.
"""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.functions.index_stream import index_stream
from chalicelib.functions.seal import seal
from chalicelib.functions.work import work
from chalicelib.model.access import Scope
from chalicelib.model.errors import StoreError
from chalicelib.model.view import SYSTEM_TENANT
from chalicelib.storage.view_names import dead_partition
from chalicelib.views import messages
from tests import faults as f
from tests.clocks import NOON_NS
from tests.end_to_end.backend import Backend, Keys
from tests.end_to_end.questions import EVERY, LINKED, NATIVE, S, around, is_partial, shop
from tests.engines import CONTROL_TABLE, FACTS_TABLE, VIEWS_TABLE, moto_tables
from tests.functions.events import Context, queue_event

LASTING = [f.throttled, f.refused("ThrottlingException"), f.refused("AccessDeniedException"), f.broken, f.unreachable]
LASTING += [f.unanswered, f.applied_but_unreadable]
PASSING = [f.throttled, f.broken, f.unreachable, f.unanswered, f.applied_but_unreadable]
ONLY_VIEWS = [each for each in EVERY if "/traces/" not in each]


@pytest.fixture(scope="module")
def indexed():
    """Six traces, of which half are sealed."""
    with moto_tables() as connection:
        backend = Backend(connection)
        posts = shop(count=6, at_ns=backend.clock.at_ns)
        for post in posts[:3]:
            assert backend.post(post).status == 200
        backend.index()
        backend.seal(8)
        for post in posts[3:]:
            assert backend.post(post).status == 200
        backend.index()
        yield backend


@pytest.fixture
def asking(indexed):
    """Asks at the same moment in every test, whatever time passed in others."""
    now_ns = indexed.clock.at_ns
    yield lambda question: indexed.get(question + around(now_ns))
    indexed.clock.at_ns = now_ns


def content(reply) -> object:
    """What an answer says, without what it cost."""
    told = json.loads(reply.body)
    for name in ("scanned", "metrics"):
        told.pop(name, None)
    return told


def says_when_to_come_back(reply, question: str) -> bool:
    """429 or 503, with a time to wait, in the words of its dialect."""
    assert reply.status in {429, 503}, (question, reply)
    assert int(reply.headers["retry-after"]) >= 1
    if question.startswith("/tempo"):
        return reply.headers["content-type"].startswith("text/plain")
    return set(reply.json()["error"]) == {"code", "message"}


def test_every_question_is_about_something(asking):
    for question in EVERY:
        reply = asking(question)
        assert reply.status == 200, (question, reply)
        assert b"shop" in reply.body or b"Z2V0" in reply.body or LINKED.encode() in reply.body, (question, reply)
        assert not is_partial(reply.json()), question


@pytest.mark.parametrize("fault", LASTING)
def test_while_views_are_away_every_reader_is_told_to_come_back(asking, fault, indexed):
    for question in ONLY_VIEWS:
        with f.faults(f.on_table(VIEWS_TABLE, f.always(fault)), indexed.clock):
            assert says_when_to_come_back(asking(question), question)


@pytest.mark.parametrize("fault", [f.throttled, f.applied_but_unreadable])
def test_while_facts_are_away_nobody_is_told_that_there_are_none(asking, fault, indexed):
    for question in EVERY:
        before = content(asking(question))
        with f.faults(f.on_table(FACTS_TABLE, f.always(fault)), indexed.clock):
            reply = asking(question)
        if reply.status == 200:  # it did not take facts to answer
            assert content(reply) == before
        else:
            assert says_when_to_come_back(reply, question)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(question=st.sampled_from(EVERY), outcomes=st.lists(st.sampled_from([f.served, f.served, *PASSING]), max_size=20))
def test_whatever_fails_on_the_way_an_answer_is_whole_or_says_otherwise(asking, indexed, question, outcomes):
    before = content(asking(question))
    with f.faults(f.in_turn(*outcomes, operation="Query"), indexed.clock):
        for _ in range(10):
            reply = asking(question)
            if reply.status == 200:
                break
            assert says_when_to_come_back(reply, question)
    assert reply.status == 200
    assert is_partial(reply.json()) or content(reply) == before


def test_markers_that_are_not_to_be_seen_yet_cost_time_and_hide_nothing(asking, indexed):
    stale = f.stale(lambda partition: "sealed#" in partition)
    for question in EVERY:
        before = content(asking(question))
        with f.faults(stale, indexed.clock):
            reply = asking(question)
        if "attributes" in question or "tag" in question:  # how many traces have a value is known roughly
            assert reply.status == 200
        else:
            assert content(reply) == before, question


@pytest.mark.parametrize("fault", [f.throttled, f.unreachable])
def test_a_gate_whose_keys_cannot_be_read_keeps_everybody_out_for_now(dynamodb, clock, fault):
    keys = Keys(dynamodb, clock)
    key = keys.make("acme", Scope.READ)
    backend = Backend(dynamodb, clock=clock, gate=keys.gate)
    with f.faults(f.on_table(CONTROL_TABLE, f.always(fault)), clock):
        for question in EVERY:
            assert says_when_to_come_back(backend.get(question + around(clock.at_ns), **key), question)


# What writes views


def derived(backend: Backend) -> list[object]:
    """What every question is answered with, once all has been sealed."""
    backend.seal(8)
    backend.clock.at_ns = NOON_NS + 1200 * S
    backend.seal(1)
    return [content(backend.get(question + around(backend.clock.at_ns))) for question in NATIVE]


def posted(connection) -> tuple[Backend, dict]:
    """A backend that knows of nothing yet, and the event that will tell it."""
    backend = Backend(connection, seal_piece_traces=4)
    for post in shop(count=6):
        assert backend.post(post).status == 200
    return backend, backend.stream()


@pytest.fixture(scope="module")
def undisturbed() -> list[object]:
    with moto_tables() as connection:
        backend, event = posted(connection)
        index_stream(backend.services, event, Context(backend.clock))
        return derived(backend)


def deliver(backend: Backend, event) -> int:
    """Until the function does not raise, as Lambda does; how often it had to be."""
    for attempt in range(20):
        try:
            index_stream(backend.services, event, Context(backend.clock))
        except (StoreError, SystemExit):
            continue
        return attempt
    raise AssertionError("it never ended well")


def tick(backend: Backend) -> None:
    with suppress(StoreError, SystemExit):
        seal(backend.services, Context(backend.clock))


@pytest.mark.parametrize("fault", [f.throttled, f.unreachable, f.unanswered, f.taking(0)])
def test_while_views_cannot_be_put_the_stream_is_held_up_and_nothing_of_it_is_lost(dynamodb, clock, undisturbed, fault):
    backend, event = posted(dynamodb)
    with f.faults(f.on_table(VIEWS_TABLE, f.always(fault)), backend.clock), pytest.raises(StoreError):
        index_stream(backend.services, event, Context(backend.clock))
    assert deliver(backend, event) == 0
    assert derived(backend) == undisturbed


@pytest.mark.parametrize("fault", [f.dies, f.applied_then_dies, f.taking(1), f.applied_but_unanswered, f.throttled])
def test_wherever_a_function_dies_the_next_delivery_and_tick_make_up_for_it(undisturbed, fault):
    for number in range(1, 30):
        with moto_tables() as connection:
            backend, event = posted(connection)
            with f.faults(f.at(number, fault), backend.clock) as calls:
                deliver(backend, event)
                backend.clock.advance_s(240)
                tick(backend)
            tick(backend)
            assert derived(backend) == undisturbed, number
        if sum(call.operation == "BatchWriteItem" for call in calls) < number:
            return
    raise AssertionError("there is no end to the calls")


def test_a_record_that_is_none_is_put_aside_and_the_others_are_found(undisturbed):
    with moto_tables() as connection:
        backend, event = posted(connection)
        spoilt = json.loads(json.dumps(event["Records"][0]))
        spoilt["dynamodb"]["SequenceNumber"] = "7"
        spoilt["dynamodb"]["NewImage"]["b"]["B"] = "AAAA"
        event["Records"][2:2] = [spoilt, {}, {"eventName": "INSERT", "dynamodb": None}]
        assert deliver(backend, event) == 0
        letters = backend.services.views.read(
            SYSTEM_TENANT, dead_partition(backend.clock.at_ns // S), backend.clock.deadline()
        )
        assert {view.sort for view in letters} == {"7", "unknown"}
        assert derived(backend) == undisturbed


NO_WORK = ["", "{}", "[]", '{"do": "seal"}', '{"do": "tick", "tenant": "", "is_deep": false}']
NO_WORK += [
    json.dumps({"do": "seal", "tenant": tenant, "window": window, "piece": piece})
    for tenant, window, piece in [
        ("a#b", 60, "-"),
        ("default", -60, "-"),
        ("default", 10**30, "-"),
        ("default", 60, ""),
        ("default", 60, "-0#1"),
        ("default", 60, "-\n"),
    ]
]


def test_a_message_that_means_nothing_is_a_dead_letter_and_only_those_that_failed_are_given_again(
    dynamodb, undisturbed
):
    backend, event = posted(dynamodb)
    deliver(backend, event)
    backend.clock.advance_s(240)
    good = messages.encode(messages.TenantWork(tenant="default", is_deep=False)).decode()
    assert work(backend.services, queue_event(*NO_WORK, good), Context(backend.clock)) == {"batchItemFailures": []}
    assert len([said for said, _ in backend.telemetry.warnings if said == "dead letter"]) == len(NO_WORK)
    assert derived(backend) == undisturbed


def test_what_could_not_be_worked_on_is_named_and_nothing_else_is(dynamodb, clock):
    backend, event = posted(dynamodb)
    deliver(backend, event)
    backend.clock.advance_s(240)
    broken = messages.encode(messages.TenantWork(tenant="broken", is_deep=False)).decode()
    good = messages.encode(messages.TenantWork(tenant="default", is_deep=False)).decode()

    def plan(call: f.Call) -> f.Outcome:
        return f.throttled if "broken" in json.dumps(call.body) else f.served

    with f.faults(plan, backend.clock):
        told = work(backend.services, queue_event(good, broken), Context(backend.clock))
    assert told == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
