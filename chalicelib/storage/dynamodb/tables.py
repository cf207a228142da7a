"""The three tables, as data: what infra/ declares for the cloud and the local runner makes for itself.

Facts are what was sent, views can be computed again, control is what people decided. Keys are named `pk` and `sk`
everywhere: a name is paid for in every item. Facts have binary keys, because ids are bytes; the other two have
text, which a person can read in the console. Only facts and views expire by themselves; a key that a person made
stays until a person removes it. Nothing has an index, so there is no 10 GB limit on an item collection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.storage.dynamodb.client import DynamoClient

PARTITION_KEY = "pk"
SORT_KEY = "sk"
TTL_ATTRIBUTE = "expires_at"  # epoch seconds, which is what DynamoDB's TTL wants


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """One table: the type of both its keys (B binary, S text), and what it does by itself."""

    key_type: Literal["B", "S"]
    ttl_attribute: str | None
    stream_view: Literal["NEW_AND_OLD_IMAGES"] | None  # old ones tell what a repeated write replaced


FACTS = TableSchema(key_type="B", ttl_attribute=TTL_ATTRIBUTE, stream_view="NEW_AND_OLD_IMAGES")
VIEWS = TableSchema(key_type="S", ttl_attribute=TTL_ATTRIBUTE, stream_view=None)
CONTROL = TableSchema(key_type="S", ttl_attribute=None, stream_view=None)

SCHEMAS: Mapping[str, TableSchema] = {"facts": FACTS, "views": VIEWS, "control": CONTROL}


def table_properties(schema: TableSchema) -> dict[str, Any]:
    """What CreateTable and CloudFormation's AWS::DynamoDB::Table spell alike: keys and billing."""
    return {
        "AttributeDefinitions": [
            {"AttributeName": PARTITION_KEY, "AttributeType": schema.key_type},
            {"AttributeName": SORT_KEY, "AttributeType": schema.key_type},
        ],
        "KeySchema": [
            {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def create_table(client: DynamoClient, name: str, schema: TableSchema, *, has_stream: bool = True) -> None:
    """Make the table and return when it can be used. Raises botocore's ResourceInUseException if it exists."""
    stream = (
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": schema.stream_view}}
        if schema.stream_view and has_stream
        else {}
    )
    client.create_table(TableName=name, **table_properties(schema), **stream)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    if schema.ttl_attribute:
        _expire_by(client, name, schema.ttl_attribute)


def create_missing_tables(
    client: DynamoClient, names: Mapping[str, str], *, has_streams: bool = True
) -> tuple[str, ...]:
    """Make those tables of `names` (role in SCHEMAS -> table name) that are not there; the names of those made."""
    missing = {role: name for role, name in names.items() if not _exists(client, name)}
    for role, name in missing.items():
        create_table(client, name, SCHEMAS[role], has_stream=has_streams)
    return tuple(missing.values())


def _exists(client: DynamoClient, name: str) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415  # only who makes tables needs it here

    try:
        client.describe_table(TableName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return True


def _expire_by(client: DynamoClient, name: str, attribute: str) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    specification = {"Enabled": True, "AttributeName": attribute}
    try:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    except ClientError as error:
        # dynalite has no TTL. Readers leave expired items out by themselves, so that costs only space.
        if error.response["Error"]["Code"] != "UnknownOperationException":
            raise
