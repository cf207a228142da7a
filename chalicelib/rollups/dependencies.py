"""Links between services in two dialects, read from rollups: one for each hour, as for red.py."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from chalicelib.model.rollups import Dependency
from chalicelib.model.tracestate import COUNT_UNIT
from chalicelib.model.windows import Window
from chalicelib.rollups.keys import ERRORS, TOLD_BY_CALLED
from chalicelib.rollups.rollup import Rollup
from chalicelib.rollups.summaries import dependency_cells


def dependencies(rollups: Mapping[int, Rollup], window: Window, dialect: Collection[int]) -> tuple[Dependency, ...]:
    """The links of a dialect (JAEGER or ZIPKIN of keys.py) of traces that began in the window, by parent and child."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (told, teller, other, _, slot), count in dependency_cells(rollups, window):
        if told in dialect:
            ends = (other, teller) if told in TOLD_BY_CALLED else (teller, other)
            counts[ends][slot == ERRORS] += count
    whole = ((ends, _whole(calls), _whole(errors)) for ends, (calls, errors) in sorted(counts.items()))
    return tuple(
        Dependency(parent=parent, child=child, calls=calls, errors=min(errors, calls))
        for (parent, child), calls, errors in whole
        if calls > 0
    )


def _whole(count: int) -> int:
    """A count of calls; of spans that sampling kept with probability 1/3, three, and of what is half a call, one."""
    return max(0, (2 * count + COUNT_UNIT) // (2 * COUNT_UNIT))
