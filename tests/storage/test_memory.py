import pytest

from chalicelib.storage.memory import MemoryBlockStore, MemoryKeyStore
from tests.clocks import Clock
from tests.contracts.block_store import RETENTION_S, BlockStoreContract
from tests.contracts.key_store import KeyStoreContract


class TestMemoryBlockStore(BlockStoreContract):
    @pytest.fixture
    def store(self, clock: Clock) -> MemoryBlockStore:
        return MemoryBlockStore(clock.now_ns, RETENTION_S)


class TestMemoryKeyStore(KeyStoreContract):
    @pytest.fixture
    def store(self) -> MemoryKeyStore:
        return MemoryKeyStore()
