"""HTTP on one machine: uvicorn in front, API Gateway's and Lambda's parts behind it, the app on threads."""

import asyncio
import contextlib
import errno
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

from chalicelib.local.lambda_runtime import invoke
from chalicelib.local.proxy import (
    MAX_REQUEST_BYTES,
    NO_SUCH_RESOURCE,
    TIMED_OUT,
    TIMEOUT_S,
    TOO_LONG,
    HttpAnswer,
    HttpRequest,
    find_match,
    gateway_error,
    proxy_event,
)
from chalicelib.routes.gateway import TraceApp

GRACE_S = 2  # for requests in flight when the server is stopped
THREADS = 32  # as many Lambda containers at once
BACKLOG = 1_024
DRAINED_BYTES = 4 * MAX_REQUEST_BYTES  # of a body that is too long: read on, so that the sender sees the answer

STOPPING = gateway_error(503, "Service Unavailable")

AsgiReceive = Callable[[], Awaitable[MutableMapping[str, Any]]]
AsgiSend = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AddressTaken(Exception):
    """Somebody else listens there."""


class SenderGone(Exception):
    """The connection closed before the body was whole; API Gateway invokes nothing then, and nobody waits."""


class Gateway:
    """An ASGI application: one HTTP request in, one invocation of `app`, one HTTP answer out."""

    def __init__(self, app: TraceApp, log: Callable[[str], None], timeout_s: float = TIMEOUT_S) -> None:
        self._app = app
        self._log = log
        self._timeout_s = timeout_s
        self._containers = ThreadPoolExecutor(THREADS, thread_name_prefix="container")

    async def __call__(self, scope: MutableMapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
        """Answer one request."""
        started_s = time.perf_counter()
        try:
            answer = await self._answer(scope, receive)
        except SenderGone:
            self._log(f"{scope['method']} {scope['path']} was hung up on before its body was whole")
            return
        except asyncio.CancelledError:  # the server stops, and has waited long enough
            answer = STOPPING
        head_only = scope["method"] == "HEAD"
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head_only else answer.body})
        took_ms = (time.perf_counter() - started_s) * 1e3
        self._log(f"{scope['method']} {scope['path']} {answer.status} {len(answer.body)} bytes {took_ms:.1f} ms")

    async def _answer(self, scope: MutableMapping[str, Any], receive: AsgiReceive) -> HttpAnswer:
        body = await _find_body(receive)
        if body is None:
            return TOO_LONG
        request = _http_request(scope, body)
        match = find_match(self._app.routes, request.raw_path)
        if match is None or request.method not in self._app.routes[match.resource]:
            self._log(f"nothing answers {request.method} {request.raw_path}, which API Gateway says in its own way:")
            return NO_SUCH_RESOURCE
        event = proxy_event(request, match)
        invocation = asyncio.get_running_loop().run_in_executor(self._containers, invoke, self._app, event, self._log)
        done, _ = await asyncio.wait([invocation], timeout=self._timeout_s)
        return invocation.result() if done else TIMED_OUT


@contextlib.contextmanager
def serve(app: TraceApp, log: Callable[[str], None], timeout_s: float = TIMEOUT_S) -> Iterator[str]:
    """The app on a free loopback port, answered by a background thread; gives its base URL."""
    with contextlib.closing(listen("127.0.0.1", 0)) as listener:
        server = _Server(_config(Gateway(app, log, timeout_s)))
        thread = threading.Thread(target=server.run, args=([listener],), name="gateway")
        thread.start()
        try:
            yield url_of(listener)  # connections wait in the backlog until uvicorn is there
        finally:
            server.should_exit = True
            thread.join()


def run(app: TraceApp, listener: socket.socket, log: Callable[[str], None]) -> None:
    """Answer until SIGINT or SIGTERM; a second one stops without waiting for requests in flight."""
    import signal  # noqa: PLC0415

    server = _Server(_config(Gateway(app, log)))

    def stop(_number: int, _frame: object) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server.run([listener])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressTaken, in one line, when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as refused:
        listener.close()
        why = "is in use" if refused.errno == errno.EADDRINUSE else f"cannot be had: {refused.strerror}"
        raise AddressTaken(f"{host}:{port} {why}; set HOST or PORT to another (PORT=0 takes a free one)") from refused
    listener.set_inheritable(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn, without its signal handlers: it raises a caught signal again when it is done, and we exit with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(gateway: Gateway) -> uvicorn.Config:
    return uvicorn.Config(
        gateway,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=60,
    )


async def _find_body(receive: AsgiReceive) -> bytes | None:
    """The whole body, chunked or not; None when it is over the gateway's limit. Raises SenderGone."""
    parts: list[bytes] = []
    size = 0
    while size <= DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_REQUEST_BYTES:
            parts.append(part)
        if not message.get("more_body"):
            break
    return b"".join(parts) if size <= MAX_REQUEST_BYTES else None


def _http_request(scope: MutableMapping[str, Any], body: bytes) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        body=body,
        client=(scope.get("client") or ("127.0.0.1", 0))[0],
        time_ns=time.time_ns(),
    )
