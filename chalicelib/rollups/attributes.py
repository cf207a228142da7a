"""Which attributes there are, read from rollups."""

from collections.abc import Iterable

from chalicelib.model.rollups import AttributeKey, AttributeValues
from chalicelib.rollups.rollup import Rollup


def attributes(rollups: Iterable[Rollup], scope: str | None = None) -> tuple[AttributeKey, ...]:
    """The attributes of a scope, or of all, by scope and key."""
    raise NotImplementedError


def attribute_values(rollups: Iterable[Rollup], key: str, scope: str | None = None) -> tuple[AttributeValues, ...]:
    """The known values of a key, for each scope that has it (or the one that is asked for)."""
    raise NotImplementedError
