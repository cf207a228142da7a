"""Events of the facts table's stream, in the form that Lambda gives them."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.arrival import Arrival, BadRecord
from chalicelib.storage.dynamodb.items import to_consolidated_item, to_fact, to_item, to_owned
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.stream import read_stream
from tests.clocks import Clock
from tests.contracts.block_store import block, consolidated, noise, trace_id

ITEM = to_item(tenant_prefix("acme"), block(trace_id(255), b"some spans", 7), 1_767_268_800_123, 1_768_478_400)


def in_json(value):
    return {kind: b64encode(content).decode() if kind == "B" else content for kind, content in value.items()}


def record(item=ITEM, event="INSERT", number=1):
    """As AWS documents it, and as Lambda's JSON carries it."""
    image = {name: in_json(value) for name, value in item.items()}
    return {
        "eventID": f"c81e728d9d4c2f636f067f89cc14862{number}",
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_767_268_800,
            "Keys": {name: image[name] for name in ("pk", "sk")},
            "NewImage": image,
            "SequenceNumber": f"4421584500000000017450439{number:03d}",
            "SizeBytes": 126,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/facts/stream/2026-01-01T00:00:00.000",
    }


def read(*records):
    return read_stream(json.loads(json.dumps({"Records": list(records)})))


@pytest.mark.parametrize("event", ["INSERT", "MODIFY"])
def test_a_block_that_was_kept_arrives_with_all_that_the_store_knows_of_it(event):
    [arrival] = read(record(event=event))
    assert arrival == Arrival(
        tenant="acme",
        kept=to_owned(to_fact(ITEM)).kept,
        sequence="4421584500000000017450439001",
        event_id="c81e728d9d4c2f636f067f89cc148621",
    )
    assert (arrival.kept.block.trace_id, arrival.kept.arrived_ms) == (trace_id(255), 1_767_268_800_123)


def test_a_block_that_was_written_again_tells_when_it_came_before():
    again = record(event="MODIFY")
    old = to_item(tenant_prefix("acme"), block(trace_id(255), b"some spans", 7), 1_767_268_700_000, 1_768_478_300)
    again["dynamodb"]["OldImage"] = {name: in_json(value) for name, value in old.items()}
    [arrival] = read(again)
    assert (arrival.kept.arrived_ms, arrival.replaces_ms) == (1_767_268_800_123, 1_767_268_700_000)
    assert read(record())[0].replaces_ms is None


def test_an_undecided_block_arrives_as_such():
    item = to_item(tenant_prefix("acme"), block(trace_id(1)), 1, 2, undecided=True)
    assert read(record(item))[0].kept.undecided


def test_arrivals_come_in_the_order_of_their_records():
    items = [to_item(tenant_prefix("acme"), block(trace_id(n)), n, 2) for n in range(1, 6)]
    arrivals = read(*(record(item, number=n) for n, item in enumerate(items, 1)))
    assert [arrival.kept.block.trace_id for arrival in arrivals] == [trace_id(n) for n in range(1, 6)]


def test_what_expired_and_what_was_consolidated_is_passed_over(clock: Clock):
    removed = record(event="REMOVE")
    del removed["dynamodb"]["NewImage"]
    whole = consolidated(trace_id(1), b"whole", [block(trace_id(1))], clock)
    assert read(removed, record(to_consolidated_item(tenant_prefix("acme"), whole))) == []


def test_a_record_that_cannot_be_read_is_told_beside_the_others_with_its_reason_and_keys():
    told = read(record(number=1), record({**ITEM, "f": {"N": "77"}}, number=2), record(number=3))
    assert [type(one) for one in told] == [Arrival, BadRecord, Arrival]
    bad = told[1]
    assert "block format 77" in bad.reason
    assert trace_id(255) in bad.reason
    assert bad.sequence.endswith("002")
    assert bad.keys == {"pk": ITEM["pk"]["B"].hex(), "sk": ITEM["sk"]["B"].hex()}


@pytest.mark.parametrize(
    ("wrong", "sequence"),
    [
        (None, "unknown"),
        ("text", "unknown"),
        ({}, "unknown"),
        ({"eventName": "INSERT", "eventID": "e1"}, "e1"),
        ({"eventName": "INSERT", "dynamodb": {"SequenceNumber": "9", "Keys": {"pk": {"S": "x"}, "sk": 7}}}, "9"),
        ({**record(), "dynamodb": {**record()["dynamodb"], "NewImage": {"pk": {"B": "not base64!"}}}}, None),
        ({**record(), "dynamodb": {**record()["dynamodb"], "NewImage": {"pk": {"B": 5, "S": "x"}}}}, None),
        ({**record(), "dynamodb": {**record()["dynamodb"], "NewImage": {}}}, None),
        ({**record(), "dynamodb": {**record()["dynamodb"], "OldImage": {"at": {"S": "noon"}}}}, None),
    ],
)
def test_no_record_whatever_its_form_makes_reading_fail(wrong, sequence):
    [bad] = read(wrong)
    assert bad.reason
    assert bad.sequence == (sequence or record()["dynamodb"]["SequenceNumber"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["eventName", "dynamodb", "NewImage", "Keys", "pk", "sk", "b", "B", "S", "N", "eventID"]),
            inner | st.sampled_from(["INSERT", "AAAA"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3))
def test_an_event_of_anything_is_read_without_an_exception(records):
    assert len(read(*records, record())) >= 1


def test_an_event_without_records_tells_nothing():
    assert read_stream({}) == []


@given(st.integers(1, 300))
def test_a_block_is_read_from_the_stream_as_it_was_written(size):
    one = block(trace_id(1), noise(size, size))
    [arrival] = read(record(to_item(tenant_prefix("acme"), one, 1, 2)))
    assert arrival.kept.block == one
