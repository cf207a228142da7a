"""No way out: spans are recorded, contexts travel on, and nothing leaves."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .port import Batch


class NoExporter:
    """Takes everything and keeps nothing."""

    def start(self, batch: "Batch") -> None:
        """Nothing."""

    def export(self, batch: "Batch") -> None:
        """Nothing."""
