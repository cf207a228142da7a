"""The backend in memory: `services` open to everybody, `client` speaking HTTP to them through the local runner.

And `dynamodb`: moto with the three tables, empty, with a `clock` that only moves when it is told to.
"""

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.access.gates import KeyGate
from chalicelib.access.keys import RANDOM_BYTES, issue
from chalicelib.local.server import serve
from chalicelib.model.access import Scope
from chalicelib.routes import gateway
from chalicelib.services import Services
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.memory import (
    MemoryKeyStore,
)
from tests.clocks import Clock
from tests.engines import moto_tables
from tests.http_client import HttpClient
from tests.in_memory import services_in_memory
from tests.recording import RecordingTelemetry


@pytest.fixture
def dynamodb() -> Iterator[Connection]:
    with moto_tables() as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()


@pytest.fixture
def services(telemetry: RecordingTelemetry) -> Services:
    return services_in_memory(telemetry=telemetry)


@pytest.fixture
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def key_for(keys: MemoryKeyStore) -> Callable[..., str]:
    """Makes a key for these scopes: key_for(Scope.READ, tenant="acme")."""
    made = iter(range(1, 256))

    def make(*scopes: Scope, tenant: str = "default", expires_at_s: int | None = None) -> str:
        random_bytes = bytes([next(made)]) * RANDOM_BYTES
        token, record = issue(random_bytes, tenant=tenant, scopes=frozenset(scopes), expires_at_s=expires_at_s)
        keys.put_key(record)
        return token.text()

    return make


@pytest.fixture
def key_gate(keys: MemoryKeyStore) -> KeyGate:
    return KeyGate(keys.find_key, time.time_ns)


@pytest.fixture
def client_of() -> Iterator[Callable[[Services], HttpClient]]:
    """Starts a server for these services; it stops with the test."""
    running = contextlib.ExitStack()

    def start(services: Services) -> HttpClient:
        return HttpClient(running.enter_context(serve(gateway.create(services), log=lambda _line: None)))

    with running:
        yield start


@pytest.fixture
def client(client_of: Callable[[Services], HttpClient], services: Services) -> HttpClient:
    return client_of(services)
