"""`python -m chalicelib.local` as a process: the whole backend on the embedded engine."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from chalicelib.local.__main__ import greeting, is_loopback
from chalicelib.local.engine import EngineUnreachable, engine
from chalicelib.local.server import listen
from chalicelib.settings import Settings
from tests.http_client import HttpClient
from tests.routes.posts import PROTOBUF, TRACE_ID, protobuf_post

COMMAND = [sys.executable, "-m", "chalicelib.local"]


def surroundings(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SPANFOLD_"))}
    return inherited | {"PORT": "0"} | variables


@contextmanager
def running(**variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and all it said up to the end of its greeting."""
    process = subprocess.Popen(  # noqa: S603
        COMMAND, env=surroundings(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        said = ""
        while "Ctrl-C stops it." not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        yield process, said
    finally:
        process.kill()
        process.communicate()


def url_in(said: str) -> str:
    return re.search(r"OTEL_EXPORTER_OTLP_ENDPOINT=(\S+)", said)[1]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_takes_a_trace_gives_it_back_and_stops_cleanly(stop):
    with running() as (process, said):
        client = HttpClient(url_in(said))
        assert client.post("/v1/traces", protobuf_post(), PROTOBUF).status == 200
        assert client.get(f"/v1/traces/{TRACE_ID}").status == 200
        assert client.get(f"/v1/traces/{TRACE_ID}/assembly").status == 200
        process.send_signal(stop)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in errors
        assert "1 spans received" in errors


def test_a_request_that_never_ends_does_not_keep_it_from_stopping():
    with running() as (process, said):
        address = urlsplit(url_in(said))
        with socket.create_connection((address.hostname, address.port)) as half_open:
            half_open.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
            HttpClient(url_in(said)).get("/healthz")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in errors


def test_it_says_how_to_point_an_sdk_at_it_and_that_it_is_open():
    with running() as (_, said):
        assert "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in said
        assert "export OTEL_SERVICE_NAME=" in said
        assert 'tenant "default"' in said


def test_reached_from_elsewhere_it_asks_for_the_key_it_shows():
    with running(HOST="0.0.0.0") as (_, said):  # noqa: S104  # this is the point
        key = re.search(r"sfk_\w+", said)[0]
        client = HttpClient(url_in(said))
        assert client.url.startswith("http://127.0.0.1:")
        assert client.post("/v1/traces", protobuf_post(), PROTOBUF).status == 401
        assert client.post("/v1/traces", protobuf_post(), {**PROTOBUF, "x-api-key": key}).status == 200


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"PORT": "http"}, "PORT='http' is not a port"),
        ({"SPANFOLD_RETENTION_DAYS": "0"}, "SPANFOLD_RETENTION_DAYS='0' must be at least 1"),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}, "start AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:1"),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "nonsense"}, "Invalid endpoint: nonsense"),
        ({"AWS_PROFILE": "nobody"}, "profile (nobody) could not be found"),
    ],
)
def test_wrong_surroundings_are_one_line_and_exit_code_1(variables, says):
    ended = subprocess.run(COMMAND, env=surroundings(**variables), capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_taken_port_is_one_line_and_exit_code_1():
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(COMMAND, env=surroundings(PORT=port), capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"spanfold: 127.0.0.1:{port} is in use")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.2", False),
        ("example.com", False),
    ],
)
def test_only_a_loopback_address_is_left_open(host, loopback):
    assert is_loopback(host) is loopback


def test_without_a_key_to_show_the_greeting_says_how_to_make_one():
    said = greeting("http://0.0.0.0:1", "DynamoDB", 1.0, open_to_all=False, key=None)
    assert "python -m chalicelib.cli.key" in said
    assert "OTEL_EXPORTER_OTLP_HEADERS=x-api-key=<key>" in said


def test_the_embedded_engine_has_its_tables_and_begins_empty():
    with engine(Settings(), {}) as made:
        assert made.embedded
        assert made.stores.keys.find_key("nobody") is None


def test_an_engine_that_is_not_there_is_named():
    with (
        pytest.raises(EngineUnreachable, match=r"http://127\.0\.0\.1:1"),
        engine(Settings(), {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}),
    ):
        pass
