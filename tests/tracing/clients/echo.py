"""An HTTP server on 127.0.0.1 that remembers what it was asked and answers as the path says."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, list[str]]  # names in lower case
    body: bytes


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Echo"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        self.server.requests.append(Request(self.command, self.path, headers, body))
        answer = self.server.planned.pop(0) if self.server.planned else self._by_path()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815

    def _by_path(self) -> Answer:
        path = self.path.partition("?")[0]
        if path.startswith("/status/"):
            return Answer(int(path.rpartition("/")[2]), {}, b"")
        if path.startswith("/redirect/"):
            return Answer(302, {"Location": f"/{path.removeprefix('/redirect/')}"}, b"")
        return Answer(200, {"Content-Type": "text/plain"}, b"well")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass


class Echo(ThreadingHTTPServer):
    """`requests`: those that came, in order. `planned`: answers to be given first, whatever the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[Request] = []
        self.planned: list[Answer] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def forget(self) -> None:
        self.requests.clear()
        self.planned.clear()

    def plan(self, status: int, body: object, **headers: str) -> None:
        self.planned.append(
            Answer(status, {"Content-Type": "application/x-amz-json-1.0", **headers}, json.dumps(body).encode())
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up on a kept connection is no news."""
