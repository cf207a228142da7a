"""Where the parts are chosen: settings become services. Made once per container, clients on first use."""

import random
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.access.gates import KeyGate
from chalicelib.services import Gate, Services, Telemetry
from chalicelib.settings import Settings, of_process
from chalicelib.storage.dynamodb.client import Connection, make_client
from chalicelib.storage.dynamodb.control import DynamoKeyStore, DynamoSamplingStore
from chalicelib.storage.dynamodb.facts import DynamoBlockStore, Retention
from chalicelib.storage.dynamodb.views import DynamoViewStore
from chalicelib.storage.dynamodb.writer import Backoff
from chalicelib.storage.memory import MemoryWorkQueue
from chalicelib.storage.port import BlockScan, BlockStore, KeyStore, SamplingStore, ViewStore, WorkQueue
from chalicelib.storage.remembered import RememberedSampling

if TYPE_CHECKING:
    from chalicelib.model.arrival import Arrival, BadRecord

_BACKOFF = Backoff(random.random, time.sleep)


class Stores(NamedTuple):
    """DynamoDB's three tables, over one client that is made on first use."""

    blocks: BlockStore
    scan: BlockScan
    views: ViewStore
    sampling: SamplingStore
    keys: KeyStore
    connection: Connection
    make_missing_tables: Callable[..., tuple[str, ...]]  # for local engines alone; the names of those made


@cache
def services() -> Services:
    """What a deployed function works with. It always asks for keys: nothing in the environment can open the gate.

    Raises BadSetting, which is meant to stop a deployment.
    """
    from chalicelib.telemetry import PowertoolsTelemetry  # noqa: PLC0415  # the local runner has a telemetry of its own

    settings = of_process()
    kept = stores(settings)
    gate = KeyGate(kept.keys.find_key, time.time_ns)
    return assemble(settings, kept, queue=work_queue(settings), gate=gate, telemetry=PowertoolsTelemetry())


def assemble(settings: Settings, kept: Stores, *, queue: WorkQueue, gate: Gate, telemetry: Telemetry) -> Services:
    """Services around these parts, on the machine's own clock."""
    return Services(
        settings=settings,
        blocks=kept.blocks,
        views=kept.views,
        sampling=RememberedSampling(kept.sampling, time.time_ns),
        queue=queue,
        gate=gate,
        telemetry=telemetry,
        now_ns=time.time_ns,
    )


def stores(settings: Settings, **client: str) -> Stores:
    """The tables of `settings`; `client` is what botocore's create_client takes, beside what the SDK finds itself."""
    return stores_over(settings, Connection(partial(make_client, **client)))


def stores_over(settings: Settings, connection: Connection) -> Stores:
    """The tables of `settings` over this client."""
    blocks = DynamoBlockStore(
        connection=connection,
        table=settings.facts_table,
        retention=Retention(settings.retention_s, settings.undecided_s),
        now_ns=time.time_ns,
        backoff=_BACKOFF,
    )
    views = DynamoViewStore(connection=connection, table=settings.views_table, now_ns=time.time_ns, backoff=_BACKOFF)
    return Stores(
        blocks=blocks,
        scan=blocks,
        views=views,
        sampling=DynamoSamplingStore(connection=connection, table=settings.control_table),
        keys=DynamoKeyStore(connection=connection, table=settings.control_table),
        connection=connection,
        make_missing_tables=partial(_make_missing_tables, settings, connection),
    )


def work_queue(settings: Settings, **client: str) -> WorkQueue:
    """The queue of `settings`, or one in this process; whoever sends to that must also take (functions/work.py)."""
    if not settings.work_queue_url:
        return MemoryWorkQueue()
    from chalicelib.storage.dynamodb.client import OnceMade  # noqa: PLC0415
    from chalicelib.storage.sqs.queue import SqsWorkQueue, make_client  # noqa: PLC0415

    connection = OnceMade(partial(make_client, **client))
    return SqsWorkQueue(connection=connection, url=settings.work_queue_url, backoff=_BACKOFF)


def read_stream(event: Mapping[str, Any]) -> "list[Arrival | BadRecord]":
    """What an event of the facts table's stream tells, in order; it never raises."""
    from chalicelib.storage.dynamodb import stream  # noqa: PLC0415  # only the indexer needs it

    return stream.read_stream(event)


def _make_missing_tables(settings: Settings, connection: Connection, *, has_streams: bool = True) -> tuple[str, ...]:
    from chalicelib.storage.dynamodb.tables import create_missing_tables  # noqa: PLC0415

    names = {"facts": settings.facts_table, "views": settings.views_table, "control": settings.control_table}
    return create_missing_tables(connection.client(), names, has_streams=has_streams)
