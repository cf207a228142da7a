import json
import subprocess
import sys

HEAVY = ("boto3", "botocore", "pynamodb", "concurrent.futures", "unittest")


def test_naming_the_stores_imports_no_sdk():
    """A function pays for the SDK when it first talks to a table, and for PynamoDB when it first reads an item."""
    stores = (
        "chalicelib.storage.dynamodb.facts, chalicelib.storage.dynamodb.control, chalicelib.storage.dynamodb.tables"
    )
    program = f"import {stores}, sys, json; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)  # noqa: S603
    assert [name for name in json.loads(answer.stdout) if name.startswith(HEAVY)] == []
