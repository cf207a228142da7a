"""The `ot` member of a tracestate: how likely a span was to be kept, and so how many spans it stands for.

OpenTelemetry specification, "TraceState: Probability Sampling" and "Tracestate handling" (development status, read
November 2026): `ot=th:c;rv:0123456789abcd;k:v`. `th` is the rejection threshold T, one to fourteen lower-case hex
digits, padded on the right to 56 bits; `rv` an explicit randomness R of exactly fourteen. A span is kept iff R >= T,
so it stands for 2^56 / (2^56 - T) spans, its *adjusted count*. Without `rv`, R is the low 56 bits of the trace id.

Counts are kept as integers of 1 / COUNT_UNIT, so that sums do not depend on their order.
"""

import re
from functools import lru_cache

from .values import Value

MEMBER = "ot"
RANDOMNESS_BITS = 56
MAX_THRESHOLD = (1 << RANDOMNESS_BITS) - 1
COUNT_UNIT = 1_000_000  # a count of 1; a span kept with probability 1/3 counts 3_000_000
MAX_MEMBERS = 32  # W3C Trace Context, 3.3.1.1
MAX_VALUE_CHARACTERS = 256

_DIGITS = RANDOMNESS_BITS // 4
_THRESHOLD = re.compile(r"[0-9a-f]{1,14}")
_RANDOMNESS = re.compile(r"[0-9a-f]{14}")


class OtState(Value):
    """What `ot` says. `threshold` and `randomness` are 56-bit numbers; None: not said, or not readable.

    `others` are the other `key:value` parts, in their order, whatever they mean.
    """

    __slots__ = ("others", "randomness", "threshold")

    def __init__(
        self,
        *,
        threshold: int | None = None,
        randomness: int | None = None,
        others: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.threshold = threshold
        self.randomness = randomness
        self.others = others


NOTHING = OtState()


def parse(trace_state: str) -> OtState:
    """The `ot` member of a raw W3C tracestate; NOTHING if there is none. Raises nothing."""
    member = _member(trace_state)
    if not member:
        return NOTHING
    threshold = randomness = None
    others: list[tuple[str, str]] = []
    for part in member.split(";"):
        key, colon, value = part.partition(":")
        if key == "th":
            threshold = int(value.ljust(_DIGITS, "0"), 16) if _THRESHOLD.fullmatch(value) else None
        elif key == "rv":
            randomness = int(value, 16) if _RANDOMNESS.fullmatch(value) else None
        elif colon:
            others.append((key, value))
    return OtState(threshold=threshold, randomness=randomness, others=tuple(others))


def replace(trace_state: str, state: OtState) -> str:
    """`trace_state` with `state` as its `ot` member, moved to the front as W3C asks of what was modified.

    The other members are kept, but for the last where there would be more than MAX_MEMBERS. Where the value would
    be longer than MAX_VALUE_CHARACTERS, `trace_state` comes back as it was.
    """
    value = _value(state)
    if len(value) > MAX_VALUE_CHARACTERS:
        return trace_state
    members = [member.strip() for member in trace_state.split(",")]
    kept = [member for member in members if member and member.partition("=")[0] != MEMBER]
    first = [f"{MEMBER}={value}"] if value else []
    return ",".join([*first, *kept][:MAX_MEMBERS])


def randomness_of(state: OtState, trace_id: str) -> int:
    """R of a span: explicit, or the last 14 hex digits of its trace id (32 lower hex digits)."""
    return int(trace_id[-_DIGITS:], 16) if state.randomness is None else state.randomness


def adjusted_count(threshold: int | None) -> int:
    """How many spans one stands for that was kept by `threshold`, in 1 / COUNT_UNIT, rounded to the nearest.

    None counts as one: nothing is known of what was dropped. Raises ValueError for what is not in 0..MAX_THRESHOLD.
    """
    if threshold is None:
        return COUNT_UNIT
    if not 0 <= threshold <= MAX_THRESHOLD:
        raise ValueError(f"threshold {threshold} is not in 0..2^{RANDOMNESS_BITS} - 1")
    kept = (1 << RANDOMNESS_BITS) - threshold
    return ((COUNT_UNIT << RANDOMNESS_BITS + 1) + kept) // (2 * kept)


@lru_cache(maxsize=1024)
def adjusted_count_of(trace_state: str) -> int:
    """The adjusted count of a span with this raw tracestate."""
    return adjusted_count(parse(trace_state).threshold)


def _member(trace_state: str) -> str:
    if MEMBER not in trace_state:
        return ""
    for member in trace_state.split(","):
        key, _, value = member.strip().partition("=")
        if key == MEMBER:
            return value
    return ""


def _value(state: OtState) -> str:
    parts = [f"{key}:{value}" for key, value in state.others]
    if state.randomness is not None:
        parts.insert(0, f"rv:{state.randomness:0{_DIGITS}x}")
    if state.threshold is not None:
        parts.insert(0, f"th:{f'{state.threshold:0{_DIGITS}x}'.rstrip('0') or '0'}")
    return ";".join(parts)
