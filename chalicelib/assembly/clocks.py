"""Clocks of different processes disagree; where that shows as the impossible, they are set right.

The one thing that cannot be is a callee that begins before its caller. So a SERVER span whose parent is a CLIENT
span read from another clock, and which begins before it, is moved into it: with half of the spare time before and
half after, as Zipkin and Jaeger do, which assumes equal delays either way; or to the caller's start, when it is
longer than the caller (who gave up waiting) or one of the two has no length. Everything below that its clock also
timed moves with it.

Left alone, on purpose, though Jaeger would move it: a callee that begins inside its caller and ends after it.
Serverless callers time out while the function works on, functions are invoked without waiting, and cold starts
delay the beginning; pulling such a span inside would hide the very thing one looks for. And no consumer is moved:
it rightly begins long after its producer ended, and a receive may rightly begin before the message was sent.
"""

import msgspec

from chalicelib.assembly.draft import NO_PARENT, Draft, add_warning
from chalicelib.assembly.order import pre_order
from chalicelib.assembly.vocabulary import CLOCK_CORRECTED, CLOCK_FAR_OFF
from chalicelib.model.span import Kind

MAX_SHIFT_NS = 24 * 3600 * 10**9  # a phone in a wrong time zone is 14 hours off; more is no clock but nonsense
LATEST_NS = 2**64 - 1  # what OTLP can say


def correct_clocks(draft: Draft) -> Draft:
    """`draft` with starts, ends and shifts corrected from the top down. Needs parents."""
    starts, ends, shifts = list(draft.starts), list(draft.ends), list(draft.shifts)
    corrected: list[int] = []
    far_off: list[int] = []
    for i in pre_order(draft.parents, draft.starts, draft.orphans):
        parent = draft.parents[i]
        if parent == NO_PARENT:
            continue
        if _clock(draft, i) == _clock(draft, parent):
            shift = shifts[parent]
        else:
            shift = _shift(draft, starts, ends, i) if _calls(draft, parent, i) else 0
            if abs(shift) > MAX_SHIFT_NS:
                far_off.append(i)
                shift = 0
            elif shift:
                corrected.append(i)
        if shift:
            shifts[i] = shift
            starts[i], ends[i] = _within_range(starts[i] + shift), _within_range(ends[i] + shift)
    warnings = add_warning(draft.warnings, CLOCK_CORRECTED, corrected)
    warnings = add_warning(warnings, CLOCK_FAR_OFF, far_off)
    return msgspec.structs.replace(draft, starts=starts, ends=ends, shifts=shifts, warnings=warnings)


def _clock(draft: Draft, i: int) -> int:
    return draft.clocks[draft.processes[i]]


def _calls(draft: Draft, caller: int, callee: int) -> bool:
    return draft.spans[caller].kind == Kind.CLIENT and draft.spans[callee].kind == Kind.SERVER


def _shift(draft: Draft, starts: list[int], ends: list[int], server: int) -> int:
    """Nanoseconds to add to the server's clock so that it begins inside its client; 0 if it does already."""
    client = draft.parents[server]
    if starts[server] >= starts[client]:
        return 0
    client_ns, server_ns = ends[client] - starts[client], ends[server] - starts[server]
    delay_ns = (client_ns - server_ns) // 2 if 0 < server_ns <= client_ns else 0
    return starts[client] + delay_ns - starts[server]


def _within_range(moment_ns: int) -> int:
    return min(max(moment_ns, 0), LATEST_NS)
