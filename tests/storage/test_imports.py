import json
import subprocess
import sys

HEAVY = ("boto3", "botocore", "pynamodb", "concurrent.futures", "unittest")


def test_naming_the_stores_imports_no_sdk():
    """A function pays for the SDK when it first talks to a table, and for PynamoDB when it first reads a block."""
    stores = (
        "chalicelib.storage.dynamodb.facts, chalicelib.storage.dynamodb.control, chalicelib.storage.dynamodb.tables"
    )
    program = f"import {stores}, sys, json; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)  # noqa: S603
    assert [name for name in json.loads(answer.stdout) if name.startswith(HEAVY)] == []


FIND_KEY = """
import json, sys
from types import SimpleNamespace
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore
item = {"pk": {"S": "key#k"}, "sk": {"S": "key"}, "secret_sha256": {"B": bytes(32)}, "tenant": {"S": "acme"}}
client = SimpleNamespace(get_item=lambda **_: {"Item": item})
found = DynamoKeyStore(connection=Connection(lambda: client), table="control").find_key("k")
print(json.dumps([found.tenant, "pynamodb" in sys.modules]))
"""


def test_looking_up_a_key_imports_no_pynamodb():
    """The first post of a container waits for it."""
    answer = subprocess.run([sys.executable, "-c", FIND_KEY], capture_output=True, check=True, text=True)  # noqa: S603
    assert json.loads(answer.stdout) == ["acme", False]
