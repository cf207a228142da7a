"""The views that the seal of a piece puts, whole and in place of whatever an earlier seal of it left. Pure.

A seal may find less than the one before: a block went to another window, or one that nobody expected any more ended a
quiet. What an earlier seal put and this one has nothing for is put again, empty. So a seal has to know where
something may be: its marker says so. Without a marker there may be what a seal left that died, and that went no further than
the window's own hour, since for all others a marker that says "begun" comes first.

A rollup stands in place of coarser ones only together with its sibling (rollups/pieces.py). So each piece puts one into
every hour in which a coarser layout may have one, if only an empty one.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from chalicelib.model.view import MAX_BODY_BYTES, View
from chalicelib.rollups import packing
from chalicelib.rollups.rollup import EMPTY, Rollup
from chalicelib.search import index
from chalicelib.search.index import Entry
from chalicelib.storage.view_names import (
    HourParts,
    MarkerBody,
    PieceName,
    digest_partition,
    hour_start,
    piece_sort,
    rollup_partition,
)

Bodies = Mapping[int, tuple[Sequence[bytes], Sequence[bytes]]]  # by hour: digests, rollups
Places = Mapping[int, HourParts]  # by hour


def bodies_of(entries: Mapping[int, Sequence[Entry]], sums: Mapping[int, Rollup]) -> Bodies:
    """The bodies of a piece's digests and rollups, each small enough for a view."""
    return {
        hour: (
            index.pack_parts(entries[hour], MAX_BODY_BYTES) if hour in entries else (),
            rollup_parts(sums[hour]) if hour in sums else (),
        )
        for hour in sorted({*entries, *sums})
    }


def rollup_parts(rollup: Rollup) -> Sequence[bytes]:
    """The bodies of one rollup; folding of names keeps it to one."""
    return [packing.pack(rollup)]


def places_of(bodies: Bodies) -> tuple[HourParts, ...]:
    """Where these bodies go, by hour."""
    return tuple(HourParts(hour, len(digests), len(rollups)) for hour, (digests, rollups) in sorted(bodies.items()))


def known_places(window: int, marker: MarkerBody | None) -> Places:
    """Where earlier seals of a piece may have put something."""
    own_hour = hour_start(window)
    places = marker.hours if marker is not None else (HourParts(own_hour, 1, 1),)
    return {place.hour: place for place in places}


def all_places(*several: Iterable[HourParts]) -> dict[int, HourParts]:
    """By hour the most that any of them says."""
    found: dict[int, HourParts] = {}
    for place in chain(*several):
        other = found.get(place.hour, place)
        most = (max(place.digests, other.digests), max(place.rollups, other.rollups))
        found[place.hour] = HourParts(place.hour, *most)
    return found


def views_of(name: PieceName, bodies: Bodies, own: Places, coarser: Iterable[int], expires_at_s: int) -> list[View]:
    """Every view to put: `bodies`, and empty ones where `own` says that something may be, and in hours of `coarser`."""
    needed = all_places(own.values(), [HourParts(hour, 0, 1) for hour in coarser], places_of(bodies))
    views: list[View] = []
    for hour, place in sorted(needed.items()):
        digests, rollups = bodies.get(hour, ((), ()))
        for partition, found, count, empty in (
            (digest_partition(hour), digests, place.digests, EMPTY_DIGEST),
            (rollup_partition(hour), rollups, place.rollups, EMPTY_ROLLUP),
        ):
            padded = [*found, *[empty] * (count - len(found))]
            views += (
                View(
                    partition=partition,
                    sort=piece_sort(PieceName(name.window, name.piece, part)),
                    body=body,
                    expires_at_s=expires_at_s,
                )
                for part, body in enumerate(padded)
            )
    return views


EMPTY_DIGEST = index.pack(())
EMPTY_ROLLUP = packing.pack(EMPTY)
