"""The parts of a local backend, put together: the app, the other functions, and what sets these off."""

from typing import NamedTuple

from chalicelib import wiring
from chalicelib.functions import registry
from chalicelib.local.background import LocalQueue, Sources
from chalicelib.local.engine import Engine
from chalicelib.local.tap import FactsTap
from chalicelib.routes import gateway
from chalicelib.services import Gate, Telemetry
from chalicelib.settings import Settings


class Backend(NamedTuple):
    """Everything that app.py registers, and the sources of events."""

    app: gateway.TraceApp
    functions: registry.Functions
    sources: Sources


def assemble(settings: Settings, engine: Engine, gate: Gate, telemetry: Telemetry) -> Backend:
    """A backend over the tables of `engine`, its work queue in this process whatever the settings say."""
    queue = LocalQueue()
    services = wiring.assemble(settings, engine.stores, queue=queue, gate=gate, telemetry=telemetry)
    app = gateway.create(services)
    sources = Sources(
        tap=FactsTap(engine.stores.connection.client(), settings.facts_table),
        queue=queue,
        batch_size=settings.index_batch_size,
        batch_window_s=settings.index_batch_window_s,
    )
    return Backend(app, registry.register(app, services), sources)
