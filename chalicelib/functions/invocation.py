"""What the invocations of all functions have in common: until when they may work, and who hears of their failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.model.deadline import Deadline
from chalicelib.services import Services

# An attempt at the store that was begun in time may take 3 s (its time-outs), and its outcome has to be told.
MARGIN_MS = 4_000
WITHOUT_CONTEXT_MS = 60_000


@contextmanager
def invocation(services: Services, name: str, context: Any) -> Iterator[Deadline]:
    """One invocation of the function `name`, with the deadline for its work. What it raises is logged, and raised."""
    with services.telemetry.during(str(getattr(context, "aws_request_id", "-"))):
        try:
            yield _deadline(services, context)
        except Exception as error:
            services.telemetry.failure(f"{name} failed", error)
            raise


def _deadline(services: Services, context: Any) -> Deadline:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    left_ms = remaining() if remaining is not None else WITHOUT_CONTEXT_MS
    return Deadline(services.now_ns() + max(0, left_ms - MARGIN_MS) * 1_000_000, services.now_ns)
