"""What an exporter raises when spans did not get out, in words for whoever reads the invocation's span."""


class ExportError(Exception):
    """Spans were lost, or wait for the next flush; the message says which and why."""


class Losses:
    """Spans that could not be written, so that one of them does not take the others with it."""

    __slots__ = ("count", "why")

    def __init__(self) -> None:
        self.count = 0
        self.why = ""

    def add(self, error: Exception) -> None:
        """One more; the first says why."""
        self.count += 1
        self.why = self.why or f"{type(error).__name__}: {error}"[:200]

    def said(self) -> str:
        """What to tell of them; "" if there are none."""
        return f"{self.count} spans cannot be written: {self.why}" if self.count else ""

    def raise_any(self) -> None:
        """Raise ExportError if there are some."""
        if self.count:
            raise ExportError(self.said())
