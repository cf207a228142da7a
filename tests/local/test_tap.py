"""The tap gives what the stream of the table would give."""

import botocore.session
import msgspec
import pytest
from moto import mock_aws

from chalicelib.local.tap import FactsTap
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection, make_client
from chalicelib.storage.dynamodb.stream import read_stream
from chalicelib.storage.dynamodb.tables import create_missing_tables
from tests import faults as f
from tests.clocks import Clock
from tests.contracts.block_store import TENANT, block, consolidated, trace_id
from tests.contracts.view_store import view
from tests.engines import FACTS_TABLE, TABLE_NAMES, dynamo_blocks, dynamo_views
from tests.functions.events import image

KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture
def connection():
    """A client of the test's own, since a tap stays on it."""
    with mock_aws():
        made = Connection(lambda: make_client(**KEYS))
        create_missing_tables(made.client(), TABLE_NAMES)
        yield made


@pytest.fixture
def tap(connection):
    return FactsTap(connection.client(), FACTS_TABLE)


@pytest.fixture
def store(connection, clock: Clock):
    return dynamo_blocks(connection, clock.now_ns, clock.sleep)


def told(records):
    """What the indexer reads out of records, without their own names."""
    return [msgspec.structs.replace(arrival, sequence="", event_id="") for arrival in read_stream({"Records": records})]


def stream_of(connection):
    """The records of moto's stream, in the form in which Lambda has them."""
    endpoint = "https://streams.dynamodb.eu-central-1.amazonaws.com"
    client = botocore.session.get_session().create_client("dynamodbstreams", endpoint_url=endpoint, **KEYS)
    arn = connection.client().describe_table(TableName=FACTS_TABLE)["Table"]["LatestStreamArn"]
    [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    records = client.get_records(ShardIterator=iterator)["Records"]
    for record in records:
        for name in {"Keys", "NewImage", "OldImage"} & set(record["dynamodb"]):
            record["dynamodb"][name] = image(record["dynamodb"][name])
    return records


def test_the_tap_tells_what_the_tables_own_stream_tells(connection, tap, store, clock):
    store.write(TENANT, [block(trace_id(n)) for n in range(1, 40)], clock.deadline())
    store.write(TENANT, [block(trace_id(77))], clock.deadline(), undecided=True)
    clock.advance_s(90)
    store.write("other", [block(trace_id(1))], clock.deadline())
    store.write(TENANT, [block(trace_id(5))], clock.deadline())
    store.consolidate(TENANT, consolidated(trace_id(77), b"whole", [block(trace_id(77))], clock), clock.deadline())
    tapped = tap.take(1000, wait_s=0)
    assert sorted(told(tapped), key=str) == sorted(told(stream_of(connection)), key=str)
    assert len(tapped) == 43
    assert [one.replaces_ms for one in told(tapped) if one.kept.block.trace_id == trace_id(5)] == [
        None,
        clock.at_ns // 1_000_000 - 90_000,
    ]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in tapped]
    assert numbers == sorted(set(numbers))
    assert len({record["eventID"] for record in tapped}) == 43


def test_records_are_taken_once_and_no_more_than_asked_for(tap, store, clock):
    store.write(TENANT, [block(trace_id(n)) for n in range(1, 8)], clock.deadline())
    assert [len(tap.take(3, wait_s=0)) for _ in range(4)] == [3, 3, 1, 0]


def test_only_what_was_kept_becomes_a_record(tap, store, clock):
    with f.faults(f.in_turn(f.throttled, f.taking(4)), clock):
        store.write(TENANT, [block(trace_id(n)) for n in range(1, 10)], clock.deadline())
    with f.faults(f.always(f.refused("AccessDeniedException")), clock), pytest.raises(StoreError):
        store.write(TENANT, [block(trace_id(50))], clock.deadline())
    arrived = [one.kept.block.trace_id for one in told(tap.take(100, wait_s=0))]
    assert sorted(arrived) == [trace_id(n) for n in range(1, 10)]


def test_other_tables_are_of_no_interest(connection, tap, clock):
    views = dynamo_views(connection, clock.now_ns, clock.sleep)
    views.put(TENANT, [view("1")], clock.deadline())
    views.drop()
    assert tap.take(10, wait_s=0) == []


def test_what_nobody_takes_does_not_fill_the_memory(connection, store, clock):
    tap = FactsTap(connection.client(), FACTS_TABLE, max_waiting=5)
    store.write(TENANT, [block(trace_id(n)) for n in range(1, 10)], clock.deadline())
    assert (len(tap.take(100, wait_s=0)), tap.lost) == (5, 4)
