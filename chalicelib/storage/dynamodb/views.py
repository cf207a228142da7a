"""The view store on DynamoDB: storage/port.py's ViewStore over the views table."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.storage.dynamodb.client import Connection, call
from chalicelib.storage.dynamodb.items import Item, to_view, to_view_item
from chalicelib.storage.dynamodb.keys import view_partition
from chalicelib.storage.dynamodb.reader import items_of, read_items, view_query
from chalicelib.storage.dynamodb.tables import PARTITION_KEY, SORT_KEY
from chalicelib.storage.dynamodb.writer import Backoff, Writer

_DROP_PAGE_NS = 60 * 1_000_000_000  # how long the views of one page may take to go


class DynamoViewStore:
    """Views in the table `table`."""

    def __init__(self, *, connection: Connection, table: str, now_ns: Callable[[], int], backoff: Backoff) -> None:
        self._connection = connection
        self._table = table
        self._now_ns = now_ns
        self._writer = Writer(connection=connection, table=table, backoff=backoff)

    def put(self, tenant: str, views: Sequence[View], deadline: Deadline) -> None:
        """See port.ViewStore."""
        items = [to_view_item(tenant, view) for view in views]
        if len({(view.partition, view.sort) for view in views}) != len(items):
            raise ValueError("two of these views have the same keys")
        self._writer.put(items, deadline)

    def read(  # noqa: PLR0913  # as the port has it
        self,
        tenant: str,
        partition: str,
        deadline: Deadline,
        *,
        first: str = "",
        last: str | None = None,
        consistent: bool = False,
    ) -> Iterator[View]:
        """See port.ViewStore."""
        if last is not None and last < max(first, "\x00"):  # DynamoDB refuses empty keys, and ranges that end early
            return
        now_s = self._now_ns() // 1_000_000_000
        query = view_query(self._table, view_partition(tenant, partition), first, last, consistent=consistent)
        for item in read_items(self._connection, query, deadline):
            view = to_view(partition, item)
            if view.expires_at_s > now_s:
                yield view

    def drop(self) -> int:
        """See port.ViewStore.

        The one place that deletes. Nothing is lost, as views are computed from the facts; and what was computed in
        another way must not stand beside what comes now, nor wait for its expiry. Each round looks from the
        beginning, consistently: what the last one deleted is not there any more.
        """
        dropped = 0
        while keys := self._some_keys():
            self._writer.delete(keys, Deadline(self._now_ns() + _DROP_PAGE_NS, self._now_ns))
            dropped += len(keys)
        return dropped

    def _some_keys(self) -> Sequence[Item]:
        """Of some views; none if there are none. A page may be empty though others follow."""
        asked: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "ProjectionExpression": f"{PARTITION_KEY}, {SORT_KEY}",
        }
        while True:
            page = call(self._connection.client().scan, None, asked)
            if (keys := items_of(page)) or not page.get("LastEvaluatedKey"):
                return keys
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
