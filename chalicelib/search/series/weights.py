"""How many spans a sampled span stands for.

OpenTelemetry, tracestate handling and consistent probability sampling (development status): the entry `ot` of the
tracestate holds pairs `key:value` joined by `;`, and `th` among them is the rejection threshold T, 1 to 14 hex digits
that are the first of 14. The span was kept with probability (2^56 - T) / 2^56 and stands for the inverse of it.
"""

import re
from functools import lru_cache

_MOST = 2**56
_THRESHOLD = re.compile(r"[0-9a-f]{1,14}")


@lru_cache(maxsize=1024)
def adjusted_count(trace_state: str) -> float:
    """At least 1; 1 where no threshold is told, or none that makes sense."""
    for member in trace_state.split(","):
        key, _, entry = member.strip().partition("=")
        if key == "ot":
            return _adjusted(entry)
    return 1.0


def _adjusted(entry: str) -> float:
    for pair in entry.split(";"):
        key, _, threshold = pair.partition(":")
        if key == "th" and _THRESHOLD.fullmatch(threshold):
            return _MOST / (_MOST - int(threshold.ljust(14, "0"), 16))
    return 1.0
