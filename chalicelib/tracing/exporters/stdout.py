"""Lines on standard output, which Lambda hands to CloudWatch Logs: no network, no wait, and it survives a time-out."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .port import Batch


class StdoutExporter:
    """Writes lines.py's lines to a file descriptor."""

    def __init__(self, *, start_line: bool = True, descriptor: int = 1) -> None:
        self._start_line = start_line
        self._descriptor = descriptor

    def start(self, batch: "Batch") -> None:
        """Say that an invocation has begun."""

    def export(self, batch: "Batch") -> None:
        """Write the spans."""
