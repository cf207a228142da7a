"""Which attributes there are, read from rollups.

Counts are of traces by hour: a trace with spans in two hours counts in both. Hours may also be given in any parts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from chalicelib.model.rollups import AttributeKey, AttributeValue, AttributeValues
from chalicelib.rollups.catalog import OTHER_KEY
from chalicelib.rollups.rollup import Rollup

_Attribute = tuple[str, str]  # scope, key


def attributes(rollups: Iterable[Rollup], scope: str | None = None) -> tuple[AttributeKey, ...]:
    """The attributes of a scope, or of all, by scope and key."""
    types: dict[_Attribute, Counter[str]] = defaultdict(Counter)
    for (found, key, type_name, _), count in _catalog(rollups).items():
        if count > 0 and key != OTHER_KEY and scope in (None, found):
            types[found, key][type_name] += count
    return tuple(
        AttributeKey(scope=found, key=key, types=tuple(sorted(counts)), count=counts.total())
        for (found, key), counts in sorted(types.items())
    )


def attribute_values(rollups: Iterable[Rollup], key: str, scope: str | None = None) -> tuple[AttributeValues, ...]:
    """The known values of a key, for each scope that has it (or for the one that is asked for), by scope."""
    values: dict[str, list[AttributeValue]] = {}
    incomplete: set[str] = set()
    for (found, name, type_name, value), count in _catalog(rollups).items():
        if name != key or count <= 0 or scope not in (None, found):
            continue
        listed = values.setdefault(found, [])
        if value is None:
            incomplete.add(found)
        else:
            listed.append(AttributeValue(type=type_name, value=value, traces=count))
    return tuple(
        AttributeValues(
            scope=found, key=key, values=tuple(sorted(listed, key=_order)), complete=found not in incomplete
        )
        for found, listed in sorted(values.items())
    )


def _catalog(rollups: Iterable[Rollup]) -> Counter[tuple[str, str, str, str | int | None]]:
    counts: Counter[tuple[str, str, str, str | int | None]] = Counter()
    for rollup in rollups:
        counts.update(rollup.catalog)
    return counts


def _order(value: AttributeValue) -> tuple[int, str, str]:
    return -value.traces, value.type, str(value.value)
