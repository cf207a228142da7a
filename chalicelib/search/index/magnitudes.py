"""Numbers by their size: half-octave buckets, so that a range of numbers becomes a union of a few of them.

A bucket is a small integer, in the order of the numbers in it. Those of a positive number x = m * 2**e, with m in
[0.5, 1), are 2e for m < sqrt(1/2) and 2e + 1 above; negative numbers mirror positive ones; zero, the infinities and
NaN have a bucket each. Only exact steps of floating point are used, so that every machine agrees.
"""

from math import frexp, inf, isnan, ldexp

_HALF = 0.7071067811865476
_FIRST = 2200  # more than twice the least exponent, so that every positive number has a positive bucket
_INFINITE = 2 * _FIRST
NOT_A_NUMBER = 2 * _INFINITE


def magnitude(number: float) -> int:
    """The bucket of `number`, an int or a float of 64 bits."""
    if number > 0:
        if number == inf:
            return _INFINITE
        mantissa, exponent = frexp(number)
        return _FIRST + 2 * exponent + (mantissa >= _HALF)
    if number < 0:
        return -magnitude(-number)
    return NOT_A_NUMBER if isnan(number) else 0


def bounds(bucket: int) -> tuple[float, float] | None:
    """The least and the greatest number that may be in `bucket`, both perhaps in its neighbour; None for NaN's."""
    if bucket == NOT_A_NUMBER:
        return None
    if bucket < 0:
        mirrored = bounds(-bucket)
        return (-mirrored[1], -mirrored[0]) if mirrored else None
    if bucket == 0:
        return 0.0, 0.0
    exponent, upper = divmod(bucket - _FIRST, 2)
    if exponent > 1024:
        return inf, inf
    if upper:
        return ldexp(_HALF, exponent), inf if exponent == 1024 else ldexp(1.0, exponent)
    return ldexp(0.5, exponent), ldexp(_HALF, exponent)
