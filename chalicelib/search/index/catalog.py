"""Which attributes there are, for autocomplete."""

import msgspec

from chalicelib.search.syntax import Attribute, Intrinsic, Static


class CatalogKey(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute (scope SPAN, RESOURCE, EVENT, LINK or INSTRUMENTATION) or intrinsic of an index.

    `types` are those its values have ("string", "int", "float", "bool"), sorted. `values` are (value, number of rows)
    of the values that are listed, sorted; `complete` when these are all it has. `row_count` is how many rows have it.
    """

    field: Attribute | Intrinsic
    types: tuple[str, ...]
    values: tuple[tuple[Static, int], ...]
    row_count: int
    complete: bool
