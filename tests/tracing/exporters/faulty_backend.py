"""A backend on loopback that answers as told: one entry of its script for each request, 200 once that is used up."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from chalicelib.codecs.otlp import json as otlp_json
from chalicelib.codecs.otlp.spans import to_spans

Act = Callable[["FaultyBackend", socket.socket], bool]  # True: go on with the connection


def reply(status: int = 200, body: bytes = b"{}", *headers: str, then_close: bool = False, length: int = -1) -> Act:
    """A whole answer; `length` is what Content-Length says if it lies."""

    def act(_backend: "FaultyBackend", connection: socket.socket) -> bool:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body) if length < 0 else length}", *headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return not then_close

    return act


def close(_backend: "FaultyBackend", _connection: socket.socket) -> bool:
    """The request is read, and the connection closed without a word."""
    return False


def hang(backend: "FaultyBackend", _connection: socket.socket) -> bool:
    """No answer until the test is over."""
    backend.over.wait()
    return False


def drip(backend: "FaultyBackend", connection: socket.socket) -> bool:
    """A header that never ends, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not backend.over.wait(0.01):
        connection.sendall(b"x")
    return False


def garbage(_backend: "FaultyBackend", connection: socket.socket) -> bool:
    """What is not HTTP."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
    return False


class FaultyBackend:
    """`requests` are headers (lower case) and body of each; `connections` how many there were."""

    def __init__(self, script: Sequence[Act], tls: Any = None) -> None:
        self._script = list(script)
        self._tls = tls
        self.over = threading.Event()
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://localhost:{self._socket.getsockname()[1]}/v1/traces"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def names(self) -> list[str]:
        """Of all spans in all requests."""
        bodies = [gzip.decompress(body) for _, body in self.requests]
        return [span.name for body in bodies for span in to_spans(otlp_json.decode(body, 32).message)]

    def hang_up(self) -> None:
        """Close what connections there are, as a load balancer does to idle ones."""
        for connection in self._open:
            connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self.over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        threads = []
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                break
            self.connections += 1
            threads.append(threading.Thread(target=self._serve, args=(connection,)))
            threads[-1].start()
        for connection in self._open:
            with_no_more_to_say(connection)
        for thread in threads:
            thread.join()

    def _serve(self, plain: socket.socket) -> None:
        try:
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
        except OSError:
            plain.close()
            return
        self._open.append(connection)
        with closing(connection), connection.makefile("rb") as stream:
            try:
                while self._answer(connection, stream):
                    pass
            except OSError:
                pass
            with_no_more_to_say(connection)

    def _answer(self, connection: socket.socket, stream: Any) -> bool:
        headers = dict(_headers(stream))
        if not headers:
            return False
        self.requests.append((headers, stream.read(int(headers.get("content-length", 0)))))
        act = self._script.pop(0) if self._script else reply()
        return act(self, connection)


def with_no_more_to_say(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _headers(stream: Any) -> Iterator[tuple[str, str]]:
    """The request line under "", then the headers; nothing when the other side has closed."""
    line = stream.readline()
    if line:
        yield "", line.decode().strip()
    while line and (line := stream.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode().partition(":")
        yield name.strip().lower(), value.strip()


@contextmanager
def backend(*script: Act, tls: Any = None) -> Iterator[FaultyBackend]:
    running = FaultyBackend(script, tls)
    try:
        yield running
    finally:
        running.stop()
