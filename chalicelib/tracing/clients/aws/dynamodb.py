"""DynamoDB: the tables of a call, what it consumed, and pointers to the items it wrote. Nothing is put into an item.

Semantic conventions: database/dynamodb. A pointer needs an item's keys: the calls that name one by its key say them,
and teach the table's key names for the others (PutItem); so do DescribeTable, CreateTable and SPANFOLD_DYNAMODB_KEYS
(`orders=pk,sk;users=id`).
"""

import json
import os

from ....propagation import pointers
from .arns import last_name
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .service import Answer, Attributes, Params

VARIABLE = "SPANFOLD_DYNAMODB_KEYS"
MAX_TABLES = 256
_BY_KEY = ("Put", "Update", "Delete")  # TransactWriteItems
_ANSWERED = {"Count": "aws.dynamodb.count", "ScannedCount": "aws.dynamodb.scanned_count"}


class KeyNames:
    """The names of tables' keys, as far as they are known. The oldest is forgotten where there are too many."""

    def __init__(self, configured: str = "") -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        for table in filter(None, configured.split(";")):
            name, _, keys = table.partition("=")
            self.learn(name.strip(), (key.strip() for key in keys.split(",")))

    def learn(self, table: str, names: "Any") -> None:
        """The table has these keys, one or two."""
        known = tuple(sorted(name for name in names if name))
        if not table or not 1 <= len(known) <= 2:
            return
        self._names[table] = known
        while len(self._names) > MAX_TABLES:
            self._names.pop(next(iter(self._names)))

    def keys_of(self, table: str, item: "Mapping[str, Any]") -> "dict[str, Any]":
        """The keys among an item's attributes; {} where the table's are not known."""
        names = self._names.get(table, ())
        return {name: item[name] for name in names} if all(name in item for name in names) else {}


KEY_NAMES = KeyNames(os.environ.get(VARIABLE, ""))


def _describe(operation: str, params: "Params") -> "Attributes":
    described: Attributes = {"db.system.name": "aws.dynamodb", "db.operation.name": operation}
    tables = list(dict.fromkeys(_tables(params)))
    if tables:
        described["aws.dynamodb.table_names"] = tables
    if len(tables) == 1:
        described["db.collection.name"] = tables[0]
    throughput = params.get("ProvisionedThroughput") or {}
    for name, attribute in (("ReadCapacityUnits", "read"), ("WriteCapacityUnits", "write")):
        if name in throughput:
            described[f"aws.dynamodb.provisioned_{attribute}_capacity"] = throughput[name]
    return described


def _tables(params: "Params") -> "Iterator[str]":
    if params.get("TableName"):
        yield str(params["TableName"])
    items = params.get("RequestItems")
    if isinstance(items, dict):
        yield from items
    for item in params.get("TransactItems") or ():
        yield from (str(action["TableName"]) for action in item.values() if action.get("TableName"))


def _key(params: "Params", _answer: "Answer") -> list[str]:
    return list(_pointer(params.get("TableName"), params.get("Key") or {}))


def _put(params: "Params", _answer: "Answer") -> list[str]:
    return list(_item_pointer(params.get("TableName"), params.get("Item") or {}))


def _batch(params: "Params", answer: "Answer") -> list[str]:
    """Of those that were processed."""
    found: list[str] = []
    for table, requests in (params.get("RequestItems") or {}).items():
        left = (answer.get("UnprocessedItems") or {}).get(table) or ()
        for request in requests:
            if request not in left:
                found += _item_pointer(table, request.get("PutRequest", {}).get("Item") or {})
                found += _pointer(table, request.get("DeleteRequest", {}).get("Key") or {})
    return found


def _transaction(params: "Params", _answer: "Answer") -> list[str]:
    found: list[str] = []
    for item in params.get("TransactItems") or ():
        for action in (item[name] for name in _BY_KEY if name in item):
            found += _pointer(action.get("TableName"), action.get("Key") or {})
            found += _item_pointer(action.get("TableName"), action.get("Item") or {})
    return found


def _pointer(table: object, keys: "Mapping[str, Any]") -> "Iterator[str]":
    pointer = pointers.dynamodb_item(last_name(str(table or "")), dict(keys))
    if pointer:
        yield f"dynamodb:{pointer}"


def _item_pointer(table: object, item: "Mapping[str, Any]") -> "Iterator[str]":
    return _pointer(table, KEY_NAMES.keys_of(last_name(str(table or "")), item))


def _learn(operation: str, params: "Params", answer: "Answer") -> "Attributes":
    _learn_keys(operation, params, answer)
    learnt: Attributes = {attribute: answer[name] for name, attribute in _ANSWERED.items() if name in answer}
    consumed = answer.get("ConsumedCapacity")
    if consumed:
        listed = consumed if isinstance(consumed, list) else [consumed]
        learnt["aws.dynamodb.consumed_capacity"] = [json.dumps(one, default=str) for one in listed]
    if operation == "ListTables":
        learnt["aws.dynamodb.table_count"] = len(answer.get("TableNames") or ())
    return learnt


def _learn_keys(operation: str, params: "Params", answer: "Answer") -> None:
    if operation in ("GetItem", "UpdateItem", "DeleteItem"):
        KEY_NAMES.learn(last_name(str(params.get("TableName") or "")), params.get("Key") or ())
    elif operation in ("DescribeTable", "CreateTable"):
        table = answer.get("Table") or answer.get("TableDescription") or {}
        KEY_NAMES.learn(table.get("TableName", ""), [key["AttributeName"] for key in table.get("KeySchema") or ()])


SERVICE = Service(
    attributes={
        "IndexName": "aws.dynamodb.index_name", "Limit": "aws.dynamodb.limit", "Select": "aws.dynamodb.select",
        "ConsistentRead": "aws.dynamodb.consistent_read", "ScanIndexForward": "aws.dynamodb.scan_forward",
        "ProjectionExpression": "aws.dynamodb.projection", "Segment": "aws.dynamodb.segment",
        "TotalSegments": "aws.dynamodb.total_segments", "ExclusiveStartTableName": "aws.dynamodb.exclusive_start_table",
    },
    describe=_describe,
    joins={
        "PutItem": _put, "UpdateItem": _key, "DeleteItem": _key, "BatchWriteItem": _batch,
        "TransactWriteItems": _transaction,
    },
    learn=_learn,
)  # fmt: skip
