"""Control items that were not written by `make key`."""

import pytest

from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore, DynamoSamplingStore
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


def test_sampling_policies_that_somebody_wrote_by_hand_wrongly_are_the_stores_error(dynamodb: Connection):
    item = {"pk": {"S": "sampling#acme"}, "sk": {"S": "policies"}, "document": {"S": "{}"}}
    dynamodb.client().put_item(TableName=CONTROL_TABLE, Item=item)
    with pytest.raises(StoreError, match="policies cannot be read") as unreadable:
        DynamoSamplingStore(connection=dynamodb, table=CONTROL_TABLE).find_sampling("acme")
    assert "acme" in unreadable.value.__notes__[0]


def test_strategies_that_somebody_wrote_by_hand_wrongly_are_the_stores_error(dynamodb: Connection):
    item = {"pk": {"S": "sampling#acme"}, "sk": {"S": "strategies"}}
    dynamodb.client().put_item(TableName=CONTROL_TABLE, Item=item)
    with pytest.raises(StoreError, match="strategies cannot be read"):
        DynamoSamplingStore(connection=dynamodb, table=CONTROL_TABLE).find_strategies("acme")


def test_spanfold_itself_has_no_sampling_policies(dynamodb: Connection):
    with pytest.raises(ValueError, match="tenant '-'"):
        DynamoSamplingStore(connection=dynamodb, table=CONTROL_TABLE).put_sampling("-", b"{}")
