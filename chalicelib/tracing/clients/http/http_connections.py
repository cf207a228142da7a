"""http.client, and with it urllib.request: HTTPConnection.request and .getresponse. It has no hooks.

What writes its requests by putrequest and putheader (xmlrpc.client, a custom client) has no span.
"""

from ..wrapping import unwrap, wrap
from .exchange import begin
from .urllib3_pools import with_headers
from .urls import assembled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .exchange import Exchange

NAME = "http.client"
MODULE = "http.client"
_PENDING = "_spanfold_pending"


class Pending:
    """An exchange whose answer nobody has read yet, kept on the connection; it is over when that is forgotten."""

    __slots__ = ("exchange",)

    def __init__(self, exchange: "Exchange") -> None:
        self.exchange = exchange

    def __del__(self) -> None:
        self.exchange.span.end()


def start(module: "ModuleType") -> None:
    """Put the wrappers in their places."""
    wrap(module.HTTPConnection, "request", _request_wrapper)
    wrap(module.HTTPConnection, "getresponse", _getresponse_wrapper)


def stop(module: "ModuleType") -> None:
    """Take them back."""
    unwrap(module.HTTPConnection, "request")
    unwrap(module.HTTPConnection, "getresponse")


def _request_wrapper(original: "Callable[..., Any]") -> "Callable[..., Any]":
    def request(connection: "Any", method: "Any", url: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        exchange = None
        if not type(connection).__module__.startswith("botocore."):
            headers = args[1] if len(args) > 1 else kwargs.get("headers")  # body, headers
            exchange = begin(NAME, method, lambda: _url(connection, str(url)), headers)
        if exchange is None:
            return original(connection, method, url, *args, **kwargs)
        if exchange.added:
            args, kwargs = with_headers(args, kwargs, exchange.headers)
        try:
            answer = original(connection, method, url, *args, **kwargs)
        except BaseException as error:
            exchange.failed(error)
            raise
        connection.__dict__[_PENDING] = Pending(exchange)
        return answer

    return request


def _getresponse_wrapper(original: "Callable[..., Any]") -> "Callable[..., Any]":
    def getresponse(connection: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        pending = connection.__dict__.pop(_PENDING, None)
        if pending is None:
            return original(connection, *args, **kwargs)
        try:
            response = original(connection, *args, **kwargs)
        except BaseException as error:
            pending.exchange.failed(error)
            raise
        pending.exchange.answered(int(response.status))
        return response

    return getresponse


def _url(connection: "Any", target: str) -> str:
    """Behind a proxy the connection's host is the proxy's; the tunnel's is whom we talk to."""
    scheme = "https" if connection.default_port == 443 else "http"
    host = getattr(connection, "_tunnel_host", None) or connection.host
    port = getattr(connection, "_tunnel_port", None) or connection.port
    return assembled(scheme, str(host), port, target)
