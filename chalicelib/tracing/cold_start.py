"""How a sandbox came to be: since when its process runs, when its code was loaded, and whether a caller waited for it.

Lambda names the way in AWS_LAMBDA_INITIALIZATION_TYPE: on-demand, provisioned-concurrency, snap-start or
lambda-managed-instances. Only on demand is a caller kept waiting, and not always: Lambda also makes sandboxes ahead of
demand, which shows in a gap between the loading of the code and the first invocation.
"""

import os
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ON_DEMAND = "on-demand"
AHEAD = frozenset({"provisioned-concurrency", "lambda-managed-instances"})  # nobody waits for these
MAX_INIT_NS = 10_000_000_000  # Lambda gives an initialization on demand ten seconds
_LOADED_NS = time_ns()
_NS = 1_000_000_000
_START_FIELD = 22 - 3  # of /proc/self/stat, after the closing parenthesis of the second field; see proc(5)


class Sandbox:
    """The process, from the first of its invocations on.

    `loaded_ns`: when its code had been loaded, as far as is known. `started_ns`: gives when it was started.
    """

    __slots__ = ("_started_ns", "initialization", "is_fresh", "loaded_ns")

    def __init__(
        self, initialization: str = "", loaded_ns: int = _LOADED_NS, started_ns: "Callable[[], int] | None" = None
    ) -> None:
        self.initialization = initialization
        self.loaded_ns = loaded_ns
        self.is_fresh = True
        self._started_ns = started_ns or process_start_ns

    def note_loaded(self, now_ns: int) -> None:
        """More of the code has been loaded: handlers are wrapped near the end of it."""
        if self.is_fresh:
            self.loaded_ns = now_ns

    def enter(self) -> bool:
        """An invocation begins; whether it is the first."""
        is_first, self.is_fresh = self.is_fresh, False
        return is_first

    @property
    def is_cold(self) -> bool:
        """Whether the first invocation's caller waited for a sandbox to be made, or restored."""
        return self.initialization not in AHEAD

    def init_span(self, now_ns: int) -> tuple[int, int]:
        """Start and end of the initialization that the invocation at `now_ns` waited for; (0, 0) if it did not."""
        started_ns = self._started_ns()
        if self.initialization != ON_DEMAND or not 0 <= now_ns - started_ns <= MAX_INIT_NS:
            return 0, 0
        return started_ns, now_ns

    def init_duration_ms(self) -> int:
        """How long starting and loading took, whoever waited."""
        return max(0, self.loaded_ns - self._started_ns()) // 1_000_000


def process_start_ns() -> int:
    """When this process was started, to 10 ms, by the system's account; without one, when this module was loaded."""
    try:
        with open("/proc/self/stat", "rb") as stat:  # noqa: PTH123  # pathlib costs more than the rest
            ticks = int(stat.read().rpartition(b")")[2].split()[_START_FIELD])
        since_boot_ns = _boot_time_ns()
    except (OSError, ValueError, IndexError, AttributeError):
        return _LOADED_NS
    started_ns = time_ns() - since_boot_ns + ticks * _NS // os.sysconf("SC_CLK_TCK")
    return min(started_ns, _LOADED_NS)


def _boot_time_ns() -> int:
    from time import CLOCK_BOOTTIME, clock_gettime_ns  # noqa: PLC0415  # Linux alone has it

    return clock_gettime_ns(CLOCK_BOOTTIME)
