"""Room for what we add: a call is never pushed over a limit that it was under."""

KIB = 1024


class Room:
    """How many bytes something may still grow by.

    Limits have been raised over the years and differ by queue and account, so there are several: what was under one of
    them stays under it. What is over them all is somebody else's mistake, and gets nothing from us.
    """

    __slots__ = ("left_bytes",)

    def __init__(self, used_bytes: int, limits_bytes: tuple[int, ...]) -> None:
        self.left_bytes = min((limit - used_bytes for limit in limits_bytes if limit >= used_bytes), default=0)

    def has(self, size_bytes: int) -> bool:
        """Whether so much more fits."""
        return size_bytes <= self.left_bytes

    def take(self, size_bytes: int) -> None:
        """So much of it is used."""
        self.left_bytes -= size_bytes
