"""Engines that tests keep their tables in: moto within this process, dynalite where Node and its packages are."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from moto import mock_aws

from chalicelib.storage.dynamodb.client import Connection, DynamoClient, make_client
from chalicelib.storage.dynamodb.facts import DynamoBlockStore, Retention
from chalicelib.storage.dynamodb.tables import create_missing_tables
from chalicelib.storage.dynamodb.views import DynamoViewStore
from chalicelib.storage.dynamodb.writer import Backoff

FACTS_TABLE = "facts"
VIEWS_TABLE = "views"
CONTROL_TABLE = "control"
TABLE_NAMES = {"facts": FACTS_TABLE, "views": VIEWS_TABLE, "control": CONTROL_TABLE}

DAY_S = 24 * 3600

DYNALITE = Path(__file__).parent / "clients" / "js" / "node_modules" / "dynalite" / "cli.js"
START_TIMEOUT_S = 30


@contextmanager
def moto_tables() -> Iterator[Connection]:
    """moto in this process with the three tables, empty and ready; production's client, with its retries and hooks."""
    with mock_aws():
        connection = Connection(_moto_client)
        create_missing_tables(connection.client(), TABLE_NAMES)
        yield connection


@cache  # a client is quick to use and slow to make; moto answers whichever client asks while it is on
def _moto_client() -> DynamoClient:
    return make_client(region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing")


def has_dynalite() -> bool:
    """Whether dynalite can be started here (make setup-clients)."""
    return shutil.which("node") is not None and DYNALITE.exists()


@contextmanager
def dynalite() -> Iterator[Connection]:
    """dynalite in a process of its own, without tables."""
    port = _free_port()
    command = ["node", str(DYNALITE), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603  # node, by its name
        try:
            _wait_until_listening(port)
            yield Connection(
                lambda: make_client(
                    endpoint_url=f"http://127.0.0.1:{port}",
                    region_name="eu-central-1",
                    aws_access_key_id="testing",
                    aws_secret_access_key="testing",
                )
            )
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _wait_until_listening(port: int) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"dynalite does not listen on {port} after {START_TIMEOUT_S} s")


def dynamo_blocks(
    connection: Connection,
    now_ns: Callable[[], int],
    sleep: Callable[[float], None],
    retention_s: int = DAY_S,
    undecided_s: int = DAY_S,
    table: str = FACTS_TABLE,
) -> DynamoBlockStore:
    """A block store on the facts table, with a middling jitter so that runs are alike."""
    backoff = Backoff(random_unit=lambda: 0.5, sleep=sleep)
    return DynamoBlockStore(
        connection=connection,
        table=table,
        retention=Retention(retention_s, undecided_s),
        now_ns=now_ns,
        backoff=backoff,
    )


def dynamo_views(
    connection: Connection, now_ns: Callable[[], int], sleep: Callable[[float], None], table: str = VIEWS_TABLE
) -> DynamoViewStore:
    """A view store on the views table, with the same jitter."""
    backoff = Backoff(random_unit=lambda: 0.5, sleep=sleep)
    return DynamoViewStore(connection=connection, table=table, now_ns=now_ns, backoff=backoff)
