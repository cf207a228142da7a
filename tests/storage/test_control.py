"""Control items that were not written by `make key`."""

import pytest

from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore
from tests.engines import CONTROL_TABLE

GOOD = {"secret_sha256": {"B": bytes(32)}, "tenant": {"S": "acme"}, "scopes": {"SS": ["read"]}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": {"S": "Acme Corp"}},
        {"tenant": {"NULL": True}},
        {"secret_sha256": {"S": "x"}},
        {"expires_at": {"N": "1.5"}},
    ],
    ids=["a tenant that cannot be", "no tenant", "a secret that is no hash", "an expiry that is no second"],
)
def test_a_key_that_somebody_made_by_hand_wrongly_is_the_stores_error_and_named_to_the_operator(
    wrong: dict[str, dict[str, object]], dynamodb: Connection
):
    item = {"pk": {"S": "key#HANDMADE"}, "sk": {"S": "key"}, **GOOD, **wrong}
    dynamodb.client().put_item(TableName=CONTROL_TABLE, Item=item)
    with pytest.raises(StoreError, match="a key cannot be read") as unreadable:
        DynamoKeyStore(connection=dynamodb, table=CONTROL_TABLE).find_key("HANDMADE")
    assert "HANDMADE" in unreadable.value.__notes__[0]
