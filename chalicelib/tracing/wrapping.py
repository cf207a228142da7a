"""`traced(…)`: a Lambda handler, or a whole Chalice app, whose every invocation is recorded.

    @traced                              app = Chalice(app_name="orders")
    def handler(event, context): …       traced(app)

It also serves as Chalice's middleware, which sees neither unknown routes nor what views raise:
`app.register_middleware(ConvertToMiddleware(traced))`.
"""

from functools import update_wrapper

from .invocation import begin
from .tracer import tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    H = TypeVar("H", bound=Callable[..., Any])


def traced(handler: "H") -> "H":
    """`handler`, traced. It is called, answers and raises as before. A Chalice app is changed in place, and returned.

    With OTEL_SDK_DISABLED it comes back as it is.
    """
    try:
        here = tracer()
        if here.config.is_disabled:
            return handler
        here.sandbox.note_loaded(here.now_ns())
        if hasattr(handler, "routes") and hasattr(handler, "register_middleware"):
            from .chalice_app import trace_app  # noqa: PLC0415  # only for those who have Chalice

            return trace_app(handler)
        return _traced(handler)
    except Exception as error:
        tracer().swallow(error, "traced")
        return handler


def _traced(handler: "H") -> "H":
    def invoke(*args: "Any", **kwargs: "Any") -> "Any":
        event = args[0] if args else kwargs.get("event")
        context = args[1] if len(args) > 1 else kwargs.get("context")
        here = tracer()
        invocation = begin(here, event, context)
        if invocation is None:
            return handler(*args, **kwargs)
        try:
            answer = handler(*args, **kwargs)
        except BaseException as error:
            quietly(here, invocation.fail, error)
            raise
        else:
            quietly(here, invocation.answer, answer)
            return answer
        finally:
            invocation.end()

    update_wrapper(invoke, handler)
    return invoke  # type: ignore[return-value]


def quietly(here: "Any", step: "Callable[[Any], None]", given: object) -> None:
    """Do it; what it raises is not the function's concern."""
    try:
        step(given)
    except Exception as error:
        here.swallow(error, step.__name__)
