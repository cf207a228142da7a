"""Where a page ends, what is left for the next, and why an answer is partial."""

from collections.abc import Iterable
from enum import Enum

from chalicelib.model.windows import Window
from chalicelib.query.cursors import Cursor
from chalicelib.query.sources import within_memory
from chalicelib.services import Services

DEADLINE_REASON = "the deadline was reached"
MAX_TOLD = 10  # problems of single traces that an answer names


class PageEnd(Enum):
    """Why a page ends where it does."""

    RANGE = "nothing is left"
    FULL = "no more fits on it"
    DEADLINE = "there is no time for more"


def what_is_left(services: Services, begin: Cursor) -> Window | None:
    """The part of a cursor's range that comes after its position and may hold anything; None if there is none."""
    # Where the position names a trace, others that start at the same time may come after it.
    end_ns = begin.position.start_ns + bool(begin.position.trace_id)
    window = within_memory(services, Window(begin.window.start_ns, end_ns))
    return window if window.start_ns < window.end_ns else None


def why_partial(*, is_late: bool, problems: Iterable[str]) -> str | None:
    """Why an answer is not all there is: the deadline, and traces that could not be read, each once; None if it is."""
    told = list(dict.fromkeys(problems))
    more = [f"and {len(told) - MAX_TOLD} more"] * (len(told) > MAX_TOLD)
    return "; ".join([DEADLINE_REASON] * is_late + told[:MAX_TOLD] + more) or None
