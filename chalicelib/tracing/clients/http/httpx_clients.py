"""httpx: Client.send and AsyncClient.send. Its event hooks belong to one client each, and an application that sets its
own takes ours away. Redirects and authentication stay in the span of the first request.
"""

from ..wrapping import unwrap, wrap
from .exchange import begin, exchanged, exchanged_later

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .exchange import Exchange

NAME = "httpx"
MODULE = "httpx"
OURS = "spanfold"  # of a request's extensions: the headers that we set, should it be sent again


def start(module: "ModuleType") -> None:
    """Put the wrappers in their places."""
    wrap(module.Client, "send", _wrapper)
    wrap(module.AsyncClient, "send", _later_wrapper)


def stop(module: "ModuleType") -> None:
    """Take them back."""
    unwrap(module.Client, "send")
    unwrap(module.AsyncClient, "send")


def _wrapper(original: "Callable[..., Any]") -> "Callable[..., Any]":
    def send(client: "Any", request: "Any", **kwargs: "Any") -> "Any":
        exchange = _begin(request)
        return exchanged(exchange, lambda: original(client, request, **kwargs), _told)

    return send


def _later_wrapper(original: "Callable[..., Any]") -> "Callable[..., Any]":
    async def send(client: "Any", request: "Any", **kwargs: "Any") -> "Any":
        exchange = _begin(request)
        return await exchanged_later(exchange, lambda: original(client, request, **kwargs), _told)

    return send


def _begin(request: "Any") -> "Exchange | None":
    """Our headers are set on the request itself, as httpx does with cookies and authentication."""
    extensions = getattr(request, "extensions", None)
    ours = extensions.get(OURS, {}) if isinstance(extensions, dict) else {}
    headers = getattr(request, "headers", {})
    others = {name: value for name, value in headers.items() if ours.get(name.lower()) != value}
    exchange = begin(NAME, getattr(request, "method", ""), lambda: str(request.url), others)
    if exchange is not None and exchange.added:
        headers.update(exchange.added)
        request.extensions[OURS] = {name.lower(): value for name, value in exchange.added.items()}
    return exchange


def _told(exchange: "Exchange", response: "Any") -> None:
    exchange.answered(int(response.status_code), len(response.history))
