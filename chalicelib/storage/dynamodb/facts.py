"""The block store on DynamoDB: storage/port.py's BlockStore and BlockScan over writer, reader, items and keys."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from chalicelib.model.block import DIGEST_BYTES, Block, KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.items import (
    Item,
    covered_digests,
    to_consolidated_item,
    to_fact,
    to_item,
    to_owned,
)
from chalicelib.storage.dynamodb.keys import comes_first, shortened, tenant_prefix, trace_range
from chalicelib.storage.dynamodb.reader import RawItem, read_items, scan_items, trace_query
from chalicelib.storage.dynamodb.writer import Backoff, Writer

if TYPE_CHECKING:
    from chalicelib.storage.dynamodb.models import FactItem


Raw = TypeVar("Raw")
Read = TypeVar("Read")

_NOTED = 10  # of the items that cannot be read


class Retention(NamedTuple):
    """How long blocks are kept from when they were last written, in seconds."""

    decided_s: int
    undecided_s: int


class DynamoBlockStore:
    """Blocks in the facts table `table`."""

    def __init__(
        self,
        *,
        connection: Connection,
        table: str,
        retention: Retention,
        now_ns: Callable[[], int],
        backoff: Backoff,
    ) -> None:
        self._connection = connection
        self._table = table
        self._retention = retention
        self._now_ns = now_ns
        self._writer = Writer(connection=connection, table=table, backoff=backoff)

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline, *, undecided: bool = False) -> None:
        """See port.BlockStore."""
        prefix = tenant_prefix(tenant)
        now_ms = self._now_ns() // 1_000_000
        expires_at_s = now_ms // 1000 + (self._retention.undecided_s if undecided else self._retention.decided_s)
        items = (to_item(prefix, block, now_ms, expires_at_s, undecided=undecided) for block in blocks)
        by_key = {(item["pk"]["B"], item["sk"]["B"]): item for item in items}  # one call may not name a key twice
        self._writer.put(list(by_key.values()), deadline)

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        """See port.BlockStore."""
        for kept in self.read_kept(tenant, trace_id, deadline):
            yield kept.block

    def read_kept(
        self, tenant: str, trace_id: str, deadline: Deadline, *, covered: bool = False
    ) -> Iterator[KeptBlock]:
        """See port.BlockStore."""
        query = trace_query(self._table, trace_range(tenant, trace_id))
        facts = unexpired(map(to_fact, read_items(self._connection, query, deadline)), self._now_ns() // 1_000_000_000)
        for fact in facts if covered else uncovered(facts):
            yield to_owned(fact).kept

    def consolidate(self, tenant: str, block: KeptBlock, deadline: Deadline) -> None:
        """See port.BlockStore."""
        self._writer.put([to_consolidated_item(tenant_prefix(tenant), block)], deadline)

    def scan(self, *, covered: bool = False) -> Iterator[tuple[str, KeptBlock]]:
        """See port.BlockScan. What is held in memory is a page, and the items of one trace."""
        now_s = self._now_ns() // 1_000_000_000
        unreadable: list[UnreadableBlock] = []
        for _, items in groupby(scan_items(self._connection, self._table), _partition):
            facts = unexpired(_readable(sorted(items, key=_sort), to_fact, unreadable), now_s)
            for fact in facts if covered else uncovered(facts):
                yield from _readable([fact], to_owned, unreadable)
        if unreadable:
            raise _summed_up(unreadable) from unreadable[0]


def unexpired(facts: Iterable["FactItem"], now_s: int) -> Iterator["FactItem"]:
    """Those of `facts` that TTL should not have removed yet."""
    return (fact for fact in facts if fact.expires_at > now_s)


def uncovered(facts: Iterable["FactItem"]) -> Iterator["FactItem"]:
    """Those of `facts` (of a partition, in the order of their keys) that no other of them covers."""
    for _, of_trace in groupby(facts, lambda fact: fact.sk[:-DIGEST_BYTES]):
        first, rest = _divided(of_trace)
        covered = {digest for fact in first for digest in covered_digests(fact.covers)}
        yield from (fact for fact in first if not _is_covered(fact, covered))
        yield from (fact for fact in rest if _digest(fact) not in covered)


def _divided(facts: Iterator["FactItem"]) -> tuple[list["FactItem"], Iterator["FactItem"]]:
    """The consolidated blocks of a trace (and what looks so), and the others as they come."""
    first: list[FactItem] = []
    for fact in facts:
        if not comes_first(_digest(fact)):
            return first, chain([fact], facts)
        first.append(fact)
    return first, iter(())


def _is_covered(fact: "FactItem", covered: set[bytes]) -> bool:
    """Of one among the first, whose key may be a shortened digest."""
    return _digest(fact) in (map(shortened, covered) if fact.covers else covered)


def _digest(fact: "FactItem") -> bytes:
    return fact.sk[-DIGEST_BYTES:]


def _readable(items: Iterable[Raw], read: Callable[[Raw], Read], unreadable: list[UnreadableBlock]) -> Iterator[Read]:
    """What `read` makes of each item; what it cannot goes to `unreadable`."""
    for item in items:
        try:
            yield read(item)
        except UnreadableBlock as error:
            unreadable.append(error)


def _summed_up(unreadable: Sequence[UnreadableBlock]) -> UnreadableBlock:
    failure = UnreadableBlock(f"{len(unreadable)} of the items that are kept cannot be read")
    for error in unreadable[:_NOTED]:
        failure.add_note(" ".join([error.detail, *getattr(error, "__notes__", ())]))
    return failure


def _partition(item: RawItem) -> bytes:
    return bytes(item["pk"]["B"])


def _sort(item: Item) -> bytes:
    return bytes(item["sk"]["B"])
