"""The block store on DynamoDB: storage/port.py's BlockStore over writer, reader, items and keys."""

from collections.abc import Callable, Iterator, Sequence

from chalicelib.model.block import Block
from chalicelib.model.deadline import Deadline
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.items import to_block, to_fact, to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix, trace_range
from chalicelib.storage.dynamodb.reader import read_items
from chalicelib.storage.dynamodb.writer import Backoff, Writer


class DynamoBlockStore:
    """Blocks in the facts table `table`, kept for `retention_s` seconds from when they were last written."""

    def __init__(
        self,
        *,
        connection: Connection,
        table: str,
        retention_s: int,
        now_ns: Callable[[], int],
        backoff: Backoff,
    ) -> None:
        self._connection = connection
        self._table = table
        self._retention_s = retention_s
        self._now_ns = now_ns
        self._writer = Writer(connection=connection, table=table, backoff=backoff)

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline) -> None:
        """See port.BlockStore."""
        prefix = tenant_prefix(tenant)
        now_ms = self._now_ns() // 1_000_000
        expires_at_s = now_ms // 1000 + self._retention_s
        items = (to_item(prefix, block, now_ms, expires_at_s) for block in blocks)
        by_key = {(item["pk"]["B"], item["sk"]["B"]): item for item in items}  # one call may not name a key twice
        self._writer.put(list(by_key.values()), deadline)

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        """See port.BlockStore."""
        now_s = self._now_ns() // 1_000_000_000
        for raw in read_items(self._connection, self._table, trace_range(tenant, trace_id), deadline):
            fact = to_fact(raw)
            if fact.expires_at > now_s:
                yield to_block(fact)
