"""A handler for functions whose code nobody wants to change: it is the one that SPANFOLD_HANDLER names, traced.

The function's handler is set to `spanfold.handler.handler`, SPANFOLD_HANDLER to what it was (`app.handler`), and the
layer brings the rest. The calls that the function makes are instrumented too.
"""

import os

from .tracer import tracer
from .wrapping import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VARIABLE = "SPANFOLD_HANDLER"


def _found(name: str) -> "Callable[..., Any]":
    """The function's own handler, found as Lambda's runtime finds it. What its module raises is the function's."""
    from importlib import import_module  # noqa: PLC0415

    module, dot, attribute = name.rpartition(".")
    if not dot:
        raise ValueError(f"{VARIABLE}={name!r} does not name a handler as module.function")
    found: Callable[..., Any] = getattr(import_module(module.replace("/", ".")), attribute)
    return found


def _instrument() -> None:
    try:
        from .clients import instrument  # noqa: PLC0415

        instrument()
    except Exception as error:
        tracer().swallow(error, "instrument")


_instrument()
handler = traced(_found(os.environ.get(VARIABLE, "")))
