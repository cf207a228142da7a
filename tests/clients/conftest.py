import time
from collections.abc import Iterator

import pytest

from chalicelib.access.gates import OpenGate
from chalicelib.local.server import serve
from chalicelib.routes import gateway
from chalicelib.settings import Settings
from tests.engines import dynamo_blocks, moto_tables
from tests.in_memory import services_in_memory
from tests.recording import RecordingTelemetry


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The whole backend over real HTTP, on DynamoDB as moto plays it."""
    with moto_tables() as connection:
        services = services_in_memory(
            settings=Settings(),
            blocks=dynamo_blocks(connection, time.time_ns, time.sleep),
            gate=OpenGate("default"),
            telemetry=RecordingTelemetry(),
            now_ns=time.time_ns,
        )
        with serve(gateway.create(services), log=lambda _line: None) as url:
            yield url
