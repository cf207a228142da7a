"""The stores of port.py in a process's memory: what the contract means, in the fewest words, and quick for tests."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

from chalicelib.model.access import KeyRecord
from chalicelib.model.block import Block
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.ids import low_half

_NS_PER_S = 1_000_000_000


class MemoryBlockStore:
    """Blocks, each with the second at which it expires: `retention_s` after it was last written."""

    def __init__(self, now_ns: Callable[[], int], retention_s: int) -> None:
        self._now_ns = now_ns
        self._retention_s = retention_s
        self._expiry_s: defaultdict[tuple[str, str], dict[Block, int]] = defaultdict(dict)
        self._lock = Lock()

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline) -> None:
        """See port.BlockStore."""
        if not blocks:
            return
        _refuse_after(deadline)
        expires_at_s = self._now_ns() // _NS_PER_S + self._retention_s
        with self._lock:
            for block in blocks:
                self._expiry_s[tenant, low_half(block.trace_id)][block] = expires_at_s

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        """See port.BlockStore."""
        _refuse_after(deadline)
        now_s = self._now_ns() // _NS_PER_S
        with self._lock:
            kept = list(self._expiry_s.get((tenant, low_half(trace_id)), {}).items())
        for block, expires_at_s in kept:
            if expires_at_s > now_s and block.trace_id.endswith(trace_id):
                yield block


class MemoryKeyStore:
    """Key records by their id."""

    def __init__(self) -> None:
        self._records: dict[str, KeyRecord] = {}

    def put_key(self, record: KeyRecord) -> None:
        """See port.KeyStore."""
        self._records[record.key_id] = record

    def find_key(self, key_id: str) -> KeyRecord | None:
        """See port.KeyStore."""
        return self._records.get(key_id)


def _refuse_after(deadline: Deadline) -> None:
    if deadline.remaining_s() <= 0:
        raise StoreError("the store did not answer in time")
