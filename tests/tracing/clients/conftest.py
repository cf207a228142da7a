"""Instrumented clients whose spans a `recorder` gets; moto for AWS, an HTTP server of our own for the others."""

import threading
from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib.tracing.clients import CLIENTS, instrument, uninstrument
from tests.tracing.clients.echo import Echo
from tests.tracing.clients.recorder import Recorder


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    instrument(*CLIENTS, tracer=lambda: made)
    yield made
    uninstrument()
    assert (made.errors, made.first_error) == (0, "")


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def echo() -> Iterator[Echo]:
    server = Echo()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _forgetful(request: pytest.FixtureRequest) -> None:
    if "echo" in request.fixturenames:
        request.getfixturevalue("echo").forget()
