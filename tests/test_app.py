"""The deployed function, from its environment up."""

import json
import os
import subprocess
import sys

from tests.routes.posts import PROTOBUF, event, protobuf_post

ASK = """
import json, sys
from app import app
answer = app(json.load(sys.stdin), None)
print(json.dumps({"status": answer["statusCode"], "heavy": [name for name in sys.argv[1:] if name in sys.modules]}))
"""


def ask(proxy_event: dict, *heavy: str, **variables: str) -> dict:
    """What a fresh process answers, and which of `heavy` modules it imported for it."""
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", ASK, *heavy],
        env=dict(os.environ) | variables,
        input=json.dumps(proxy_event),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout.splitlines()[-1])


def test_a_deployed_function_asks_for_a_key_whatever_its_environment_says():
    opened = {"SPANFOLD_OPEN": "1", "SPANFOLD_TENANT": "default", "AWS_CHALICE_CLI_MODE": "true", "CHALICE_LOCAL": "1"}
    assert ask(event(headers=PROTOBUF, body=protobuf_post()), **opened)["status"] == 401


def test_a_request_that_needs_no_store_loads_no_sdk_and_no_read_path():
    heavy = (
        "pynamodb", "boto3", "moto", "uvicorn", "chalicelib.assembly", "chalicelib.query.traces", "asyncio",
        "chalicelib.views", "chalicelib.search", "chalicelib.rollups", "chalicelib.sampling",
        "chalicelib.storage.sqs", "chalicelib.storage.dynamodb.stream",
    )  # fmt: skip
    assert ask(event("GET", "/healthz"), *heavy) == {"status": 200, "heavy": []}


def test_a_setting_that_cannot_be_meant_stops_the_import_in_clear_words():
    ended = subprocess.run(
        [sys.executable, "-c", "import app"],
        env=dict(os.environ) | {"SPANFOLD_RETENTION_DAYS": "soon"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "SPANFOLD_RETENTION_DAYS='soon' is not a whole number" in ended.stderr


COLLECT = """
import sys, json
from chalicelib.codecs.otlp import protobuf
from chalicelib.collector.collect import collect
from chalicelib.model.deadline import Deadline
from tests.in_memory import services_in_memory
services = services_in_memory()
services.sampling.put_sampling("default", b'{"policies": [{"name": "all", "type": "always_sample"}]}')
body = sys.stdin.buffer.read()
collect(services, "default", protobuf.decode_in_parts(body, 32), Deadline(1, lambda: 0))
(kept,) = services.blocks.scan()
print(json.dumps([kept[1].undecided, sorted(sys.modules)]))
"""


def test_taking_spans_for_sampling_loads_neither_policies_nor_the_query_language():
    ended = subprocess.run([sys.executable, "-c", COLLECT], input=protobuf_post(), capture_output=True, check=True)  # noqa: S603
    undecided, modules = json.loads(ended.stdout)
    late = ("chalicelib.sampling", "chalicelib.search", "chalicelib.views", "chalicelib.rollups", "chalicelib.query")
    assert undecided
    assert [name for name in modules if name.startswith(late)] == []


NAME_THEM = """
import json, app
print(json.dumps([callable(getattr(app, name)) for name in ("app", "index_stream", "seal", "work")]))
"""


def test_the_app_has_a_handler_for_every_function_of_its_own():
    ended = subprocess.run([sys.executable, "-c", NAME_THEM], capture_output=True, text=True, check=True)  # noqa: S603
    assert json.loads(ended.stdout) == [True] * 4
