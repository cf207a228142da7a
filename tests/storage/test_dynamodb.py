import pytest

from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore, DynamoSamplingStore
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from chalicelib.storage.dynamodb.views import DynamoViewStore
from tests import faults as f
from tests.clocks import Clock
from tests.contracts.block_store import BlockStoreContract
from tests.contracts.key_store import KeyStoreContract
from tests.contracts.sampling_store import SamplingStoreContract
from tests.contracts.view_store import ViewStoreContract, view
from tests.engines import CONTROL_TABLE, dynamo_views


class TestDynamoBlockStore(BlockStoreContract):
    @pytest.fixture
    def store(self, facts: DynamoBlockStore) -> DynamoBlockStore:
        return facts


class TestDynamoViewStore(ViewStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection, clock: Clock) -> DynamoViewStore:
        return dynamo_views(dynamodb, clock.now_ns, clock.sleep)

    def test_dropping_goes_on_past_a_page_without_items(self, store: DynamoViewStore, clock: Clock) -> None:
        """A Scan may find nothing in what it looked at, and say where to go on: where others were deleted, say."""
        self.put(store, clock, [view("0001")])
        nothing_yet = b'{"Items": [], "Count": 0, "LastEvaluatedKey": {"pk": {"S": "0"}, "sk": {"S": "0"}}}'
        with f.faults(f.in_turn(lambda _: (200, {}, nothing_yet), operation="Scan"), clock):
            assert store.drop() == 1
        assert self.read(store, clock) == []


class TestDynamoKeyStore(KeyStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection) -> DynamoKeyStore:
        return DynamoKeyStore(connection=dynamodb, table=CONTROL_TABLE)


class TestDynamoSamplingStore(SamplingStoreContract):
    @pytest.fixture
    def store(self, dynamodb: Connection) -> DynamoSamplingStore:
        return DynamoSamplingStore(connection=dynamodb, table=CONTROL_TABLE)
