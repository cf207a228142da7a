"""Ids of traces and spans, from the operating system at the moment they are needed.

A generator that was seeded when the sandbox started would go on alike in every sandbox restored from its snapshot
(SnapStart); the system's is reseeded. For the same reason nothing is drawn in advance.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ZERO = "0" * 16


def trace_id(random_bytes: "Callable[[int], bytes]") -> str:
    """32 lower hex digits, not all zero. All 128 bits are random, so W3C's random flag may be set."""
    found = random_bytes(16).hex()
    return found if found.strip("0") else f"{1:032x}"


def span_id(random_bytes: "Callable[[int], bytes]") -> str:
    """16 lower hex digits, not all zero."""
    found = random_bytes(8).hex()
    return found if found != _ZERO else f"{1:016x}"
