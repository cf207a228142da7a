import pytest

from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from tests.clocks import Clock
from tests.contracts.block_store import RETENTION_S, UNDECIDED_S
from tests.engines import dynamo_blocks


@pytest.fixture
def facts(dynamodb: Connection, clock: Clock) -> DynamoBlockStore:
    return dynamo_blocks(dynamodb, clock.now_ns, clock.sleep, RETENTION_S, UNDECIDED_S)
