"""A Chalice app as a whole: every request counts, unknown routes too, and what a view raises is known.

The object that Lambda calls is the app itself, so its class gets a traced `__call__`; it stays the same object, which
Chalice's command line and its decorators go on using. What is not HTTP (queues, schedules, other functions) has entry
points of its own, which run the app's middleware. Checked with Chalice 1.34.
"""

import sys
from functools import update_wrapper

from .current import INVOCATION
from .tracer import tracer
from .wrapping import quietly, traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    A = TypeVar("A")

_MARK = "_spanfold_traced"


def trace_app(app: "A") -> "A":
    """Trace `app`, a Chalice, in place. A second time changes nothing."""
    kind = type(app)
    if not hasattr(kind, _MARK):
        call = traced(kind.__call__.__get__(app))

        def __call__(self: "A", *args: "Any", **kwargs: "Any") -> "Any":  # noqa: N807
            quietly(tracer(), _watch_views, self)
            return call(*args, **kwargs)

        body = {"__call__": __call__, _MARK: True, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
        app.__class__ = type(kind.__name__, (kind,), body)
        convert = sys.modules[_chalice_module(kind)].ConvertToMiddleware
        app.register_middleware(convert(traced), "all")  # type: ignore[attr-defined]
    return app


def _chalice_module(kind: type) -> str:
    """Where Chalice's own classes are, of a subclass of its Chalice."""
    return next(base.__module__ for base in kind.__mro__ if base.__module__.split(".")[0] == "chalice")


def _watch_views(app: "Any") -> None:
    """Wrap the views that are not yet: Chalice makes an answer of what they raise before anybody else sees it."""
    for entries in app.routes.values():
        for entry in entries.values():
            if not hasattr(entry.view_function, _MARK):
                entry.view_function = _watched(entry.view_function)


def _watched(view: "Callable[..., Any]") -> "Callable[..., Any]":
    def watched(*args: "Any", **kwargs: "Any") -> "Any":
        try:
            return view(*args, **kwargs)
        except Exception as error:
            quietly(tracer(), _caught, error)
            raise

    update_wrapper(watched, view)
    setattr(watched, _MARK, True)
    return watched


def _caught(error: BaseException) -> None:
    """It counts if the answer turns out to be a 5xx; a 404 is no fault of the function's."""
    invocation = INVOCATION.get()
    if invocation is not None:
        invocation.caught = error
