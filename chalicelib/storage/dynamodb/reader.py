"""Items out of a table, a page at a time.

One Query finds all of a trace, since the partition is its low 64 bits (keys.py), and all of a view's partition between
two sort keys; a Scan finds all there is. DynamoDB ends a page at 1 MB and says where to go on. TTL removes items days
after they expire, so whoever reads must look at the time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection, Operation, call
from chalicelib.storage.dynamodb.keys import TraceRange

RawItem = dict[str, dict[str, Any]]


def read_items(connection: Connection, query: Mapping[str, Any], deadline: Deadline) -> Iterator[RawItem]:
    """What `query` finds, expired items included, in the order of their keys, as the low-level API gives them."""
    return _pages(connection.client().query, query, deadline)


def scan_items(connection: Connection, table: str) -> Iterator[RawItem]:
    """Every item of a table, those of a partition together; eventually consistent, for half the price."""
    return _pages(connection.client().scan, {"TableName": table}, None)


def _pages(operation: Operation, asked: Mapping[str, Any], deadline: Deadline | None) -> Iterator[RawItem]:
    while True:
        page = call(operation, deadline, asked)
        yield from items_of(page)
        if not page.get("LastEvaluatedKey"):
            return
        asked = {**asked, "ExclusiveStartKey": page["LastEvaluatedKey"]}


def items_of(page: Mapping[str, Any]) -> list[RawItem]:
    """The items of one answer. Raises StoreError for an answer that does not say."""
    if "Items" not in page:  # the SDK takes a body that is no JSON for an empty answer
        raise StoreError("the store gave an answer that cannot be understood")
    items: list[RawItem] = page["Items"]
    return items


def trace_query(table: str, wanted: TraceRange) -> Mapping[str, Any]:
    """The parameters of the Query for `wanted`; consistent, so that a reader sees what was acknowledged before."""
    condition = "pk = :pk"
    values: dict[str, Any] = {":pk": {"B": wanted.partition}}
    if wanted.sort_prefix:
        condition += " AND begins_with(sk, :high)"
        values[":high"] = {"B": wanted.sort_prefix}
    return {
        "TableName": table,
        "ConsistentRead": True,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }


def view_query(table: str, partition: str, first: str, last: str | None, *, consistent: bool) -> Mapping[str, Any]:
    """The parameters of the Query for a partition's views from `first` to `last`; either may be open ("", None). A
    consistent one costs twice as much.
    """
    condition, values = "pk = :pk", {":pk": {"S": partition}}
    if first and last is not None:
        condition += " AND sk BETWEEN :first AND :last"
    elif first:
        condition += " AND sk >= :first"
    elif last is not None:
        condition += " AND sk <= :last"
    bounds = {":first": first, ":last": last}
    values |= {name: {"S": text} for name, text in bounds.items() if text and name in condition}
    return {
        "TableName": table,
        "ConsistentRead": consistent,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }
