"""requests: Session.send, for its hooks know answers only. Redirects stay in the span of the first request."""

from copy import copy

from ..wrapping import unwrap, wrap
from .exchange import begin, exchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .exchange import Exchange

NAME = "requests"
MODULE = "requests.sessions"


def start(module: "ModuleType") -> None:
    """Put the wrappers in their places."""
    wrap(module.Session, "send", _wrapper)


def stop(module: "ModuleType") -> None:
    """Take them back."""
    unwrap(module.Session, "send")


def _wrapper(original: "Callable[..., Any]") -> "Callable[..., Any]":
    def send(session: "Any", request: "Any", **kwargs: "Any") -> "Any":
        headers = getattr(request, "headers", None)
        exchange = begin(NAME, getattr(request, "method", ""), lambda: str(request.url), headers)
        if exchange is not None and exchange.added:
            request = copy(request)  # the caller's own may be sent again
            request.headers = exchange.headers
        return exchanged(exchange, lambda: original(session, request, **kwargs), _told)

    return send


def _told(exchange: "Exchange", response: "Any") -> None:
    exchange.answered(int(response.status_code), len(response.history))
