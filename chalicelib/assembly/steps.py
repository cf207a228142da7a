"""The steps from spans to a trace, and why they come in this order."""

from collections.abc import Callable, Iterable

from chalicelib.assembly.clocks import correct_clocks
from chalicelib.assembly.critical_path import find_critical_path
from chalicelib.assembly.detachment import find_detached
from chalicelib.assembly.draft import Draft
from chalicelib.assembly.links import check_links
from chalicelib.assembly.order import order_spans
from chalicelib.assembly.parents import link_parents
from chalicelib.assembly.processes import tell_processes_apart
from chalicelib.assembly.reading import read_out
from chalicelib.assembly.repeats import merge_repeats
from chalicelib.assembly.self_time import measure_self_time
from chalicelib.assembly.times import read_times
from chalicelib.model.span import Span
from chalicelib.model.trace import AssembledTrace

Step = Callable[[Draft], Draft]

STANDARD_STEPS: tuple[Step, ...] = (
    merge_repeats,  # first: it forgets the order of arrival, and all others count on one span per operation
    tell_processes_apart,
    read_times,
    link_parents,  # a contested id goes to the nearest process; a cycle is opened at its earliest span
    correct_clocks,  # from parent to child
    order_spans,  # by corrected start; from here on positions are places in pre-order
    find_detached,
    measure_self_time,  # without detached children
    find_critical_path,
    check_links,
)


def assemble(spans: Iterable[Span], steps: Iterable[Step] = STANDARD_STEPS) -> AssembledTrace:
    """The trace that `spans` make up: the same for any order and any repetition of them.

    They are usually of one trace; those of several (a 64-bit id was asked for) are shown together, with a warning.
    No spans give an empty trace. Raises nothing for any times, ids or links.
    """
    draft = Draft(spans=list(spans))
    for step in steps:
        draft = step(draft)
    return read_out(draft)
