"""How long a request may still take."""

from collections.abc import Callable

import msgspec


class Deadline(msgspec.Struct, frozen=True):
    """The moment `at_ns`, on the clock `now_ns`, after which nobody waits for the answer any more."""

    at_ns: int
    now_ns: Callable[[], int]

    def remaining_s(self) -> float:
        """Seconds left; negative once it has passed."""
        return (self.at_ns - self.now_ns()) / 1e9
