from collections.abc import Iterator

import pytest

from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from chalicelib.storage.dynamodb.writer import Backoff
from tests.clocks import Clock
from tests.contracts.block_store import RETENTION_S
from tests.engines import FACTS_TABLE, moto_tables


@pytest.fixture
def dynamodb() -> Iterator[Connection]:
    with moto_tables() as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def facts(dynamodb: Connection, clock: Clock) -> DynamoBlockStore:
    return DynamoBlockStore(
        connection=dynamodb,
        table=FACTS_TABLE,
        retention_s=RETENTION_S,
        now_ns=clock.now_ns,
        backoff=Backoff(random_unit=lambda: 0.5, sleep=clock.sleep),
    )
