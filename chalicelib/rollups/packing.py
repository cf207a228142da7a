"""A rollup as bytes, and back.

RED lies as a tree: services, their operations with kinds, the minutes of each, the cells of a minute. Edges the same
by their ends, and dependencies after them in the same columns. Cells are ascending slots as steps from one to the next,
doubled, plus one where the count is not one *unit* (the greatest common divisor of all counts: a whole call where
nothing is sampled), which few are in a minute.

What does not fit is folded first (folding.py, catalog.fold_values) and, at the very end, loses its minutes. How far
depends on the rollup alone, so the same facts give the same bytes again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import gcd
from typing import Any, NamedTuple

from chalicelib.model.span import Kind
from chalicelib.rollups.catalog import SCOPES, TYPES, fold_values
from chalicelib.rollups.columns import ColumnReader, ColumnWriter
from chalicelib.rollups.folding import DEPENDENCIES, OPERATIONS, PEERS, SERVICES, Group, Levels, Room, fit
from chalicelib.rollups.keys import (
    ERRORS,
    JAEGER,
    SERVER_SIDE,
    WHOLE_HOUR,
    ZIPKIN,
    CatalogKey,
    DependencyKey,
    EdgeKey,
    RedKey,
)
from chalicelib.rollups.peers import NODE_KINDS
from chalicelib.rollups.rollup import Rollup, Sum, coarsen
from chalicelib.rollups.sketches import MAX_BUCKET

MAX_PACKED_BYTES = 320_000


class Size(NamedTuple):
    """How much of a rollup is packed: names, keys of each scope, values of each key, and whether minutes are."""

    names: Room
    keys: int
    values: int
    has_minutes: bool = True


SIZES = (  # each has less than the one before
    Size(Room(services=500, operations=500, peers=250), keys=500, values=64),
    Size(Room(services=100, operations=25, peers=25), keys=100, values=8),
    Size(Room(services=50, operations=10, peers=10), keys=50, values=4, has_minutes=False),
    Size(Room(services=0, operations=0, peers=0), keys=0, values=0, has_minutes=False),
)

_CELLS = ("minutes", "minute", "cells", "first", "step", "count")
_RED = ("services", "service", "operations", "operation", "kind", *(f"red {column}" for column in _CELLS))
_EDGES = ("clients", "client", "client kind", "servers", "server", "server kind", *(f"edge {c}" for c in _CELLS))
_CATALOG = ("keys", "key", "scope and type", "values", "text", "number", "traces")
_LEVELS = ("levels", "group", "of", "level")
_COLUMNS = ("unit", *_RED, *_EDGES, *_CATALOG, *_LEVELS)

_GROUPS = (SERVICES[0], OPERATIONS, PEERS, DEPENDENCIES)
_TYPES = tuple(TYPES.values())
_WITHOUT_DEPENDENCIES = 1  # the version of the time before there were any
_BELOW_SLOTS = ERRORS - 1
_LAST_SLOT = SERVER_SIDE + MAX_BUCKET

_Cell = tuple[tuple[Any, ...], int]  # a key and its count; the key ends in minute and slot
_Group = tuple[tuple[Any, ...], list[_Cell]]


def pack(rollup: Rollup, most_bytes: int = MAX_PACKED_BYTES) -> bytes:
    """Bytes of the rollup, folded as far as it takes for them to be no more than `most_bytes` (40,000 at least).

    The same rollup gives the same bytes within one version of zstd.
    """
    for size in SIZES:
        rollup = resized(rollup, size)
        body = _packed(rollup)
        if len(body) <= most_bytes:
            break
    return body


def resized(rollup: Rollup, size: Size) -> Rollup:
    """The rollup with no more in it than `size` says."""
    result = Sum()
    result.add(rollup if size.has_minutes else coarsen(rollup))
    result.levels = fit(result.red, result.edges, rollup.levels, size.names, result.dependencies)
    folded = result.rollup()
    catalog = fold_values(rollup.catalog, size.keys, size.values)
    return Rollup(
        red=folded.red, edges=folded.edges, catalog=catalog, dependencies=folded.dependencies, levels=folded.levels
    )


def unpack(body: bytes) -> Rollup:
    """The rollup again, folded as it was packed. Raises ValueError for anything that `pack` did not make."""
    columns = ColumnReader(body, _COLUMNS)
    unit = columns.take("unit")
    rollup = Rollup(
        red=dict(_take_red(columns, unit)),
        edges=dict(_take_edges(columns, unit)),
        dependencies=dict(_take_dependencies(columns, unit) if columns.version > _WITHOUT_DEPENDENCIES else ()),
        catalog=dict(_take_catalog(columns)),
        levels=dict(_take_levels(columns)),
    )
    columns.finish()
    return rollup


def _packed(rollup: Rollup) -> bytes:
    columns = ColumnWriter(_COLUMNS)
    unit = gcd(*rollup.red.values(), *rollup.edges.values(), *rollup.dependencies.values())
    columns.put("unit", unit)
    _put_red(columns, rollup.red, unit)
    _put_edges(columns, rollup.edges, unit)
    _put_dependencies(columns, rollup.dependencies, unit)
    _put_catalog(columns, rollup.catalog)
    _put_levels(columns, rollup.levels)
    return columns.body()


def _put_red(columns: ColumnWriter, red: Mapping[RedKey, int], unit: int) -> None:
    services = _groups(sorted(red.items()), 1)
    columns.put("services", len(services))
    for (service,), of_service in services:
        columns.put_name("service", service)
        operations = _groups(of_service, 3)
        columns.put("operations", len(operations))
        for (_, operation, kind), cells in operations:
            columns.put_name("operation", operation)
            columns.put("kind", kind)
            _put_minutes(columns, "red", _groups(cells, 4), unit)


def _take_red(columns: ColumnReader, unit: int) -> Iterator[tuple[RedKey, int]]:
    for _ in range(columns.take("services")):
        service = columns.take_name("service")
        for _ in range(columns.take("operations")):
            operation, kind = columns.take_name("operation"), columns.take("kind")
            if kind > Kind.CONSUMER:
                raise ValueError(f"a rollup has spans of kind {kind}")
            for minute, slot, count in _take_minutes(columns, "red", unit):
                yield (service, operation, kind, minute, slot), count


def _put_edges(columns: ColumnWriter, edges: Mapping[EdgeKey, int], unit: int) -> None:
    clients = _groups(sorted(edges.items()), 2)
    columns.put("clients", len(clients))
    for (client_kind, client), of_client in clients:
        columns.put("client kind", NODE_KINDS.index(client_kind))
        columns.put_name("client", client)
        servers = _groups(of_client, 5)
        columns.put("servers", len(servers))
        for (_, _, server_kind, server, is_messaging), cells in servers:
            columns.put("server kind", 2 * NODE_KINDS.index(server_kind) + is_messaging)
            columns.put_name("server", server)
            _put_minutes(columns, "edge", _groups(cells, 6), unit)


def _take_edges(columns: ColumnReader, unit: int) -> Iterator[tuple[EdgeKey, int]]:
    for _ in range(columns.take("clients")):
        client = _picked(NODE_KINDS, columns.take("client kind")), columns.take_name("client")
        for _ in range(columns.take("servers")):
            kind, is_messaging = divmod(columns.take("server kind"), 2)
            server = _picked(NODE_KINDS, kind), columns.take_name("server")
            for minute, slot, count in _take_minutes(columns, "edge", unit):
                yield (*client, *server, bool(is_messaging), minute, slot), count


def _put_dependencies(columns: ColumnWriter, dependencies: Mapping[DependencyKey, int], unit: int) -> None:
    tellers = _groups(sorted(dependencies.items()), 2)
    columns.put("clients", len(tellers))
    for (told, teller), of_teller in tellers:
        columns.put("client kind", told)
        columns.put_name("client", teller)
        others = _groups(of_teller, 3)
        columns.put("servers", len(others))
        for (_, _, other), cells in others:
            columns.put_name("server", other)
            _put_minutes(columns, "edge", _groups(cells, 4), unit)


def _take_dependencies(columns: ColumnReader, unit: int) -> Iterator[tuple[DependencyKey, int]]:
    for _ in range(columns.take("clients")):
        told, teller = columns.take("client kind"), columns.take_name("client")
        if told not in JAEGER | ZIPKIN:
            raise ValueError(f"a rollup has links of kind {told}")
        for _ in range(columns.take("servers")):
            other = columns.take_name("server")
            for minute, slot, count in _take_minutes(columns, "edge", unit):
                yield (told, teller, other, minute, slot), count


def _put_minutes(columns: ColumnWriter, of: str, minutes: list[_Group], unit: int) -> None:
    columns.put(f"{of} minutes", len(minutes))
    before = -1
    for (*_series, minute), cells in minutes:
        columns.put(f"{of} minute", minute - before - 1)
        columns.put(f"{of} cells", len(cells))
        before, below, column = minute, _BELOW_SLOTS, f"{of} first"
        for (*_, slot), count in cells:
            columns.put(column, 2 * (slot - below - 1) + (count != unit))
            if count != unit:
                columns.put_signed(f"{of} count", count // unit)
            below, column = slot, f"{of} step"


def _take_minutes(columns: ColumnReader, of: str, unit: int) -> Iterator[tuple[int, int, int]]:
    """(minute, slot, count) of each cell."""
    minute = -1
    for _ in range(columns.take(f"{of} minutes")):
        minute += columns.take(f"{of} minute") + 1
        slot, column = _BELOW_SLOTS, f"{of} first"
        for _ in range(columns.take(f"{of} cells")):
            step, is_counted = divmod(columns.take(column), 2)
            slot, column = slot + step + 1, f"{of} step"
            count = unit * (columns.take_signed(f"{of} count") if is_counted else 1)
            if minute > WHOLE_HOUR or slot > _LAST_SLOT or not count:
                raise ValueError("a rollup has a cell where there can be none")
            yield minute, slot, count


def _put_catalog(columns: ColumnWriter, catalog: Mapping[CatalogKey, int]) -> None:
    values: dict[tuple[str, str, str], dict[str | int, int]] = defaultdict(dict)
    for (scope, key, type_name, value), count in catalog.items():
        if value is None:
            values[scope, key, type_name]
        else:
            values[scope, key, type_name][value] = count
    columns.put("keys", len(values))
    for (scope, key, type_name), counts in sorted(values.items()):
        columns.put("scope and type", SCOPES.index(scope) * len(_TYPES) + _TYPES.index(type_name))
        columns.put_name("key", key)
        columns.put("values", len(counts))
        columns.put_signed("traces", catalog.get((scope, key, type_name, None), 0))
        for value, count in sorted(counts.items()):
            columns.put_signed("traces", count)
            if isinstance(value, str):
                columns.put_name("text", value)
            else:
                columns.put_signed("number", value)


def _take_catalog(columns: ColumnReader) -> Iterator[tuple[CatalogKey, int]]:
    for _ in range(columns.take("keys")):
        scope, of_type = divmod(columns.take("scope and type"), len(_TYPES))
        attribute = _picked(SCOPES, scope), columns.take_name("key"), _TYPES[of_type]
        count, unlisted = columns.take("values"), columns.take_signed("traces")
        if unlisted:
            yield (*attribute, None), unlisted
        for _ in range(count):
            traces = columns.take_signed("traces")
            yield (*attribute, _take_value(columns, attribute[2])), traces


def _take_value(columns: ColumnReader, type_name: str) -> str | int:
    if type_name == TYPES[str]:
        return columns.take_name("text")
    number = columns.take_signed("number")
    return bool(number) if type_name == TYPES[bool] else number


def _put_levels(columns: ColumnWriter, levels: Levels) -> None:
    columns.put("levels", len(levels))
    for (group, of), level in sorted(levels.items()):
        columns.put("group", _GROUPS.index(group))
        columns.put_name("of", of)
        columns.put("level", level)


def _take_levels(columns: ColumnReader) -> Iterator[tuple[Group, int]]:
    for _ in range(columns.take("levels")):
        yield (_picked(_GROUPS, columns.take("group")), columns.take_name("of")), columns.take("level")


def _groups(cells: Iterable[_Cell], length: int) -> list[_Group]:
    """Cells that agree in the first `length` parts of their keys."""
    return [(key, list(group)) for key, group in groupby(cells, key=lambda cell: cell[0][:length])]


def _picked(table: Sequence[str], number: int) -> str:
    if number >= len(table):
        raise ValueError(f"a rollup has a number {number} where there are only {len(table)}")
    return table[number]
