"""The spans of one invocation (or of what runs outside of any) until they leave.

Threads may start and end spans at the same time: each step here is one operation of a list or a dict, which Python
makes atomic.
"""

from .span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .span import Limits

    class Owner(Protocol):
        """A tracer."""

        def send_early(self, recording: "Recording") -> None:
            """Send what has ended of a recording that is full."""

        def swallow(self, error: BaseException, where: str) -> None:
            """Count what went wrong."""


FULL = 1000  # ended spans; they leave before the invocation ends, so that memory is bounded


class Recording:
    """A span's sink (see Span.sink).

    `finished`: ended, not yet sent. `open`: begun, not yet ended, by id. `held`: ended, but changed once more when the
    invocation's answer is known. `request_id`: the invocation's. `is_closed`: the invocation is over; what still ends,
    in a thread that goes on, goes to `after`.
    """

    __slots__ = ("_owner", "after", "finished", "held", "is_closed", "limits", "open", "request_id")

    def __init__(
        self,
        limits: "Limits",
        owner: "Owner",
        request_id: str = "",
        after: "Recording | None" = None,
    ) -> None:
        self.limits = limits
        self.request_id = request_id
        self.finished: list[Span] = []
        self.open: dict[str, Span] = {}
        self.held: list[Span] = []
        self.is_closed = False
        self.after = after
        self._owner = owner

    def began(self, span: Span) -> None:
        """Know of an open span."""
        self.open[span.span_id] = span

    def ended(self, span: Span) -> None:
        """Keep it for the next flush."""
        self.open.pop(span.span_id, None)
        if self.is_closed and self.after is not None:
            self.after.ended(span)
            return
        self.finished.append(span)
        if len(self.finished) >= FULL:
            self._owner.send_early(self)

    def hold(self, span: Span) -> None:
        """End it now, but let it be changed until `release`."""
        if span.is_recording and not span.end_ns:
            span.end_ns = span.now_ns()
            self.open.pop(span.span_id, None)
            self.held.append(span)

    def release(self) -> None:
        """Keep what was held for the next flush."""
        held, self.held = self.held, []
        for span in held:
            span.is_recording = False
            self.ended(span)

    def swallow(self, error: BaseException, where: str) -> None:
        """Let the tracer count it."""
        self._owner.swallow(error, where)

    def take(self) -> list[Span]:
        """What has ended, once."""
        taken = self.finished[:]
        del self.finished[: len(taken)]
        return taken
