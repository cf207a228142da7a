"""The end of a function's time: what to do just before it, since nothing runs afterwards.

Lambda stops a sandbox at the deadline without a word. In the main thread, where handlers run, an alarm signal (SIGALRM)
interrupts even code that waits in the kernel; elsewhere, and where the function has a timer of its own, a thread waits,
which C code that keeps the interpreter lock can delay. An alarm that was not ours goes to the handler that was there.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Protocol

    class Guard(Protocol):
        """What waits."""

        def cancel(self) -> None:
            """Wait no longer, and leave no trace."""


NS = 1_000_000_000


def guard(after_ns: int, fire: "Callable[[], None]") -> "Guard":
    """Call `fire` once, in `after_ns`, unless it is cancelled before. Raises what the system does (no SIGALRM)."""
    import signal  # noqa: PLC0415  # a function without a deadline has no need of it
    import threading  # noqa: PLC0415

    is_main = threading.current_thread() is threading.main_thread()
    if is_main and hasattr(signal, "setitimer") and signal.getitimer(signal.ITIMER_REAL)[0] == 0:
        return _Alarm(after_ns, fire)
    timer = threading.Timer(after_ns / NS, fire)
    timer.daemon = True
    timer.start()
    return timer


class _Alarm:
    """A guard by SIGALRM."""

    __slots__ = ("_due_ns", "_earlier", "_fire", "_handler")

    def __init__(self, after_ns: int, fire: "Callable[[], None]") -> None:
        import signal  # noqa: PLC0415
        from time import monotonic_ns  # noqa: PLC0415

        self._fire = fire
        self._due_ns = monotonic_ns() + after_ns
        self._handler = self._ring  # one object: a bound method is made anew each time it is asked for
        self._earlier = signal.signal(signal.SIGALRM, self._handler)
        signal.setitimer(signal.ITIMER_REAL, after_ns / NS)

    def cancel(self) -> None:
        """Take the alarm back; not if the function has put a handler of its own in its place meanwhile."""
        import signal  # noqa: PLC0415

        if signal.getsignal(signal.SIGALRM) == self._handler:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL if self._earlier is None else self._earlier)

    def _ring(self, number: int, frame: "FrameType | None") -> None:
        import signal  # noqa: PLC0415
        from time import monotonic_ns  # noqa: PLC0415

        left_ns = self._due_ns - monotonic_ns()
        if left_ns <= 0:
            self._fire()
            return
        # The function has set the timer (signal.alarm) for a handler that it had before; ours has to be set again.
        if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
            signal.setitimer(signal.ITIMER_REAL, left_ns / NS)
        if callable(self._earlier):
            self._earlier(number, frame)
