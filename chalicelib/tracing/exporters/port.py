"""What an exporter is given, and what it must do."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from ..span import Span, Value

    class Exporter(Protocol):
        """A way out of the function."""

        def start(self, batch: "Batch") -> None:
            """An invocation begins; `batch.spans` is its span alone, still open.

            An exporter that is cheap enough says so to the backend, so that it can close the span of a function that
            dies without another word. May do nothing.
            """

        def export(self, batch: "Batch") -> None:
            """Get the spans out before `batch.until_ns`. Raises whatever went wrong; the caller counts it."""


class Batch:
    """Spans that leave together.

    `resource`: attributes of the function, the same for all. `request_id`: the invocation's, "" outside Lambda.
    `is_last`: nothing follows of this invocation. `until_ns`: when the function's time for this is over.
    """

    __slots__ = ("is_last", "request_id", "resource", "spans", "until_ns")

    def __init__(
        self,
        spans: "Sequence[Span]",
        resource: "Mapping[str, Value]",
        request_id: str = "",
        *,
        until_ns: int,
        is_last: bool = True,
    ) -> None:
        self.spans = spans
        self.resource = resource
        self.request_id = request_id
        self.until_ns = until_ns
        self.is_last = is_last
