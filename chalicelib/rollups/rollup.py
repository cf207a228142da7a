"""Sums over the spans that start in one hour: integers under keys, which may be added and taken away again.

`Rollup` is four such mappings (keys.py) without zeros, and the levels to which names were folded (folding.py).
`add` is associative and commutative and has EMPTY for its zero; `difference(new, old)` is what to add to `old` to
get `new`. Counts of RED, edges and dependencies are adjusted counts in 1 / COUNT_UNIT (model/tracestate.py); counts of
the catalog are traces.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from chalicelib.rollups.folding import Levels, fold_dependencies, fold_edges, fold_red, joined
from chalicelib.rollups.keys import WHOLE_HOUR, CatalogKey, DependencyKey, EdgeKey, RedKey

_Key = TypeVar("_Key")


class Rollup(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one hour. No mapping holds a zero; none is changed once it is in here."""

    red: Mapping[RedKey, int] = {}
    edges: Mapping[EdgeKey, int] = {}
    catalog: Mapping[CatalogKey, int] = {}
    dependencies: Mapping[DependencyKey, int] = {}
    levels: Levels = {}


EMPTY = Rollup()


class Sum:
    """One rollup, being summed: mappings that may be added to, and may hold zeros and names yet to be folded."""

    def __init__(self) -> None:
        self.red: dict[RedKey, int] = defaultdict(int)
        self.edges: dict[EdgeKey, int] = defaultdict(int)
        self.catalog: Counter[CatalogKey] = Counter()
        self.dependencies: dict[DependencyKey, int] = defaultdict(int)
        self.levels: Levels = {}

    def add(self, rollup: Rollup, sign: int = 1) -> None:
        """Add a rollup, or with -1 take it away again."""
        for key, count in rollup.red.items():
            self.red[key] += sign * count
        for edge, count in rollup.edges.items():
            self.edges[edge] += sign * count
        for link, count in rollup.dependencies.items():
            self.dependencies[link] += sign * count
        (self.catalog.update if sign > 0 else self.catalog.subtract)(rollup.catalog)
        if rollup.levels:
            self.levels = joined(self.levels, rollup.levels)

    def rollup(self) -> Rollup:
        """The sum so far."""
        red, edges = fold_red(self.red, self.levels), fold_edges(self.edges, self.levels)
        dependencies = fold_dependencies(self.dependencies, self.levels)
        return Rollup(
            red=_nonzero(red),
            edges=_nonzero(edges),
            catalog=_nonzero(self.catalog),
            dependencies=_nonzero(dependencies),
            levels=self.levels,
        )


class Sums:
    """Rollups by hour, being summed."""

    def __init__(self) -> None:
        self._hours: dict[int, Sum] = {}

    def hour(self, hour: int) -> Sum:
        """The sum of the hour that starts then (epoch seconds); empty at first."""
        found = self._hours.get(hour)
        if found is None:
            found = self._hours[hour] = Sum()
        return found

    def add(self, rollups: Mapping[int, Rollup], sign: int = 1) -> None:
        """Add the rollup of each hour, or with -1 take it away again."""
        for hour, rollup in rollups.items():
            self.hour(hour).add(rollup, sign)

    def rollups(self) -> dict[int, Rollup]:
        """The sums by hour, ascending; hours whose sum is nothing are left out."""
        found = {hour: each.rollup() for hour, each in sorted(self._hours.items())}
        return {hour: rollup for hour, rollup in found.items() if rollup != EMPTY}


def add(one: Rollup, other: Rollup) -> Rollup:
    """The sum of two rollups; keys are folded as far as either's were."""
    return total((one, other))


def total(rollups: Iterable[Rollup]) -> Rollup:
    """The sum of any number of rollups; EMPTY for none."""
    result = Sum()
    for rollup in rollups:
        result.add(rollup)
    return result.rollup()


def difference(new: Rollup, old: Rollup) -> Rollup:
    """`new` - `old`."""
    result = Sum()
    result.add(new)
    result.add(old, -1)
    return result.rollup()


def coarsen(rollup: Rollup) -> Rollup:
    """The same sums without their minutes: everything is in WHOLE_HOUR."""
    result = Sum()
    for (service, operation, kind, _, slot), count in rollup.red.items():
        result.red[service, operation, kind, WHOLE_HOUR, slot] += count
    for (client_kind, client, server_kind, server, is_messaging, _, slot), count in rollup.edges.items():
        result.edges[client_kind, client, server_kind, server, is_messaging, WHOLE_HOUR, slot] += count
    for (told, teller, other, _, slot), count in rollup.dependencies.items():
        result.dependencies[told, teller, other, WHOLE_HOUR, slot] += count
    result.add(Rollup(catalog=rollup.catalog, levels=rollup.levels))
    return result.rollup()


def _nonzero(counts: Mapping[_Key, int]) -> dict[_Key, int]:
    return {key: count for key, count in counts.items() if count}
