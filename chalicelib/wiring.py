"""Where the parts are chosen: settings become services. Made once per container, clients on first use."""

import random
import time
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from chalicelib.access.gates import KeyGate
from chalicelib.services import Gate, Services, Telemetry
from chalicelib.settings import Settings, of_process
from chalicelib.storage.dynamodb.client import Connection, make_client
from chalicelib.storage.dynamodb.control import DynamoKeyStore
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from chalicelib.storage.dynamodb.writer import Backoff
from chalicelib.storage.memory import MemorySamplingStore, MemoryViewStore, MemoryWorkQueue
from chalicelib.storage.port import BlockStore, KeyStore
from chalicelib.storage.remembered import RememberedSampling


class Stores(NamedTuple):
    """DynamoDB's three tables, over one client that is made on first use."""

    blocks: BlockStore
    keys: KeyStore
    make_missing_tables: Callable[[], tuple[str, ...]]  # for local engines alone; the names of those made


@cache
def services() -> Services:
    """What a deployed function works with. It always asks for keys: nothing in the environment can open the gate.

    Raises BadSetting, which is meant to stop a deployment.
    """
    from chalicelib.telemetry import PowertoolsTelemetry  # noqa: PLC0415  # the local runner has a telemetry of its own

    settings = of_process()
    kept = stores(settings)
    gate = KeyGate(kept.keys.find_key, time.time_ns)
    return assemble(settings, blocks=kept.blocks, gate=gate, telemetry=PowertoolsTelemetry())


def assemble(settings: Settings, *, blocks: BlockStore, gate: Gate, telemetry: Telemetry) -> Services:
    """Services around these parts, on the machine's own clock."""
    return Services(
        settings=settings,
        blocks=blocks,
        views=MemoryViewStore(time.time_ns),
        sampling=RememberedSampling(MemorySamplingStore(), time.time_ns),
        queue=MemoryWorkQueue(),
        gate=gate,
        telemetry=telemetry,
        now_ns=time.time_ns,
    )


def stores(settings: Settings, **client: str) -> Stores:
    """The tables of `settings`; `client` is what botocore's create_client takes, beside what the SDK finds itself."""
    connection = Connection(partial(make_client, **client))
    blocks = DynamoBlockStore(
        connection=connection,
        table=settings.facts_table,
        retention_s=settings.retention_s,
        now_ns=time.time_ns,
        backoff=Backoff(random.random, time.sleep),
    )
    keys = DynamoKeyStore(connection=connection, table=settings.control_table)
    return Stores(blocks, keys, partial(_make_missing_tables, settings, connection))


def _make_missing_tables(settings: Settings, connection: Connection) -> tuple[str, ...]:
    from chalicelib.storage.dynamodb.tables import create_missing_tables  # noqa: PLC0415

    names = {"facts": settings.facts_table, "views": settings.views_table, "control": settings.control_table}
    return create_missing_tables(connection.client(), names)
