"""What is current, in this thread or task: a span (or the remote context to continue), the baggage, the invocation.

Context variables follow `await` and tasks by themselves. A new thread starts with none; `carried` hands them over.
"""

from contextvars import ContextVar, copy_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token
    from typing import ParamSpec, TypeVar

    from ..propagation.context import TraceContext
    from .invocation import Invocation
    from .span import Span

    P = ParamSpec("P")
    R = TypeVar("R")
    T = TypeVar("T")


class Current:
    """The type of CURRENT."""


CURRENT = Current()  # as a parent: whatever is current where the span is started
PARENT: "ContextVar[Span | TraceContext | None]" = ContextVar("spanfold_parent", default=None)
BAGGAGE: "ContextVar[tuple[tuple[str, str], ...]]" = ContextVar("spanfold_baggage", default=())
INVOCATION: "ContextVar[Invocation | None]" = ContextVar("spanfold_invocation", default=None)


def carried(function: "Callable[P, R]") -> "Callable[P, R]":
    """`function` as it would run here and now, for another thread to call: `pool.submit(carried(work), order)`.

    The context is copied at each wrapping, and each call runs in a copy of its own, so a pool may call it many times.
    """
    taken = copy_context()

    def run(*args: "P.args", **kwargs: "P.kwargs") -> "R":
        return taken.copy().run(function, *args, **kwargs)

    return run


def restore(variable: "ContextVar[T]", token: "Token[T] | None") -> None:
    """What `variable` was before; nothing where that is another context's business (a generator closed elsewhere)."""
    if token is not None:
        try:
            variable.reset(token)
        except (ValueError, RuntimeError):
            return
