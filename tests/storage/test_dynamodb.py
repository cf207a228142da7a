import pytest

from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore, DynamoSamplingStore
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from chalicelib.storage.dynamodb.views import DynamoViewStore
from tests.clocks import Clock
from tests.contracts.block_store import BlockStoreContract
from tests.contracts.key_store import KeyStoreContract
from tests.contracts.sampling_store import SamplingStoreContract
from tests.contracts.view_store import ViewStoreContract
from tests.engines import CONTROL_TABLE, dynamo_views


class TestDynamoBlockStore(BlockStoreContract):
    @pytest.fixture
    def store(self, facts: DynamoBlockStore) -> DynamoBlockStore:
        return facts


class TestDynamoViewStore(ViewStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection, clock: Clock) -> DynamoViewStore:
        return dynamo_views(dynamodb, clock.now_ns, clock.sleep)


class TestDynamoKeyStore(KeyStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection) -> DynamoKeyStore:
        return DynamoKeyStore(connection=dynamodb, table=CONTROL_TABLE)


class TestDynamoSamplingStore(SamplingStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection) -> DynamoSamplingStore:
        return DynamoSamplingStore(connection=dynamodb, table=CONTROL_TABLE)
