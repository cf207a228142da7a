"""A clock that moves only when a test says so, or when the code under test sleeps."""

from threading import Lock

from chalicelib.model.deadline import Deadline

NOON_NS = 1_767_268_800_000_000_000  # 2026-01-01T12:00:00Z


class Clock:
    """Its time is `at_ns`; sleeping takes no time but the clock's own."""

    def __init__(self, at_ns: int = NOON_NS) -> None:
        self.at_ns = at_ns
        self.naps_s: list[float] = []
        self._lock = Lock()

    def now_ns(self) -> int:
        return self.at_ns

    def advance_s(self, seconds: float) -> None:
        with self._lock:
            self.at_ns += round(seconds * 1e9)

    def sleep(self, seconds: float) -> None:
        self.naps_s.append(seconds)
        self.advance_s(seconds)

    def deadline(self, in_s: float = 25) -> Deadline:
        return Deadline(self.at_ns + round(in_s * 1e9), self.now_ns)
