from collections.abc import Callable

import pytest

from chalicelib.storage.memory import (
    MemoryBlockStore,
    MemoryKeyStore,
    MemorySamplingStore,
    MemoryViewStore,
    MemoryWorkQueue,
)
from tests.clocks import Clock
from tests.contracts.block_store import RETENTION_S, UNDECIDED_S, BlockStoreContract
from tests.contracts.key_store import KeyStoreContract
from tests.contracts.sampling_store import SamplingStoreContract
from tests.contracts.view_store import ViewStoreContract
from tests.contracts.work_queue import WorkQueueContract


class TestMemoryBlockStore(BlockStoreContract):
    @pytest.fixture
    def store(self, clock: Clock) -> MemoryBlockStore:
        return MemoryBlockStore(clock.now_ns, RETENTION_S, UNDECIDED_S)


class TestMemoryKeyStore(KeyStoreContract):
    @pytest.fixture
    def store(self) -> MemoryKeyStore:
        return MemoryKeyStore()


class TestMemoryViewStore(ViewStoreContract):
    @pytest.fixture
    def store(self, clock: Clock) -> MemoryViewStore:
        return MemoryViewStore(clock.now_ns)


class TestMemorySamplingStore(SamplingStoreContract):
    @pytest.fixture
    def store(self) -> MemorySamplingStore:
        return MemorySamplingStore()


class TestMemoryWorkQueue(WorkQueueContract):
    @pytest.fixture
    def queue(self) -> MemoryWorkQueue:
        return MemoryWorkQueue()

    @pytest.fixture
    def taken(self, queue: MemoryWorkQueue) -> Callable[[], list[bytes]]:
        return queue.take
