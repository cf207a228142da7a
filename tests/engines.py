"""Engines that tests keep their tables in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from moto import mock_aws

from chalicelib.storage.dynamodb.client import Connection, DynamoClient, make_client
from chalicelib.storage.dynamodb.facts import DynamoBlockStore, Retention
from chalicelib.storage.dynamodb.tables import create_missing_tables
from chalicelib.storage.dynamodb.views import DynamoViewStore
from chalicelib.storage.dynamodb.writer import Backoff

FACTS_TABLE = "facts"
VIEWS_TABLE = "views"
CONTROL_TABLE = "control"
TABLE_NAMES = {"facts": FACTS_TABLE, "views": VIEWS_TABLE, "control": CONTROL_TABLE}

DAY_S = 24 * 3600


@contextmanager
def moto_tables() -> Iterator[Connection]:
    """moto in this process with the three tables, empty and ready; production's client, with its retries and hooks."""
    with mock_aws():
        connection = Connection(_moto_client)
        create_missing_tables(connection.client(), TABLE_NAMES)
        yield connection


@cache  # a client is quick to use and slow to make; moto answers whichever client asks while it is on
def _moto_client() -> DynamoClient:
    return make_client(region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing")


def dynamo_blocks(
    connection: Connection,
    now_ns: Callable[[], int],
    sleep: Callable[[float], None],
    retention_s: int = DAY_S,
    undecided_s: int = DAY_S,
    table: str = FACTS_TABLE,
) -> DynamoBlockStore:
    """A block store on the facts table, with a middling jitter so that runs are alike."""
    backoff = Backoff(random_unit=lambda: 0.5, sleep=sleep)
    return DynamoBlockStore(
        connection=connection,
        table=table,
        retention=Retention(retention_s, undecided_s),
        now_ns=now_ns,
        backoff=backoff,
    )


def dynamo_views(
    connection: Connection, now_ns: Callable[[], int], sleep: Callable[[float], None], table: str = VIEWS_TABLE
) -> DynamoViewStore:
    """A view store on the views table, with the same jitter."""
    backoff = Backoff(random_unit=lambda: 0.5, sleep=sleep)
    return DynamoViewStore(connection=connection, table=table, now_ns=now_ns, backoff=backoff)
