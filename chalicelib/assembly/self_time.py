"""How long a span was busy itself: its duration, less the time in which children that it waited for were running.

Children that overlap count once. What a child does before its parent's start or after its end is no time of the
parent's, and a detached child takes nothing from it.
"""

import msgspec

from chalicelib.assembly.draft import NO_PARENT, Draft


def measure_self_time(draft: Draft) -> Draft:
    """`draft` with self times. Needs pre-order (siblings come as they began, so one sweep makes the union)."""
    starts, ends = draft.starts, draft.ends
    self_times = [end - start for start, end in zip(starts, ends, strict=True)]
    covered_until = list(starts)
    for i, parent in enumerate(draft.parents):
        if parent == NO_PARENT or draft.detached[i]:
            continue
        covered_from = max(starts[i], covered_until[parent])
        until = min(ends[i], ends[parent])
        if until > covered_from:
            self_times[parent] -= until - covered_from
            covered_until[parent] = until
    return msgspec.structs.replace(draft, self_times=self_times)
