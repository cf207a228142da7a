"""One HTTP connection and posts over it, each within its time, whatever the other side does.

http.client's own time-out is for each call on the socket, so that a peer which sends a byte a second could keep a
function for hours. Here every wait is for what is left until the deadline.
"""

import http.client
import io
import os
import select
import socket
from urllib.parse import urlsplit

from ..suppression import Suppressed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_ANSWER_BYTES = 65_536  # longer ones are not read to their end, and cost the connection
MAX_RETRY_AFTER_S = 3600

# A load balancer lets go of a connection after 60 s or more without a word. A sandbox that was frozen meanwhile hears
# nothing of it, and would wait for an answer that does not come.
MAX_IDLE_NS = 50 * 10**9

_SAID_CHARACTERS = 200


class PostError(Exception):
    """No answer: the connection failed, or the time was over."""


class Answer:
    """What came back. `body` is at most MAX_ANSWER_BYTES of it."""

    __slots__ = ("_retry_after", "body", "status")

    def __init__(self, status: int, body: bytes, retry_after: str | None) -> None:
        self.status = status
        self.body = body
        self._retry_after = retry_after

    def retry_after_ns(self, now_ns: int) -> int | None:
        """How long to wait, by Retry-After (RFC 9110, 10.2.3: seconds or a date); None if it says nothing readable."""
        text = (self._retry_after or "").strip()
        if text.isascii() and text.isdigit():
            return min(int(text[:9]), MAX_RETRY_AFTER_S) * 10**9
        from email.utils import parsedate_to_datetime  # noqa: PLC0415  # few send dates

        try:
            seconds = parsedate_to_datetime(text).timestamp() - now_ns / 1e9
        except (TypeError, ValueError, OverflowError):
            return None
        return int(min(max(seconds, 0), MAX_RETRY_AFTER_S) * 10**9)

    def partial_success(self) -> "tuple[int, str]":
        """How many spans were rejected, and what was said; (0, "") for a body that is no such message."""
        try:
            said = self._json()["partialSuccess"]
            return max(int(said.get("rejectedSpans", 0)), 0), str(said.get("errorMessage", ""))[:_SAID_CHARACTERS]
        except Exception:
            return 0, ""

    def said(self) -> str:
        """The beginning of an error's message, of whatever form."""
        try:
            return str(self._json()["message"])[:_SAID_CHARACTERS]
        except Exception:
            return self.body[:_SAID_CHARACTERS].decode(errors="replace")

    def _json(self) -> "Any":
        import json  # noqa: PLC0415  # loaded long since

        return json.loads(self.body)


class Poster:
    """Posts OTLP JSON in gzip to one address."""

    def __init__(self, endpoint: str, headers: "Iterable[tuple[str, str]]", now_ns: "Callable[[], int]") -> None:
        """Raises PostError for an endpoint that is no http or https URL."""
        self._connection: http.client.HTTPConnection | None = None
        self._endpoint = endpoint
        self._is_tls, self._host, self._port, self._path = _address(endpoint)
        self._headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "User-Agent": "spanfold"}
        self._headers.update(headers)
        self._now_ns = now_ns
        self._tls: ssl.SSLContext | None = None
        self._process = os.getpid()
        self._used_ns = 0

    def post(self, body: bytes, until_ns: int) -> Answer:
        """The answer to `body`. Raises PostError.

        The connection of the last post is used again. Should it turn out closed, the post is made once more over a
        new one: a span that arrives twice is one span.
        """
        with Suppressed():
            try:
                if self._is_usable():
                    try:
                        return self._asked(body, until_ns)
                    except (ConnectionError, http.client.BadStatusLine):
                        self._close()
                self._connect(until_ns)
                return self._asked(body, until_ns)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._close()
                said = "it took too long" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
                raise PostError(f"{self._endpoint}: {said}") from error

    def _asked(self, body: bytes, until_ns: int) -> Answer:
        connection = self._connection
        assert connection is not None
        connection.sock.settimeout(_left_s(self._now_ns, until_ns))
        connection.response_class = _response_class(self._now_ns, until_ns)
        connection.request("POST", self._path, body, self._headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.read(MAX_ANSWER_BYTES), response.headers.get("Retry-After"))
        if response.will_close or response.read(1):
            self._close()
        self._used_ns = self._now_ns()
        return answer

    def _is_usable(self) -> bool:
        """Whether there is a connection that is not known to be closed, by the other side, by time or by a fork."""
        if self._connection is None or self._connection.sock is None:
            return False
        is_ours = self._process == os.getpid()
        is_fresh = 0 <= self._now_ns() - self._used_ns < MAX_IDLE_NS
        if is_ours and is_fresh and not select.select((self._connection.sock,), (), (), 0)[0]:
            return True
        self._close()
        return False

    def _connect(self, until_ns: int) -> None:
        self._process = os.getpid()
        self._connection = http.client.HTTPConnection(self._host, self._port)
        self._connection.sock = self._socket(until_ns)

    def _socket(self, until_ns: int) -> "Any":
        """The first of the host's addresses that answers in time."""
        failure: OSError = OSError("no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM):
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(_left_s(self._now_ns, until_ns))
                opened.connect(address)
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._secured(opened, until_ns) if self._is_tls else opened
            except OSError as error:
                opened.close()
                failure = error
        raise failure

    def _secured(self, opened: socket.socket, until_ns: int) -> "ssl.SSLSocket":
        import ssl  # noqa: PLC0415  # 40 ms of CPU that plain HTTP does without

        if self._tls is None:
            self._tls = ssl.create_default_context()
        opened.settimeout(_left_s(self._now_ns, until_ns))
        return self._tls.wrap_socket(opened, server_hostname=self._host)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    __del__ = _close  # whoever forgets an exporter need not be warned of a socket


def _address(endpoint: str) -> "tuple[bool, str, int, str]":
    """Whether it is https, host, port, path and query."""
    try:
        address = urlsplit(endpoint)
        is_tls, host, port = address.scheme == "https", address.hostname, address.port
    except ValueError as error:
        raise PostError(f"endpoint {endpoint!r}: {error}") from error
    if address.scheme not in ("http", "https") or not host:
        raise PostError(f"endpoint {endpoint!r} is no http or https URL")
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    return is_tls, host, port or (443 if is_tls else 80), path


def _left_s(now_ns: "Callable[[], int]", until_ns: int) -> float:
    left_ns = until_ns - now_ns()
    if left_ns <= 0:
        raise TimeoutError
    return left_ns / 1e9


class _Timed(io.RawIOBase):
    """What a socket receives, each time within what is left."""

    def __init__(self, opened: socket.socket, now_ns: "Callable[[], int]", until_ns: int) -> None:
        self._socket = opened
        self._now_ns = now_ns
        self._until_ns = until_ns

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Any") -> int:
        self._socket.settimeout(_left_s(self._now_ns, self._until_ns))
        return self._socket.recv_into(buffer)


class _Readable:
    """As much of a socket as HTTPResponse asks for."""

    def __init__(self, timed: _Timed) -> None:
        self._timed = timed

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._timed)


def _response_class(now_ns: "Callable[[], int]", until_ns: int) -> "Any":
    def response(opened: socket.socket, *arguments: "Any", **named: "Any") -> http.client.HTTPResponse:
        readable: Any = _Readable(_Timed(opened, now_ns, until_ns))
        return http.client.HTTPResponse(readable, *arguments, **named)

    return response
