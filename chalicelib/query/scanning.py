"""What a question has cost so far, and whether there is time for more of it."""

from collections.abc import Sequence

from chalicelib.model.deadline import Deadline
from chalicelib.model.found import Scanned
from chalicelib.model.view import View

# Before the deadline: when the last read begins, which may take its time-outs and what the deadline leaves to the
# gateway; and how long before that the last thing is done that takes reads.
_LAST_READ_S = 2.5
_LAST_START_S = 1.0

_UNIT_BYTES = 4096
_KEYS_BYTES = 100  # of an item, beside its body


class Account:
    """Adds up what one request reads; to be called from one thread. `deadline` is that of its reads."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = Deadline(deadline.at_ns - round(_LAST_READ_S * 1e9), deadline.now_ns)
        self.largest_query_bytes = 0
        self.hours = 0
        self.candidates = 0
        self.traces = 0
        self.false_candidates = 0
        self._views = 0
        self._view_bytes = 0
        self._half_units = 0

    def is_out_of_time(self) -> bool:
        """Whether the answer has to be made of what is there."""
        return self.deadline.remaining_s() < _LAST_START_S

    @property
    def view_bytes(self) -> int:
        """What was read of views so far."""
        return self._view_bytes

    def add_query(self, views: Sequence[View]) -> None:
        """One query of the views table, which gave these."""
        size_bytes = sum(len(view.body) for view in views)
        self.largest_query_bytes = max(self.largest_query_bytes, size_bytes)
        self._views += len(views)
        self._view_bytes += size_bytes
        self._half_units += max(1, -(-(size_bytes + _KEYS_BYTES * len(views)) // _UNIT_BYTES))

    def add_hour(self, views: Sequence[View]) -> None:
        """One query that gave the views of one hour of span starts."""
        self.hours += 1
        self.add_query(views)

    def told(self) -> Scanned:
        """The sums so far."""
        return Scanned(
            hours=self.hours,
            views=self._views,
            view_bytes=self._view_bytes,
            read_units=self._half_units / 2,
            candidates=self.candidates,
            traces=self.traces,
            false_candidates=self.false_candidates,
        )
