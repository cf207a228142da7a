"""Cuts a large JSON body into parts that are each a whole request; parts.py says why.

msgspec finds where the members of an object and the elements of an array begin and end, and makes nothing of them
but a note of 56 bytes. Notes need a bound as well: there are fewer of them than braces, brackets and commas.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from chalicelib.codecs.otlp.json_text import parsed
from chalicelib.codecs.otlp.parts import MAX_PIECES, PART_BYTES, Allowance, runs, spans_allowance

# 20 MiB of ordinary spans have 1.7 million.
_MAX_PIECES_OF_BODY = 4_000_000

# A string, or what is left of the body after a quote that nothing closes; never looks at a byte twice.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_MAX_TEXTS = 1_000_000  # half a second

_ABSENT = msgspec.Raw(b"")


class _Level(NamedTuple):
    """A kind of object: its members, and those by which it can be cut. The largest of them is dealt out."""

    members: type[msgspec.Struct]
    dealt: tuple[str, ...]


def _level(shared: tuple[str, ...], dealt: tuple[str, ...]) -> _Level:
    fields = [(name, msgspec.Raw, _ABSENT) for name in (*shared, *dealt)]
    return _Level(msgspec.defstruct("Members", fields), dealt)


_SCHEMA_URL = ("schemaUrl", "schema_url")
_LEVELS = (
    _level((), ("resourceSpans", "resource_spans")),
    _level(
        ("resource", *_SCHEMA_URL),
        ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"),
    ),
    _level(("scope", "instrumentationLibrary", "instrumentation_library", *_SCHEMA_URL), ("spans",)),
)


def split(payload: bytes) -> Iterator[Any]:
    """Parsed requests that together have the spans of `payload`, in the same order.

    Raises PayloadError for what is not JSON, and PayloadTooLarge when it holds too many things to be read.
    """
    if len(payload) > PART_BYTES:
        check_density(payload, _MAX_PIECES_OF_BODY, "values")
    return _split(msgspec.Raw(payload), _LEVELS, spans_allowance())


def _split(raw: msgspec.Raw, levels: tuple[_Level, ...], allowance: Allowance) -> Iterator[Any]:
    if _size_bytes(raw) <= PART_BYTES or not levels:
        yield _whole(raw)
        return
    here, *below = levels
    outline = parsed(raw, here.members)
    members = {name: member for name in outline.__struct_fields__ if _size_bytes(member := getattr(outline, name))}
    dealt = max(here.dealt, key=lambda name: _size_bytes(members.get(name, _ABSENT)))
    elements = parsed(members.pop(dealt, _NULL), list[msgspec.Raw] | None) or []
    allowance.spend(len(elements))
    shared = {name: _whole(member) for name, member in members.items()}
    for run in runs(elements, _size_bytes):
        if len(run) > 1:
            yield {**shared, dealt: [parsed(each) for each in run]}
        else:
            for part in _split(run[0], tuple(below), allowance):
                yield {**shared, dealt: [part]}
    if not elements:
        yield shared


_NULL = msgspec.Raw(b"null")


def _whole(raw: msgspec.Raw) -> Any:
    """What cannot be cut, parsed."""
    if _size_bytes(raw) > PART_BYTES:
        check_density(raw, MAX_PIECES, "values in one span or resource")
    return parsed(raw)


def check_density(payload: bytes | msgspec.Raw, most: int, name: str) -> None:
    """Raises PayloadTooLarge if JSON holds more than `most` values, which it calls `name`."""
    whole = bytes(payload)
    found = _pieces(whole)
    if found > most:  # unless it is text that holds them: a document, a table, a prompt
        for text in islice(_TEXT.finditer(whole), _MAX_TEXTS):
            found -= _pieces(text.group())
            if found <= most:
                break
    Allowance(most, name).spend(found)


def _pieces(whole: bytes) -> int:
    """At least as many as the values in it."""
    return sum(map(whole.count, (b"{", b"[", b",")))


def _size_bytes(raw: msgspec.Raw) -> int:
    return memoryview(raw).nbytes
