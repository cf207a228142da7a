import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection, make_client
from chalicelib.storage.dynamodb.tables import FACTS, create_missing_tables, create_table
from tests import faults as f
from tests.engines import FACTS_TABLE, TABLE_NAMES

KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def sent(client, request):
    """The parsed body of a BatchWriteItem, caught before it leaves."""
    caught = []

    def catch(request, **_):
        caught.append(request.body)
        raise SystemExit

    client.meta.events.register("before-send.dynamodb", catch, "catch")
    try:
        client.batch_write_item(**request)
    except SystemExit:
        return json.loads(caught[0])
    finally:
        client.meta.events.unregister("before-send.dynamodb", catch, "catch")


@pytest.fixture(scope="module")
def ours():
    return make_client(**KEYS)


@pytest.fixture(scope="module")
def plain():
    return botocore.session.get_session().create_client("dynamodb", **KEYS)


ITEMS = st.builds(
    lambda binary, text, number, names: {"pk": {"B": binary}, "t": {"S": text}, "n": {"N": number}, "s": {"SS": names}},
    st.binary(),
    TEXTS,
    st.integers().map(str),
    st.lists(TEXTS, min_size=1),
)


@given(ITEMS)
def test_a_batch_has_the_body_that_the_sdk_would_have_given_it(ours, plain, item):
    put = {"PutRequest": {"Item": item}}
    request = {"RequestItems": {"facts": [put, put], "views": [put]}, "ReturnConsumedCapacity": "TOTAL"}
    assert sent(ours, request) == sent(plain, request)


def test_the_client_has_bounded_retries_and_time_outs(ours):
    config = ours.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert config.connect_timeout + config.read_timeout <= 4


def test_surroundings_without_a_usable_endpoint_are_the_stores_error_and_the_operators_note():
    with pytest.raises(StoreError) as refusal:
        Connection(lambda: make_client(endpoint_url="foo", **KEYS)).client()
    assert refusal.value.__notes__ == ["Invalid endpoint: foo; check region, credentials (or role) and endpoint"]


def test_the_endpoint_and_region_come_from_the_sdks_own_variables(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:4567")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    client = make_client(aws_access_key_id="testing", aws_secret_access_key="testing")
    assert client.meta.endpoint_url == "http://127.0.0.1:4567"
    assert client.meta.region_name == "ap-southeast-2"


def test_a_connection_makes_one_client_however_many_threads_ask_first():
    made = []
    start = Barrier(8)

    def make():
        made.append(object())
        return made[-1]

    connection = Connection(make)

    def ask(_):
        start.wait()
        return connection.client()

    with ThreadPoolExecutor(8) as threads:
        clients = set(threads.map(ask, range(8)))
    assert clients == set(made)
    assert len(made) == 1


def test_a_connection_makes_no_client_before_it_is_asked():
    Connection(lambda: pytest.fail("nobody asked"))


def test_tables_are_made_once(dynamodb):
    client = dynamodb.client()
    assert create_missing_tables(client, TABLE_NAMES) == ()
    assert create_missing_tables(client, {**TABLE_NAMES, "views": "other-views"}) == ("other-views",)


def test_the_facts_table_expires_its_items_and_streams_what_is_written(dynamodb):
    client = dynamodb.client()
    table = client.describe_table(TableName=FACTS_TABLE)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert {one["AttributeType"] for one in table["AttributeDefinitions"]} == {"B"}
    expiry = client.describe_time_to_live(TableName=FACTS_TABLE)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_an_engine_without_ttl_still_gets_its_tables(dynamodb):
    with f.faults(f.always(f.refused("UnknownOperationException"), "UpdateTimeToLive")):
        create_table(dynamodb.client(), "elsewhere", FACTS)
    assert dynamodb.client().describe_table(TableName="elsewhere")["Table"]["TableStatus"] == "ACTIVE"
