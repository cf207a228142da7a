"""The shop's own time: it passes when the shop says so."""

from random import Random


class Clock:
    """Epoch nanoseconds that move on by jittered milliseconds."""

    def __init__(self, start_ns: int, random: Random) -> None:
        self.now_ns = start_ns
        self._random = random

    def pass_ms(self, about_ms: float) -> int:
        """Let about `about_ms` pass (a fifth more or less), and say what time it is then."""
        self.now_ns += int(about_ms * 1e6 * self._random.uniform(0.8, 1.2))
        return self.now_ns
