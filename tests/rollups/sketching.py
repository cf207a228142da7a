"""Sketches made and added in the plainest way."""

from collections import Counter
from collections.abc import Iterable, Mapping

from chalicelib.rollups.sketches import bucket_of


def sketch_of(durations: Iterable[int]) -> dict[int, int]:
    """Each duration counted once."""
    return dict(Counter(map(bucket_of, durations)))


def added(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    """Bucket by bucket."""
    return {bucket: one.get(bucket, 0) + other.get(bucket, 0) for bucket in {*one, *other}}


def subtracted(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    """Bucket by bucket, without those that are nothing then."""
    rest = {bucket: one.get(bucket, 0) - other.get(bucket, 0) for bucket in {*one, *other}}
    return {bucket: count for bucket, count in rest.items() if count}
