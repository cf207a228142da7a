"""The items of one trace out of the facts table, a page at a time.

One Query finds them all, since the partition is the trace's low 64 bits (keys.py). DynamoDB ends a page at 1 MB and
says where to go on. TTL removes items days after they expire, so whoever reads must look at the time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection, call
from chalicelib.storage.dynamodb.keys import TraceRange

RawItem = dict[str, dict[str, Any]]


def read_items(connection: Connection, table: str, wanted: TraceRange, deadline: Deadline) -> Iterator[RawItem]:
    """Every item in the range, expired ones included, in the order of their keys, as the low-level API gives them."""
    client = connection.client()
    query = trace_query(table, wanted)
    while True:
        page = call(client.query, deadline, query)
        if "Items" not in page:  # the SDK takes a body that is no JSON for an empty answer
            raise StoreError("the store gave an answer that cannot be understood")
        yield from page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        query = {**query, "ExclusiveStartKey": page["LastEvaluatedKey"]}


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
