"""urllib3, 1.26 and 2: HTTPConnectionPool.urlopen, which all of it comes through. It has no hooks.

Retries within urlopen stay in its span; redirects of a PoolManager are requests of their own. botocore has pools of its
own kind: its calls have their span from its hooks, and signed headers.
"""

from ..wrapping import unwrap, wrap
from .exchange import begin, exchanged
from .nesting import Held
from .urls import assembled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .exchange import Exchange

NAME = "urllib3"
MODULE = "urllib3.connectionpool"


def start(module: "ModuleType") -> None:
    """Put the wrappers in their places."""
    wrap(module.HTTPConnectionPool, "urlopen", _wrapper)


def stop(module: "ModuleType") -> None:
    """Take them back."""
    unwrap(module.HTTPConnectionPool, "urlopen")


def _wrapper(original: "Callable[..., Any]") -> "Callable[..., Any]":
    def urlopen(pool: "Any", method: "Any", url: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        if type(pool).__module__.startswith("botocore."):
            with Held():
                return original(pool, method, url, *args, **kwargs)
        headers = args[1] if len(args) > 1 else kwargs.get("headers")  # body, headers
        headers = pool.headers if headers is None else headers
        exchange = begin(NAME, method, lambda: assembled(pool.scheme, pool.host, pool.port, str(url)), headers)
        if exchange is not None and exchange.added:
            args, kwargs = with_headers(args, kwargs, exchange.headers)
        return exchanged(exchange, lambda: original(pool, method, url, *args, **kwargs), _told)

    return urlopen


def with_headers(args: "tuple[Any, ...]", kwargs: "dict[str, Any]", headers: "Any") -> "Any":
    """The arguments after method and URL, `(body, headers, …)`, with other headers."""
    if len(args) > 1:
        return (args[0], headers, *args[2:]), kwargs
    return args, {**kwargs, "headers": headers}


def _told(exchange: "Exchange", response: "Any") -> None:
    retries = getattr(response, "retries", None)
    exchange.answered(int(response.status), len(getattr(retries, "history", ())))
