"""The deployed function in a process of its own, on an embedded DynamoDB: `app.py` as Lambda loads it.

Standard input has an HTTP request per line: {"method", "path", "headers", "body" (base64)}. Each gets a key for
everything. What the function prints goes to standard output, as it would on Lambda; the statuses and bodies of its
answers go to standard error, one JSON line each.
"""

import base64
import json
import os
import sys

from chalicelib.access.keys import RANDOM_BYTES, issue
from chalicelib.local.lambda_runtime import LambdaContext
from chalicelib.local.proxy import HttpRequest, find_match, proxy_event
from chalicelib.model.access import Scope
from chalicelib.storage.dynamodb.control import DynamoKeyStore
from tests.engines import CONTROL_TABLE, FACTS_TABLE, VIEWS_TABLE, moto_tables

ENVIRONMENT = {
    "SPANFOLD_FACTS_TABLE": FACTS_TABLE,
    "SPANFOLD_VIEWS_TABLE": VIEWS_TABLE,
    "SPANFOLD_CONTROL_TABLE": CONTROL_TABLE,
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


def main() -> None:
    os.environ.update(ENVIRONMENT)
    with moto_tables() as connection:
        token, record = issue(bytes(RANDOM_BYTES), tenant="acme", scopes=frozenset(Scope), expires_at_s=None)
        DynamoKeyStore(connection=connection, table=CONTROL_TABLE).put_key(record)
        from app import app  # noqa: PLC0415  # reads the environment

        for line in sys.stdin:
            asked = json.loads(line)
            headers = asked["headers"] | {"X-Api-Key": token.text()}
            body = base64.b64decode(asked["body"])
            request = HttpRequest(asked["method"], asked["path"], "", list(headers.items()), body, "127.0.0.1", 0)
            match = find_match(app.routes, request.raw_path)
            assert match is not None
            answer = app(proxy_event(request, match), LambdaContext())
            sys.stderr.write(json.dumps({"status": answer["statusCode"], "body": answer["body"]}) + "\n")


if __name__ == "__main__":
    main()
