"""Short ways to say what a test looks at in an assembled trace."""

from collections.abc import Iterable

from chalicelib.model.trace import AssembledTrace, Segment
from tests.actors import MS


def tree(trace: AssembledTrace) -> list[str]:
    """Names in reading order, two spaces for each level."""
    return ["  " * row.depth + row.name for row in trace.spans]


def path(trace: AssembledTrace, segments: Iterable[Segment]) -> list[tuple[str, float, float]]:
    """(name, from, until) of each segment, in milliseconds from the start of the trace; "..." behind what waits."""
    return [
        (
            trace.spans[each.index].name + ("..." if each.waiting else ""),
            each.offset_ns / MS,
            (each.offset_ns + each.duration_ns) / MS,
        )
        for each in segments
    ]


def codes(trace: AssembledTrace) -> set[str]:
    """The codes of all warnings."""
    return {warned.code for warned in trace.warnings}
