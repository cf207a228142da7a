"""The stores of port.py in a process's memory: what the contract means, in the fewest words, and quick for tests."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock

from chalicelib.model.access import KeyRecord
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.model.ids import low_half
from chalicelib.model.view import View

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
UNDECIDED_S = 24 * 3600


class MemoryBlockStore:
    """Blocks, each with the second at which it expires: `retention_s` after it was last written."""

    def __init__(self, now_ns: Callable[[], int], retention_s: int, undecided_s: int = UNDECIDED_S) -> None:
        self._now_ns = now_ns
        self._retention_s = retention_s
        self._undecided_s = undecided_s
        self._kept: defaultdict[tuple[str, str], dict[tuple[str, bytes], KeptBlock]] = defaultdict(dict)
        self._lock = Lock()

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline, *, undecided: bool = False) -> None:
        """See port.BlockStore."""
        if not blocks:
            return
        _refuse_after(deadline)
        now_ns = self._now_ns()
        lasts_s = self._undecided_s if undecided else self._retention_s
        for block in blocks:
            self._keep(
                tenant,
                KeptBlock(
                    block=block,
                    digest=payload_digest(block.payload),
                    arrived_ms=now_ns // _NS_PER_MS,
                    expires_at_s=now_ns // _NS_PER_S + lasts_s,
                    undecided=undecided,
                ),
            )

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        """See port.BlockStore."""
        for kept in self.read_kept(tenant, trace_id, deadline):
            yield kept.block

    def read_kept(
        self, tenant: str, trace_id: str, deadline: Deadline, *, covered: bool = False
    ) -> Iterator[KeptBlock]:
        """See port.BlockStore."""
        _refuse_after(deadline)
        with self._lock:
            found = list(self._kept.get((tenant, low_half(trace_id)), {}).values())
        shown = self._unexpired(found) if covered else self._current(found)
        yield from (kept for kept in shown if kept.block.trace_id.endswith(trace_id))

    def consolidate(self, tenant: str, block: KeptBlock, deadline: Deadline) -> None:
        """See port.BlockStore."""
        _refuse_after(deadline)
        self._keep(tenant, block)

    def scan(self, *, covered: bool = False) -> Iterator[tuple[str, KeptBlock]]:
        """See port.BlockScan."""
        with self._lock:
            traces = [(tenant, list(found.values())) for (tenant, _), found in self._kept.items()]
        for tenant, found in traces:
            for kept in self._unexpired(found) if covered else self._current(found):
                yield tenant, kept

    def _keep(self, tenant: str, kept: KeptBlock) -> None:
        with self._lock:
            self._kept[tenant, low_half(kept.block.trace_id)][kept.block.trace_id, kept.digest] = kept

    def _unexpired(self, found: Sequence[KeptBlock]) -> list[KeptBlock]:
        now_s = self._now_ns() // _NS_PER_S
        return [kept for kept in found if kept.expires_at_s > now_s]

    def _current(self, found: Sequence[KeptBlock]) -> Iterator[KeptBlock]:
        unexpired = self._unexpired(found)
        covered = {(kept.block.trace_id, digest) for kept in unexpired for digest in kept.covers}
        return (kept for kept in unexpired if (kept.block.trace_id, kept.digest) not in covered)


class MemoryViewStore:
    """Views by tenant and partition."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._views: defaultdict[tuple[str, str], dict[str, View]] = defaultdict(dict)
        self._lock = Lock()

    def put(self, tenant: str, views: Sequence[View], deadline: Deadline) -> None:
        """See port.ViewStore."""
        if not views:
            return
        _refuse_after(deadline)
        with self._lock:
            for view in views:
                self._views[tenant, view.partition][view.sort] = view

    def read(  # noqa: PLR0913  # as the port has it
        self,
        tenant: str,
        partition: str,
        deadline: Deadline,
        *,
        first: str = "",
        last: str | None = None,
        consistent: bool = False,  # noqa: ARG002  # this store always is
    ) -> Iterator[View]:
        """See port.ViewStore."""
        _refuse_after(deadline)
        now_s = self._now_ns() // _NS_PER_S
        with self._lock:
            found = sorted(self._views.get((tenant, partition), {}).items())
        for sort, view in found:
            if first <= sort and (last is None or sort <= last) and view.expires_at_s > now_s:
                yield view

    def drop(self) -> int:
        """See port.ViewStore."""
        with self._lock:
            count = sum(len(views) for views in self._views.values())
            self._views.clear()
        return count


class MemorySamplingStore:
    """Sampling documents by tenant."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}
        self._strategies: dict[str, bytes] = {}

    def put_sampling(self, tenant: str, document: bytes) -> None:
        """See port.SamplingStore."""
        self._documents[tenant] = document

    def find_sampling(self, tenant: str) -> bytes | None:
        """See port.SamplingStore."""
        return self._documents.get(tenant)

    def put_strategies(self, tenant: str, document: bytes) -> None:
        """See port.SamplingStore."""
        self._strategies[tenant] = document

    def find_strategies(self, tenant: str) -> bytes | None:
        """See port.SamplingStore."""
        return self._strategies.get(tenant)


class MemoryWorkQueue:
    """Messages that wait in this process until somebody takes them."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._lock = Lock()

    def send(self, messages: Sequence[bytes], deadline: Deadline) -> None:
        """See port.WorkQueue."""
        _refuse_after(deadline)
        with self._lock:
            self._waiting.extend(messages)

    def put_back(self, messages: Sequence[bytes]) -> None:
        """What was taken and not done waits again, before everything else."""
        with self._lock:
            self._waiting[:0] = messages

    def take(self) -> list[bytes]:
        """Everything that waits; it waits no more."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken


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
