"""How time is cut for series.

An interval starts at a multiple of the step, and its sample stands at its start: the sample at t is about spans from
t, inclusive, to t + step. The window is widened to whole intervals, so that the first and the last are not short of
spans. (Tempo puts the sample at the end of its interval, and asks for one interval more before the window.)
"""

from collections.abc import Mapping

import msgspec

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import HOUR_S, NS_PER_MS, NS_PER_S, Window

MAX_INTERVALS = 10_000

_POINTS = 240
_UNDER_A_MINUTE_NS = 50 * NS_PER_MS
_SCALES_NS = tuple(seconds * NS_PER_S for seconds in (HOUR_S, 5 * 60, 60, 15, 5, 1))


def default_step(window: Window) -> int:
    """Nanoseconds for some 240 samples: whole hours, 5 minutes, minutes, 15, 5 or single seconds, rounded down.

    50 milliseconds for windows of less than a minute, a second at least for longer ones.
    """
    range_ns = window.end_ns - window.start_ns
    if range_ns < 60 * NS_PER_S:
        return _UNDER_A_MINUTE_NS
    step_ns = range_ns // _POINTS
    scale_ns = next((scale_ns for scale_ns in _SCALES_NS if scale_ns <= step_ns), NS_PER_S)
    return max(scale_ns, step_ns // scale_ns * scale_ns)


def aligned(window: Window, step_ns: int) -> Window:
    """The window from a multiple of the step to one: what to read for a query over `window`."""
    return Window(window.start_ns // step_ns * step_ns, -(-window.end_ns // step_ns) * step_ns)


class Intervals(msgspec.Struct, frozen=True):
    """`count` intervals of `step_ns`, the first from `start_ns`."""

    start_ns: int
    step_ns: int
    count: int

    @property
    def window(self) -> Window:
        """All of them together."""
        return Window(self.start_ns, self.start_ns + self.count * self.step_ns)

    def find(self, time_ns: int) -> int:
        """The interval of a moment within the window."""
        return (time_ns - self.start_ns) // self.step_ns

    def stamped(self, samples: Mapping[int, float]) -> tuple[tuple[int, float], ...]:
        """Samples by interval as (timestamp in milliseconds, sample), in order of time."""
        return tuple(
            ((self.start_ns + interval * self.step_ns) // NS_PER_MS, samples[interval]) for interval in sorted(samples)
        )


def cut(window: Window, step_ns: int) -> Intervals:
    """The intervals of the aligned window. Raises QueryError where there are none, or more than MAX_INTERVALS."""
    if step_ns <= 0:
        raise QueryError(f"a step of {step_ns} ns is not more than 0")
    if window.end_ns <= window.start_ns:
        raise QueryError("the end of the range is not after its start")
    start_ns, end_ns = aligned(window, step_ns)
    count = (end_ns - start_ns) // step_ns
    if count > MAX_INTERVALS:
        raise QueryError(f"{count} intervals are more than {MAX_INTERVALS}; ask for a larger step or a shorter range")
    return Intervals(start_ns, step_ns, count)


def uncut(window: Window) -> Intervals:
    """The window as a single interval. Raises QueryError if it is empty."""
    if window.end_ns <= window.start_ns:
        raise QueryError("the end of the range is not after its start")
    return Intervals(window.start_ns, window.end_ns - window.start_ns, 1)
