"""The key store on DynamoDB: storage/port.py's KeyStore over the control table."""

from typing import TYPE_CHECKING

from chalicelib.model.access import KeyRecord, Scope
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection, call
from chalicelib.storage.dynamodb.items import Item
from chalicelib.storage.dynamodb.keys import tenant_prefix

if TYPE_CHECKING:
    from chalicelib.storage.dynamodb.models import KeyItem

_SORT = "key"


class DynamoKeyStore:
    """Keys in the control table `table`."""

    def __init__(self, *, connection: Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def put_key(self, record: KeyRecord) -> None:
        """See port.KeyStore."""
        client = self._connection.client()
        call(client.put_item, None, {"TableName": self._table, "Item": to_item(record).serialize()})

    def find_key(self, key_id: str) -> KeyRecord | None:
        """See port.KeyStore."""
        client = self._connection.client()
        key = {"pk": {"S": _partition(key_id)}, "sk": {"S": _SORT}}
        answer = call(client.get_item, None, {"TableName": self._table, "Key": key, "ConsistentRead": True})
        item = answer.get("Item")
        if not item:
            return None
        try:
            return to_record(item)
        except (KeyError, TypeError, ValueError) as error:
            unreadable = StoreError("a key cannot be read")
            unreadable.add_note(f"key {key_id!r} in table {self._table} is not as `make key` writes it: {error!r}")
            raise unreadable from error


def to_item(record: KeyRecord) -> "KeyItem":
    """The control item for `record`."""
    from chalicelib.storage.dynamodb.models import KeyItem  # noqa: PLC0415

    return KeyItem(
        pk=_partition(record.key_id),
        sk=_SORT,
        secret_sha256=record.secret_sha256,
        tenant=record.tenant,
        scopes={scope.value for scope in record.scopes} or None,
        expires_at=record.expires_at_s,
        note=record.note or None,
    )


def to_record(item: Item) -> KeyRecord:
    """The record in a control item, which has the attributes of models.KeyItem.

    A scope that this version does not know gives nothing, and is left out. Raises KeyError, TypeError or ValueError
    for an item that somebody made by other means. Read without the model, as the first post
    of a cold container waits for this, and PynamoDB takes 10 ms to import.
    """
    tenant_prefix(item["tenant"]["S"])  # raises ValueError for what cannot be a tenant
    known = {scope.value for scope in Scope}
    expires_at = item.get("expires_at", {}).get("N")
    return KeyRecord(
        key_id=item["pk"]["S"].removeprefix(_partition("")),
        secret_sha256=item["secret_sha256"]["B"],
        tenant=item["tenant"]["S"],
        scopes=frozenset(Scope(name) for name in item.get("scopes", {}).get("SS", ()) if name in known),
        expires_at_s=None if expires_at is None else int(expires_at),
        note=item.get("note", {}).get("S", ""),
    )


def _partition(key_id: str) -> str:
    return f"key#{key_id}"
