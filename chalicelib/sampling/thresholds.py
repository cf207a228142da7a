"""Likelihoods as rejection thresholds: a trace is kept iff its randomness R >= T (propagation/probability.py).

OpenTelemetry specification, "Tracestate handling" and "Probability sampling in TraceState" (development status, read
November 2026). Everybody who goes by R agrees without being asked: what passes a high threshold passes every lower one.
"""

from collections.abc import Sequence
from fractions import Fraction

from chalicelib.model.span import Span
from chalicelib.propagation.probability import (
    MAX_THRESHOLD,
    RANDOMNESS_BITS,
    OtState,
    parse,
    randomness_of,
    replace,
)

NEVER = 1 << RANDOMNESS_BITS  # a threshold that no randomness reaches
PRECISION = 4  # hex digits that tell a probability; the specification's default

_DIGITS = RANDOMNESS_BITS // 4


def of_probability(probability: Fraction, precision: int = PRECISION) -> int:
    """The threshold that keeps `probability` (0 to 1) of all traces, rounded to `precision` hex digits.

    Digits at the front that are all f, or all 0, do not count as precise: one in a million needs more of them than
    one in two. 0 gives NEVER, and the least that can be told is 2^-56.
    """
    if not probability:
        return NEVER
    exact = min(MAX_THRESHOLD, NEVER - round(probability * NEVER))
    digits = f"{exact:0{_DIGITS}x}"
    told = _DIGITS - len(digits.lstrip(digits[0])) if digits[0] in "0f" else 0
    unit = 1 << 4 * max(0, _DIGITS - told - precision)
    return (exact + unit // 2) // unit * unit


def of_percentage(percentage: float) -> int:
    """The threshold that keeps so many of a hundred traces."""
    return of_probability(Fraction(str(percentage)) / 100)


def randomness(trace_id: str, spans: Sequence[Span]) -> int:
    """R of a whole trace: what its root says in tracestate, else the least that another span says, else its id."""
    said = [
        (span.parent_id is not None, explicit)
        for span in spans
        if span.trace_state and (explicit := parse(span.trace_state).randomness) is not None
    ]
    return min(said)[1] if said else randomness_of(OtState(), trace_id)


def raised(trace_state: str, threshold: int) -> str:
    """`trace_state` of a span that has now passed `threshold` too: its own stays if it is the higher one.

    Without a threshold of its own, it takes this one: what came is taken for everything there was.
    """
    state = parse(trace_state)
    if state.threshold is not None and state.threshold >= threshold:
        return trace_state
    return replace(trace_state, OtState(threshold=threshold, randomness=state.randomness, others=state.others))
