"""Which attributes there are, for autocomplete: what an index lists of them needs no trace to be read."""

from collections.abc import Callable, Sequence

import msgspec

from chalicelib.search.index.dictionary import Dictionary
from chalicelib.search.index.terms import MAX_NAME_CHARACTERS, Type, field_of, read_number
from chalicelib.search.syntax import Attribute, Intrinsic, Static, StaticType

_READERS: dict[int, Callable[[bytes], Static]] = {
    Type.TEXT: lambda value: Static(StaticType.STRING, value.decode(errors="surrogatepass")),
    Type.INT: lambda value: Static(StaticType.INT, read_number(Type.INT, value)),
    Type.FLOAT: lambda value: Static(StaticType.FLOAT, read_number(Type.FLOAT, value)),
    Type.BOOL: lambda value: Static(StaticType.BOOL, value == b"\1"),
}
_TYPES_BY_NUMBER = {Type.INT: StaticType.INT, Type.FLOAT: StaticType.FLOAT}
_ENUMERATIONS = {Intrinsic.SPAN_KIND: StaticType.KIND, Intrinsic.SPAN_STATUS: StaticType.STATUS}
_PARTIAL = frozenset((Type.MAGNITUDE, Type.UNLISTED_TEXT, Type.UNLISTED_NUMBER))


class CatalogKey(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute (of a span, resource, event, link or instrumentation scope) or intrinsic of an index.

    `types` are those that its values have, sorted; none where these are maps, bytes and the like. `values` are
    (value, number of rows) of what is listed, sorted; `complete` when that is all. `row_count` rows have some value.
    """

    field: Attribute | Intrinsic
    types: tuple[StaticType, ...]
    values: tuple[tuple[Static, int], ...]
    row_count: int
    complete: bool


def catalog(dictionary: Dictionary) -> list[CatalogKey]:
    """Every key of `dictionary`, but those whose name was shortened."""
    found = []
    for key in dictionary:
        field = field_of(key)
        if isinstance(field, Intrinsic) or len(field.name) < MAX_NAME_CHARACTERS:
            found.append(_catalog_key(dictionary, key, field))
    return found


def _catalog_key(dictionary: Dictionary, key: bytes, field: Attribute | Intrinsic) -> CatalogKey:
    part = dictionary.part(key)
    if part is None:
        raise ValueError("a key without values")
    listed = [(record[0], record[1], dictionary.rows(record[2]).bit_count()) for record in part.records]
    values = [(_READERS[kind](value), count) for kind, value, count in listed if kind in _READERS]
    enumerated = _ENUMERATIONS.get(field) if isinstance(field, Intrinsic) else None
    if enumerated is not None:
        values = [(Static(enumerated, static.value), count) for static, count in values]
    return CatalogKey(
        field=field,
        types=_types([static for static, _ in values], part.records),
        values=tuple(values),
        row_count=dictionary.rows(part.present).bit_count(),
        complete=not any(record[0] in _PARTIAL for record in part.records),
    )


def _types(values: Sequence[Static], records: Sequence[tuple[int, bytes, int]]) -> tuple[StaticType, ...]:
    types = {static.type for static in values}
    for kind, value, _ in records:
        match kind:
            case Type.UNLISTED_TEXT:
                types.add(StaticType.STRING)
            case Type.UNLISTED_NUMBER:
                types.add(StaticType.FLOAT if value[:1] == bytes([Type.FLOAT]) else StaticType.INT)
            case Type.MAGNITUDE:
                types.add(StaticType.DURATION)
    return tuple(sorted(types))
