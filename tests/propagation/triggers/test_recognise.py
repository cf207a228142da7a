"""All sources at once: the table, what every trigger keeps to, and any JSON as an event."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.triggers.budget import MAX_WIDTH
from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.recognise import recognise
from chalicelib.propagation.triggers.trigger import AT_END, AT_START, Record, Trigger
from chalicelib.propagation.triggers.untrusted import MAX_ID_CHARS, parsed
from tests.propagation.triggers import events

INVOKED = Invoked(
    "request-1", {"custom": {}}, events.XRAY, "arn:aws:lambda:eu-west-1:123456789012:function:pack", "pack"
)
NAMES = sorted({key for _, build in events.EVERY for key in (build() or {}) if isinstance(key, str)})

TEXTS = (
    events.TRACEPARENT, events.XRAY, events.NOON, "aws:sqs", "aws:s3", "\ud800", "{", '{"_trace":1}', "arn:aws:sqs:::",
    "arn:",
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(TEXTS)
KEYS = st.text(max_size=8) | st.sampled_from(
    [*NAMES, "_trace", "_datadog", "headers", "eventSource", "EventSource", "cf"]
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)


INSIDE = object()  # in a path: what the JSON of a text says


def paths(value, here=()):
    yield here
    if isinstance(value, str) and isinstance(inside := parsed(value), dict):
        yield from paths(inside, (*here, INSIDE))
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from paths(inner, (*here, key))


def replaced(value, path, new):
    """`value` with what lies at `path` replaced."""
    if not path:
        return new
    if path[0] is INSIDE:
        return json.dumps(replaced(json.loads(value), path[1:], new))
    copy = value.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@st.composite
def broken_events(draw):
    """A good event, in up to three places of which lies something else."""
    _, build = draw(st.sampled_from(events.EVERY))
    event = build()
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths(event))))
        event = replaced(event, path, draw(JSON))
    return event


def check(trigger):
    """What holds of every trigger; reads every record."""
    assert isinstance(trigger, Trigger)
    assert trigger.faas_trigger in {"http", "pubsub", "datasource", "timer", "other"}
    assert isinstance(trigger.name, str)
    assert isinstance(trigger.source, str)
    assert isinstance(trigger.contexts, tuple)
    for found in (trigger, *trigger.records):
        check_said(found)
    assert all(isinstance(record, Record) and isinstance(record.identifier, str) for record in trigger.records)
    assert repr(trigger)
    assert trigger == trigger  # noqa: PLR0124  # equality reads everything


def check_said(found):
    assert all(isinstance(each, TraceContext) for each in (*found.contexts, *found.links))
    assert all(each.is_complete for each in found.links)
    ranks = [(not each.is_complete, each.format == "xray") for each in found.contexts]
    assert ranks == sorted(ranks)
    assert all(isinstance(name, str) and ":" in name and len(name) < 3 * MAX_ID_CHARS for name in found.joins)
    assert all(isinstance(value, (str, bool, int, float)) for value in found.attributes.values())
    assert all(isinstance(key, str) for key in found.attributes)
    for span in found.inferred:
        assert isinstance(span.name, str)
        assert 0 < span.start_ns < 2**63
        assert span.end_ns in {AT_START, AT_END} or 0 < span.end_ns < 2**63
        assert all(isinstance(value, (str, bool, int, float)) for value in span.attributes.values())


@pytest.mark.parametrize(("kind", "build"), events.EVERY)
def test_every_source_is_recognised_by_its_event(kind, build):
    trigger = recognise(build(), Invoked())
    assert trigger.kind == kind
    check(trigger)


@pytest.mark.parametrize(("kind", "build"), events.EVERY)
def test_an_event_is_left_as_it_came(kind, build):
    event = build()
    check(recognise(event, INVOKED))
    assert json.dumps(event) == json.dumps(build())


@given(JSON)
def test_any_json_gives_a_trigger(event):
    check(recognise(event, INVOKED))


@given(broken_events())
def test_a_broken_event_gives_a_trigger(event):
    check(recognise(event, INVOKED))


@given(st.builds(Invoked, st.text(), JSON, st.text() | st.sampled_from([events.XRAY, events.ROOT_ONLY])))
def test_any_client_context_gives_a_trigger(invoked):
    check(recognise({}, invoked))


@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_any_json_in_a_queue_gives_a_record(held):
    body = json.dumps({"_trace": 0, **held})
    check(recognise(events.sqs(events.sqs_message(body=body, attributes={})), INVOKED))


@pytest.mark.parametrize(
    "event", [b"bytes", object(), {1: 2}, {"Records": ({"eventSource": "aws:sqs"},)}, 1.5, True, set()]
)
def test_what_is_no_json_is_unknown(event):
    assert recognise(event, Invoked()).kind == "unknown"


def test_records_that_are_no_objects_are_empty_records():
    trigger = recognise({"Records": [events.sqs_message(), None, 7, [], {}]}, Invoked())
    assert [bool(record.contexts) for record in trigger.records] == [True, False, False, False, False]


class CountingList(list):
    """A list that counts how often one of it is taken."""

    taken = 0

    def __getitem__(self, index):
        self.taken += 1
        return super().__getitem__(index)


def calls_during(action):
    """How many functions Python and C called: what an action costs, whatever the machine does besides."""
    calls = 0

    def count(_frame, happened, _argument):
        nonlocal calls
        calls += happened in {"call", "c_call"}

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "build", [events.sqs_message, events.kinesis_record, events.table_change, events.object_record]
)
def test_ten_thousand_records_cost_as_much_as_ten_until_they_are_read(build):
    record = build()
    few, many = {"Records": [record] * 10}, {"Records": [record] * 10_000}
    recognise(few, INVOKED)  # imports
    # A few calls may be those of a garbage collection; one for each record would be thousands.
    assert calls_during(lambda: recognise(many, INVOKED)) < calls_during(lambda: recognise(few, INVOKED)) + 100
    assert len(recognise(many, INVOKED).records) == 10_000


def test_a_record_is_read_when_it_is_asked_for_and_once():
    records = CountingList([events.sqs_message()] * 1000)
    found = recognise({"Records": records}, INVOKED).records
    taken_to_recognise = records.taken
    assert found[999] is found[-1]
    assert found[:3] == (found[0], found[1], found[2])
    assert records.taken - taken_to_recognise == 4
    with pytest.raises(IndexError):
        found[1000]


def test_the_work_for_a_record_does_not_grow_with_the_number_of_its_headers():
    """Attributes are capped; SQS allows ten, and a queue's owner is not the only one who can invoke."""

    def calls(count):
        attributes = events.sqs_attributes(**{f"a{number}": "x" for number in range(count)})
        message = events.sqs_message(attributes=attributes)
        return calls_during(lambda: tuple(recognise(events.sqs(message), INVOKED).records))

    calls(1)
    assert calls(20_000) < 2 * calls(64)


def test_objects_within_a_body_are_read_to_a_number():
    body = json.dumps({"Records": [events.object_record()] * 200})
    (record,) = recognise(events.sqs(events.sqs_message(body=body, attributes={})), INVOKED).records
    assert len(record.joins) == 1 + 2 * MAX_WIDTH


def test_an_id_that_is_longer_than_any_makes_no_join():
    message = events.sqs_message() | {"messageId": "x" * 1_000_000}
    (record,) = recognise(events.sqs(message), INVOKED).records
    assert record.joins == ()
