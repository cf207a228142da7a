"""What the steps hand to each other: the spans of a trace, and beside them columns of what was found out.

A column is a list with one value per span; position i speaks of `spans[i]`. Columns, not objects: at 100,000 spans
an object each costs more than all the steps together. A step answers a new Draft with some columns replaced
(`msgspec.structs.replace`) and changes none that it was given.
"""

from collections.abc import Iterable, Mapping

import msgspec

from chalicelib.model.span import Span

NO_PARENT = -1


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An unfinished trace. Columns are empty until the step that makes them has run."""

    spans: list[Span]
    warnings: Mapping[int, tuple[str, ...]] = {}  # by position, for the few that have any

    processes: list[int] = []  # spans of one process have the same number
    services: list[str] = []  # by process number
    clocks: list[int] = []  # by process number; processes of one host share a clock

    starts: list[int] = []  # ns since 1970; never after the end
    ends: list[int] = []
    shifts: list[int] = []  # ns that were added to what was sent

    parents: list[int] = []  # position, or NO_PARENT
    orphans: frozenset[int] = frozenset()  # positions without a parent that named one

    depths: list[int] = []  # from here on a position is a place in pre-order
    detached: bytearray = bytearray()  # 1 where the parent did not wait for the span
    self_times: list[int] = []
    critical_path: "list[Stretch]" = []  # in order of time
    completion_path: "list[Stretch]" = []


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """A part of a path: from `start_ns` until `end_ns` the span at `position` was what everything waited for."""

    position: int
    start_ns: int
    end_ns: int
    waiting: bool


def add_warning(
    warnings: Mapping[int, tuple[str, ...]], code: str, positions: Iterable[int]
) -> Mapping[int, tuple[str, ...]]:
    """`warnings` with `code` at each of `positions` besides what is there; a code is never there twice."""
    added = dict(warnings)
    for position in positions:
        codes = added.get(position, ())
        if code not in codes:
            added[position] = (*codes, code)
    return added
