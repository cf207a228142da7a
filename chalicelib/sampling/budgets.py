"""Sharing a budget among the traces of a window: consistent bottom-k sampling.

A token bucket keeps whoever comes first, which depends on the order of arrival and tells nobody how likely it was.
Here those of the highest randomness are kept while the budget lasts, and the threshold lies just above the first
that was left out. Who is kept then follows from the traces alone, and a trace that is kept stands for
2^56 / (2^56 - T) of its kind, without bias: whether its own randomness passes T depends on the others' alone
(Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007, for weights of one; with a budget in spans the
argument is the same, because the place where the budget ends does not move as the trace itself moves above it).
"""

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.sampling.thresholds import NEVER


class Claim(NamedTuple):
    """What a trace asks of a budget, in the budget's unit (spans, bytes)."""

    randomness: int
    weight: int


def granted(claims: Sequence[Claim], budget: float) -> list[int]:
    """The threshold of each claim, in order: one for all that could fit, NEVER for what is over the budget alone.

    0 where everything fits. Those that have the same randomness are all kept or all left out.
    """
    able = [claim for claim in claims if claim.weight <= budget]
    threshold = _threshold(sorted(able, reverse=True), budget)
    return [threshold if claim.weight <= budget else NEVER for claim in claims]


def _threshold(claims: Sequence[Claim], budget: float) -> int:
    spent = 0
    for claim in claims:
        spent += claim.weight
        if spent > budget:
            return claim.randomness + 1
    return 0
