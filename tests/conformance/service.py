"""The local gateway in front of an example: a Lambda handler, or what has routes (a Chalice app, traced or not)."""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.local.server import serve

PATH = "/test"

Handler = Callable[[Any, Any], Any]


class Example:
    """A handler that answers one path."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.routes = {PATH: {"POST": handler}}

    def __call__(self, event: Any, context: Any) -> Any:
        return self.handler(event, context)


@contextlib.contextmanager
def serving(app: Handler, log: Callable[[str], None] = lambda _line: None) -> Iterator[str]:
    """The URL to which the suite posts, while the app is served on a free loopback port."""
    with serve(app if hasattr(app, "routes") else Example(app), log) as url:
        yield url + PATH


def load(name: str) -> Handler:
    """The app that `module:attribute` names, or that `module:create()` makes. Raises ImportError or AttributeError."""
    module, _, attribute = name.partition(":")
    found: Handler = getattr(importlib.import_module(module), attribute.removesuffix("()") or "app")
    return found() if attribute.endswith("()") else found  # type: ignore[call-arg]
