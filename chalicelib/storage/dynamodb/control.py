"""What people decided, on DynamoDB: storage/port.py's KeyStore and SamplingStore over the control table."""

from typing import TYPE_CHECKING

from chalicelib.model.access import KeyRecord, Scope
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection, call
from chalicelib.storage.dynamodb.items import Item
from chalicelib.storage.dynamodb.keys import tenant_prefix

if TYPE_CHECKING:
    from chalicelib.storage.dynamodb.models import KeyItem, SamplingItem

_SORT = "key"
_POLICIES_SORT, _STRATEGIES_SORT = "policies", "strategies"


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
        item = _find_item(self._connection, self._table, _partition(key_id), _SORT)
        if not item:
            return None
        try:
            return to_record(item)
        except (KeyError, TypeError, ValueError) as error:
            unreadable = StoreError("a key cannot be read")
            unreadable.add_note(f"key {key_id!r} in table {self._table} is not as `make key` writes it: {error!r}")
            raise unreadable from error


class DynamoSamplingStore:
    """Sampling documents in the control table `table`."""

    def __init__(self, *, connection: Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def put_sampling(self, tenant: str, document: bytes) -> None:
        """See port.SamplingStore."""
        self._put(tenant, _POLICIES_SORT, document)

    def find_sampling(self, tenant: str) -> bytes | None:
        """See port.SamplingStore."""
        return self._find(tenant, _POLICIES_SORT)

    def put_strategies(self, tenant: str, document: bytes) -> None:
        """See port.SamplingStore."""
        self._put(tenant, _STRATEGIES_SORT, document)

    def find_strategies(self, tenant: str) -> bytes | None:
        """See port.SamplingStore."""
        return self._find(tenant, _STRATEGIES_SORT)

    def _put(self, tenant: str, sort: str, document: bytes) -> None:
        client = self._connection.client()
        item = to_sampling_item(tenant, sort, document).serialize()
        call(client.put_item, None, {"TableName": self._table, "Item": item})

    def _find(self, tenant: str, sort: str) -> bytes | None:
        item = _find_item(self._connection, self._table, _sampling_partition(tenant), sort)
        if not item:
            return None
        try:
            return bytes(item["document"]["B"])
        except (KeyError, TypeError) as error:
            unreadable = StoreError(f"the sampling {sort} cannot be read")
            unreadable.add_note(f"those of {tenant!r} in table {self._table} are not as Spanfold wrote them: {error!r}")
            raise unreadable from error


def to_sampling_item(tenant: str, sort: str, document: bytes) -> "SamplingItem":
    """The control item for a sampling document of a tenant. Raises ValueError for what cannot be a tenant."""
    from chalicelib.storage.dynamodb.models import SamplingItem  # noqa: PLC0415

    return SamplingItem(pk=_sampling_partition(tenant), sk=sort, document=document)


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


def _sampling_partition(tenant: str) -> str:
    tenant_prefix(tenant)  # raises ValueError for what cannot be a tenant
    return f"sampling#{tenant}"


def _find_item(connection: Connection, table: str, partition: str, sort: str) -> Item | None:
    key = {"pk": {"S": partition}, "sk": {"S": sort}}
    client = connection.client()
    answer = call(client.get_item, None, {"TableName": table, "Key": key, "ConsistentRead": True})
    return answer.get("Item")
