"""The minute's tick: windows that are due are sealed, and what does not fit into the minute goes to the work queue."""

from collections.abc import Callable
from typing import Any

from chalicelib.functions.invocation import invocation
from chalicelib.functions.work import Perform, perform_waiting
from chalicelib.model.deadline import Deadline
from chalicelib.services import Services

Tick = Callable[[Services, Deadline], object]


def seal(services: Services, context: Any, *, tick: Tick | None = None, perform: Perform | None = None) -> None:
    """Seal what is due, by views.seal.tick or the `tick` given. Raises what that does; the next minute tries again."""
    with invocation(services, "seal", context) as deadline:
        (tick or _tick())(services, deadline)
        perform_waiting(services, deadline, perform)


def _tick() -> Tick:
    from chalicelib.views.seal import tick  # noqa: PLC0415

    return tick
