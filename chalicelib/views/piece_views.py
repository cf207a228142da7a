"""The views that the seal of a piece puts, whole and in place of whatever an earlier seal of it left. Pure.

A seal may find less than the one before: a block went to another window, or one that nobody expected any more ended a
quiet. What an earlier seal put and this one has nothing for is put again, empty. So a seal has to know where
something may be: its marker says so. Without a marker there may be what a seal left that died, and that went no
further than the window's own hour, since for all others a marker that says "begun" comes first.

A rollup stands in place of coarser ones only together with its sibling (rollups/pieces.py). So each piece puts one into
every hour in which a coarser layout may have one, if only an empty one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from chalicelib.model.view import MAX_BODY_BYTES, View
from chalicelib.rollups import packing
from chalicelib.rollups.rollup import EMPTY, Rollup
from chalicelib.search import index
from chalicelib.search.index import Entry
from chalicelib.storage.view_names import (
    DigestName,
    MarkerBody,
    PieceName,
    Place,
    digest_partition,
    digest_sort,
    hour_start,
    piece_sort,
    rollup_partition,
)

Places = Mapping[int, int]  # hour -> digests; there is one rollup in each


class HourBodies(NamedTuple):
    """What a piece has in one hour."""

    digests: Sequence[bytes]
    rollup: bytes


def bodies_of(entries: Mapping[int, Sequence[Entry]], sums: Mapping[int, Rollup]) -> dict[int, HourBodies]:
    """The bodies of a piece's digests and rollups by hour, each small enough for a view."""
    return {
        hour: HourBodies(
            index.pack_parts(entries.get(hour, ()), MAX_BODY_BYTES),
            packing.pack(sums.get(hour, EMPTY)),
        )
        for hour in sorted({*entries, *sums})
    }


def places_of(bodies: Mapping[int, HourBodies]) -> tuple[Place, ...]:
    """Where these bodies go."""
    return tuple(Place(hour, len(each.digests)) for hour, each in sorted(bodies.items()))


def known_places(window: int, marker: MarkerBody | None) -> Places:
    """Where earlier seals of a piece may have put something, by its marker if there is one."""
    return dict(marker.places) if marker is not None else {hour_start(window): 1}


def more_places(one: Places, other: Places) -> tuple[Place, ...]:
    """What is in either."""
    return tuple(Place(hour, max(one.get(hour, 0), other.get(hour, 0))) for hour in sorted({*one, *other}))


def views_of(
    name: PieceName, bodies: Mapping[int, HourBodies], known: Places, coarser: Iterable[int], expires_at_s: int
) -> Iterator[View]:
    """Every view to put: `bodies`, and empty ones where by `known` something may be, and in the hours of `coarser`."""
    nothing = HourBodies((), empty_rollup())
    for hour in sorted({*bodies, *known, *coarser}):
        found = bodies.get(hour, nothing)
        padding = [empty_digest()] * (known.get(hour, 0) - len(found.digests))
        for part, body in enumerate([*found.digests, *padding]):
            sort = digest_sort(DigestName(name.window, name.piece, part))
            yield View(partition=digest_partition(hour), sort=sort, body=body, expires_at_s=expires_at_s)
        rollup = found.rollup
        yield View(partition=rollup_partition(hour), sort=piece_sort(name), body=rollup, expires_at_s=expires_at_s)


@cache
def empty_digest() -> bytes:
    """The body of a digest of nothing."""
    return index.pack(())


@cache
def empty_rollup() -> bytes:
    """The body of a rollup of nothing."""
    return packing.pack(EMPTY)
