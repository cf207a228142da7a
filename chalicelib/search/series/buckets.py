"""Power-of-two buckets: numbers above 2^(k-1) up to 2^k count under 2^k, and quantiles are estimated from the counts.

The estimate assumes that the numbers of a bucket lie evenly on a logarithmic scale; it is off by less than a factor
of two. Durations are put into buckets by nanoseconds and named by seconds, and those under 2 ns are left out, as are
other numbers that are not more than 0.
"""

import math
from collections.abc import Mapping
from typing import Any

from chalicelib.model.windows import NS_PER_S
from chalicelib.search.evaluation.values import DurationNs


def bucket_of(number: Any) -> float | None:
    """The upper bound of the bucket, in seconds for durations; None if the number belongs in none."""
    if type(number) is DurationNs:
        return None if number < 2 else (1 << (number - 1).bit_length()) / NS_PER_S
    if number <= 0:
        return None
    if type(number) is int:
        return float(1 << (number - 1).bit_length())
    mantissa, exponent = math.frexp(number)  # number = mantissa * 2^exponent, and 0.5 <= mantissa < 1
    return math.ldexp(1.0, exponent - 1 if mantissa == 0.5 else exponent)


def quantile(counts: Mapping[float, float], q: float) -> float | None:
    """The number below which the share `q` (0 to 1) of all lies; None if there are none. Counts by ascending bound."""
    rank = min(max(q, 0.0), 1.0) * math.fsum(counts.values())
    bound = None
    for bound, count in counts.items():
        if count and rank <= count:
            return float(bound * 2.0 ** (rank / count - 1))
        rank -= count
    return bound  # only rounding brings us here
