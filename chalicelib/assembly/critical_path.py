"""What a trace's length was spent on: the chain of spans each of which, if quicker, would have ended it sooner.

Found backwards. Stand at the end of the root and look for the child that ended last before: the root cannot have
gone on without it. The time since is the root's own; then stand at the end of that child and do the same; when there
is none left, go to the child's start, and look on in its parent. A child that was still running then did not hold
anything up and is passed over (the idea of Uber's CRISP and of Jaeger's critical path), with two exceptions, which
are cut short instead: one that ran over by less than a hundredth of its length, because senders round; and one in
another process that outlives its parent, because clocks differ a little and callers do give up.

Two paths, both of the first root:

- critical path: what its caller waited for. Detached spans are left out. The stretches are the root's duration.
- completion path: what led to the last end of all, an hour after the root has answered if need be. A span counts
  until everything it set off has ended, detached or not, so the path runs over queues; the time in which a span had
  ended and what it set off had not begun is a stretch of waiting. Only made when something outlives the root.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.assembly.draft import NO_PARENT, Draft, Stretch


def find_critical_path(draft: Draft) -> Draft:
    """`draft` with both paths; without spans both are empty. Needs pre-order, final times and detachment."""
    if not draft.spans:
        return draft
    reaches = _reaches(draft)
    critical = _Walk(draft, draft.ends, draft.detached).stretches()
    completion = _Walk(draft, reaches, bytearray(len(reaches))).stretches() if reaches[0] > draft.ends[0] else []
    return msgspec.structs.replace(draft, critical_path=critical, completion_path=completion)


def _reaches(draft: Draft) -> list[int]:
    """For each span the last end in its subtree."""
    reaches = list(draft.ends)
    for i in range(len(reaches) - 1, 0, -1):
        parent = draft.parents[i]
        if parent != NO_PARENT and reaches[i] > reaches[parent]:
            reaches[parent] = reaches[i]
    return reaches


class _Frame(msgspec.Struct, gc=False):
    """A span that is being looked back into, from `until_ns` down to `from_ns`."""

    position: int
    from_ns: int
    until_ns: int
    candidate: int  # the next child to look at, in order of descending finish
    at_end: bool = True


class _Walk:
    """One walk backwards through the first root's subtree.

    `finishes` says when each span counts as done; it is never before the span's end, and never after its parent's
    finish when it counts the whole subtree. Spans marked in `left_out` are not looked into.
    """

    def __init__(self, draft: Draft, finishes: Sequence[int], left_out: Sequence[int]) -> None:
        self._draft = draft
        self._finishes = finishes
        self._last_child = [NO_PARENT] * len(finishes)
        self._next_earlier = [NO_PARENT] * len(finishes)
        latest_first = sorted(range(len(finishes)), key=finishes.__getitem__, reverse=True)
        for i in reversed(latest_first):
            if (parent := draft.parents[i]) != NO_PARENT and not left_out[i]:
                self._next_earlier[i] = self._last_child[parent]
                self._last_child[parent] = i

    def stretches(self) -> list[Stretch]:
        """From the root's start to its finish, in order of time, without gap or overlap."""
        backwards: list[Stretch] = []
        frames = [self._frame(0, self._draft.starts[0], self._finishes[0])]
        while frames:
            frame = frames[-1]
            child = self._next_child(frame)
            if child == NO_PARENT:
                backwards += self._own_time(frame.position, frame.from_ns, frame.until_ns)
                frames.pop()
                continue
            enter_ns, leave_ns = self._window(frame, child)
            backwards += self._own_time(frame.position, enter_ns, frame.until_ns)
            frame.until_ns, frame.at_end = leave_ns, False
            frames.append(self._frame(child, leave_ns, enter_ns))
        return backwards[::-1]

    def _frame(self, position: int, from_ns: int, until_ns: int) -> _Frame:
        return _Frame(position, from_ns, until_ns, self._last_child[position])

    def _window(self, frame: _Frame, child: int) -> tuple[int, int]:
        """Where the path enters and leaves the child, looking backwards."""
        return min(self._finishes[child], frame.until_ns), max(self._draft.starts[child], frame.from_ns)

    def _next_child(self, frame: _Frame) -> int:
        """The child that held the frame's span up until `until_ns`; NO_PARENT when it was its own doing."""
        while (child := frame.candidate) != NO_PARENT:
            frame.candidate = self._next_earlier[child]
            enter_ns, leave_ns = self._window(frame, child)
            if enter_ns > leave_ns and self._held_up(frame, child):
                return child
        return NO_PARENT

    def _held_up(self, frame: _Frame, child: int) -> bool:
        draft = self._draft
        over_ns = self._finishes[child] - frame.until_ns
        if over_ns <= (draft.ends[child] - draft.starts[child]) // 100:
            return True
        return frame.at_end and draft.processes[child] != draft.processes[frame.position]

    def _own_time(self, position: int, from_ns: int, until_ns: int) -> list[Stretch]:
        """The span's own stretches of a time, latest first: what lies after its end is waiting."""
        end_ns = min(max(self._draft.ends[position], from_ns), until_ns)
        parts = ((end_ns, until_ns, True), (from_ns, end_ns, False))
        return [Stretch(position, start, end, waiting) for start, end, waiting in parts if end > start]
