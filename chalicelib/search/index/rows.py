"""What an index knows of each trace without its terms: columns, one number for each row, and the texts they name.

    ids, 16 bytes each (a part of their own, because they do not compress)

    earliest start (varint); columns: start after it, duration, spans, errors, root's service, root's name, services,
    whether the root is uncertain; texts; sets of services

Texts are named by their number, from 1; 0 is none. A set of services is a list of such numbers, and itself named by
its number, from 0.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TypeVar

import msgspec

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.model.ids import TRACE_ID_BYTES
from chalicelib.model.windows import Window
from chalicelib.search.index import bitmaps
from chalicelib.search.index.columns import Column, read_texts, write, write_texts
from chalicelib.search.index.cursors import Cursor
from chalicelib.search.index.entry import Entry

_Value = TypeVar("_Value", bound=tuple[str, ...])


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """As in Entry."""

    trace_id: str
    start_ns: int
    end_ns: int
    span_count: int
    error_count: int
    services: tuple[str, ...]
    root_service: str | None = None
    root_name: str | None = None


def write_ids(entries: Sequence[Entry]) -> bytes:
    """Their trace ids. Raises ValueError for an id that is not 32 hex digits."""
    ids = b"".join(bytes.fromhex(entry.trace_id) for entry in entries)
    if len(ids) != TRACE_ID_BYTES * len(entries):
        raise ValueError("a trace id that is not 32 hex digits")
    return ids


def write_rows(entries: Sequence[Entry]) -> bytes:
    """Everything else of `entries`."""
    earliest_ns = min((entry.start_ns for entry in entries), default=0)
    service_sets = _numbered({entry.services for entry in entries})
    words = {text for entry in entries for text in (entry.root_service, entry.root_name, *entry.services)}
    texts: dict[str | None, int] = {None: 0}
    texts |= {text: number for number, text in enumerate(sorted(text for text in words if text is not None), 1)}
    columns = (
        [entry.start_ns - earliest_ns for entry in entries],
        [entry.end_ns - entry.start_ns for entry in entries],
        [entry.span_count for entry in entries],
        [entry.error_count for entry in entries],
        [texts[entry.root_service] for entry in entries],
        [texts[entry.root_name] for entry in entries],
        [service_sets[entry.services] for entry in entries],
        [int(entry.root_uncertain) for entry in entries],
    )
    sets = (number for each in service_sets for number in (len(each), *(texts[text] for text in each)))
    return b"".join(
        (
            write_varint(earliest_ns),
            *map(write, columns),
            write_texts([text for text in texts if text is not None]),
            write_varint(len(service_sets)),
            *map(write_varint, sets),
        )
    )


class Rows:
    """What `write_ids` and `write_rows` kept. Raises ValueError for bytes that they did not write."""

    def __init__(self, ids: bytes, section: bytes) -> None:
        self._ids = ids
        self._row_count = len(ids) // TRACE_ID_BYTES
        cursor = Cursor(section)
        self._earliest_ns = cursor.number()
        columns = [Column(cursor, self._row_count) for _ in range(8)]
        self._starts, self._durations, self._spans, self._errors = columns[:4]
        self._root_services, self._root_names, self._services, self._uncertain = columns[4:]
        self._texts = (None, *read_texts(cursor))
        self._service_sets = [_read_set(cursor) for _ in range(cursor.count())]

    def row(self, number: int) -> Row:
        """Everything about one row."""
        start_ns = self._earliest_ns + self._starts[number]
        try:
            return Row(
                trace_id=self._ids[TRACE_ID_BYTES * number : TRACE_ID_BYTES * (number + 1)].hex(),
                start_ns=start_ns,
                end_ns=start_ns + self._durations[number],
                span_count=self._spans[number],
                error_count=self._errors[number],
                services=tuple(self._texts[text] or "" for text in self._service_sets[self._services[number]]),
                root_service=self._texts[self._root_services[number]],
                root_name=self._texts[self._root_names[number]],
            )
        except IndexError as broken:
            raise ValueError("a row that names a text which is not there") from broken

    def extent(self, number: int) -> tuple[str, Window]:
        """The trace id of a row, and when it starts and ends."""
        start_ns = self._earliest_ns + self._starts[number]
        trace_id = self._ids[TRACE_ID_BYTES * number : TRACE_ID_BYTES * (number + 1)].hex()
        return trace_id, Window(start_ns, start_ns + self._durations[number])

    @cached_property
    def uncertain_roots(self) -> int:
        """The rows that match whatever is asked of their root."""
        return bitmaps.of_rows((row for row, flag in enumerate(self._uncertain.all()) if flag), self._row_count)

    def with_root(self, *, service: bool, holds: Callable[[str], bool]) -> int:
        """The rows whose root has a service (or name) for which `holds` says so."""
        codes = (self._root_services if service else self._root_names).all()
        wanted = {code for code, text in enumerate(self._texts) if text is not None and code in codes and holds(text)}
        return bitmaps.of_rows((row for row, code in enumerate(codes) if code in wanted), self._row_count)

    def lasting(self, holds: Callable[[int], bool]) -> int:
        """The rows for whose duration in nanoseconds `holds` says so."""
        found = (row for row, duration_ns in enumerate(self._durations.all()) if holds(duration_ns))
        return bitmaps.of_rows(found, self._row_count)


def _read_set(cursor: Cursor) -> list[int]:
    return [cursor.number() for _ in range(cursor.count())]


def _numbered(values: Iterable[_Value]) -> dict[_Value, int]:
    return {value: number for number, value in enumerate(sorted(set(values)))}
