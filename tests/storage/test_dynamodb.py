import pytest

from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from tests.contracts.block_store import BlockStoreContract
from tests.contracts.key_store import KeyStoreContract
from tests.engines import CONTROL_TABLE


class TestDynamoBlockStore(BlockStoreContract):
    @pytest.fixture
    def store(self, facts: DynamoBlockStore) -> DynamoBlockStore:
        return facts


class TestDynamoKeyStore(KeyStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection) -> DynamoKeyStore:
        return DynamoKeyStore(connection=dynamodb, table=CONTROL_TABLE)
