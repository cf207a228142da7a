"""A trace as search, rollups and sampling look at it: its spans, and when the first of them came."""

from collections.abc import Sequence

import msgspec

from chalicelib.model.span import Span
from chalicelib.model.windows import Window, search_time_ns


class StoredTrace(msgspec.Struct, frozen=True, kw_only=True):
    """Every span of a trace (or of one state of it), exact repeats removed, by start time and span id; at least one.

    `arrived_ms` is when its first block arrived.
    """

    trace_id: str
    spans: Sequence[Span]
    arrived_ms: int

    def time_ns(self, span: Span) -> int:
        """When `span` counts as started for search, rollups and series."""
        return search_time_ns(span.start_ns, self.arrived_ms)

    def extent(self) -> Window:
        """From the first start to the last end (at least the last start); the start is the trace's search time."""
        times = [self.time_ns(span) for span in self.spans]
        ends = [time_ns + max(0, span.end_ns - span.start_ns) for time_ns, span in zip(times, self.spans, strict=True)]
        return Window(min(times), max(ends))
