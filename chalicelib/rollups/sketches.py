"""Histograms of durations in exponential buckets: sums of integers, whose quantiles have a bounded relative error.

A sketch is a mapping {bucket: count}. Bucket i >= 0 holds the durations from BASE^i to below BASE^(i+1) ns, where BASE
is 2^(1 / 2^SCALE): the buckets of OpenTelemetry's exponential histogram (data-model.md, "ExponentialHistogram", read
November 2026) at that scale, but for a value on a boundary, which belongs to the bucket above it here. Boundaries are
compared as integers, so that every machine finds the same bucket. Two more hold what has no logarithm: ZERO, and
UNKNOWN for spans without a usable end, which count as calls and in no quantile.

Sketches are added and subtracted bucket by bucket. A reader may meet counts below zero while views are being
replaced; they count as none.
"""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cache
from math import isqrt

SCALE = 3
BUCKETS_PER_OCTAVE = 1 << SCALE
BASE = 2.0 ** (1 / BUCKETS_PER_OCTAVE)
RELATIVE_ERROR = (BASE - 1) / (BASE + 1)  # 4.4 %: of every quantile and of the mean
MAX_BUCKET = 64 * BUCKETS_PER_OCTAVE - 1  # durations are below 2^64 ns
ZERO = -1
UNKNOWN = -2

_PARTS = 1_000_000  # quantiles are asked for in parts of a million, so that 0.1 of ten values is exactly one


@cache
def boundaries() -> tuple[int, ...]:
    """For each bucket the least duration in it, in ns; the first buckets are too narrow for some to hold any."""
    return tuple(_ceil_power(bucket) for bucket in range(MAX_BUCKET + 1))


def bucket_of(duration_ns: int) -> int:
    """The bucket of a duration below 2^64; UNKNOWN for one below zero."""
    if duration_ns <= 0:
        return UNKNOWN if duration_ns < 0 else ZERO
    return bisect_right(boundaries(), duration_ns) - 1


def duration_of(bucket: int) -> float:
    """The duration in ns, within RELATIVE_ERROR of every one in the bucket."""
    return 0.0 if bucket == ZERO else 2 * BASE ** (bucket + 1) / (BASE + 1)


def total(sketch: Mapping[int, int]) -> int:
    """How many there are, UNKNOWN among them."""
    return sum(sketch.values())


def quantile(sketch: Mapping[int, int], share: float) -> float | None:
    """The least duration in ns that at least `share` (0 to 1) of the known ones do not exceed; None if there is none.

    With counts of one each that is the sorted list's element number ceil(share * n), from 1.
    """
    known = _known(sketch)
    rank = max(1, -(-sum(known.values()) * round(share * _PARTS) // _PARTS))
    for bucket in sorted(known):
        rank -= known[bucket]
        if rank <= 0:
            return duration_of(bucket)
    return None


def mean(sketch: Mapping[int, int]) -> float | None:
    """The mean of the known durations in ns; None if there is none."""
    known = _known(sketch)
    count = sum(known.values())
    return sum(duration_of(bucket) * each for bucket, each in known.items()) / count if count else None


def _known(sketch: Mapping[int, int]) -> dict[int, int]:
    return {bucket: count for bucket, count in sketch.items() if bucket != UNKNOWN and count > 0}


def _ceil_power(bucket: int) -> int:
    """The least integer that is not below BASE^bucket, found by whole numbers alone."""
    root = 1 << bucket
    for _ in range(SCALE):
        root = isqrt(root)
    return root if root**BUCKETS_PER_OCTAVE == 1 << bucket else root + 1
