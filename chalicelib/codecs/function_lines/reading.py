"""A line of a function's log, or a message of a queue, to what the collector takes.

Two formats are told by a member of the object: ours (`__spanfold`, see chalicelib/tracing/exporters/lines.py) and
otlp-stdout's (`__otel_otlp_stdout`, see otlp_stdout.py). Any other line is the function's own. What a function printed
without a line end stands before ours on the same line, and so may what it had written of a line when its time was
over; it is skipped.

Whoever can have a function print their text can have it print such a line. So everything here is bounded, and all
that a line can do is what any post can: add spans.
"""

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from chalicelib.codecs.function_lines import values
from chalicelib.codecs.function_lines.line import Line, Spans, Start
from chalicelib.codecs.function_lines.rows import RowReader
from chalicelib.codecs.otlp.decoded import Decoded, Rejection, nesting_limit
from chalicelib.codecs.otlp.json_text import parsed, readable
from chalicelib.codecs.otlp.json_values import FaultError
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.errors import PayloadError, PayloadTooLarge
from chalicelib.model.span import Resource, Span

DIALECT = "function-line"
VERSION = 1
OURS, OTLP_STDOUT = "__spanfold", "__otel_otlp_stdout"
PACKED_BYTES = 1_000_000  # what our writer packs into a line at most
LIMIT_BYTES = 4 * 1024 * 1024

Members = dict[str, Any]

_part_number = values.integers(1, 1_000_000)


class _Found(NamedTuple):
    """An object in one of the formats, what was mended to read it, and what it may be at most."""

    members: Members
    notes: tuple[str, ...]
    limit_bytes: int
    max_depth: int


def read(line: str | bytes, *, limit_bytes: int = LIMIT_BYTES, max_depth: int = 32) -> Line | None:
    """What `line` says, or None if it is in none of the formats. Blanks and a line end around it do not matter.

    A span that cannot be read is among the rejections, alone. Raises PayloadError for an object in one of the formats
    that breaks its rules (cut short, of another version, without spans), PayloadTooLarge for one that unpacks to more
    than `limit_bytes`, or than its writer ever packs.
    """
    payload = line.encode(errors="surrogatepass") if isinstance(line, str) else line
    for marker, read_found in _FORMATS.items():
        if f'"{marker}"'.encode() in payload:
            found = _object_with(marker, payload.strip())
            if found is not None:
                return read_found(_Found(*found, limit_bytes, max_depth))
    return None


def _object_with(marker: str, payload: bytes) -> tuple[Members, tuple[str, ...]] | None:
    """The object with the member `marker`: all of `payload`, or its end; None if `payload` only talks of it."""
    start = payload.rfind(f'{{"{marker}"'.encode())
    try:
        if payload.startswith(b"{"):
            members, notes = _object(payload)
            return (members, notes) if marker in members else None
    except PayloadError:
        if start <= 0:
            raise
    return _object(payload[start:]) if start >= 0 else None


def _object(payload: bytes) -> tuple[Members, tuple[str, ...]]:
    text, notes = readable(payload)
    try:
        return values.members(parsed(text)), notes
    except (PayloadError, FaultError) as fault:
        raise PayloadError(DIALECT, f"not a line of spans: {fault}") from fault


def _ours(found: _Found) -> Line:
    try:
        _member(found, OURS, _version)
        return _KINDS[_member(found, "kind", _kind)](found)
    except FaultError as fault:
        raise PayloadError(DIALECT, f"not a line of spans: {fault}") from fault


def _spans(found: _Found) -> Spans:
    rows, more_notes = _rows(found)
    reader = _reader(found)
    spans: list[Span] = []
    rejections: list[Rejection] = []
    for number, row in enumerate(rows):
        try:
            spans.append(reader.read(row))
        except FaultError as fault:
            rejections.append(Rejection(str(fault.inside(f"spans[{number}]"))))
    return Spans(
        decoded=Decoded(from_spans(spans), tuple(rejections), (*found.notes, *more_notes)),
        request_id=_member(found, "request", values.text),
        is_last=_member(found, "last", values.boolean),
        part=_member(found, "part", _part),
        batch=_member(found, "batch", values.ids(16)),
    )


def _start(found: _Found) -> Start:
    rows, _ = _rows(found)
    if len(rows) != 1:
        raise FaultError(f"a start of {len(rows)} spans")
    return Start(
        span=_reader(found).read(rows[0]),
        request_id=_member(found, "request", values.text),
        batch=_member(found, "batch", values.ids(16)),
    )


def _reader(found: _Found) -> RowReader:
    depth = nesting_limit(found.max_depth)
    attributes = _member(found, "resource", lambda value: values.attributes(value, depth))
    return RowReader(_member(found, "trace", values.ids(32)), Resource(attributes=attributes), depth)


def _rows(found: _Found) -> tuple[list[Any], tuple[str, ...]]:
    if ("spans" in found.members) == ("zlib" in found.members):
        raise FaultError("there must be either spans or zlib")
    if "spans" in found.members:
        return _member(found, "spans", values.items), ()
    packed = _member(found, "zlib", values.base64_bytes)
    text, notes = readable(_unpacked(packed, min(found.limit_bytes, PACKED_BYTES)))
    return values.items(parsed(text)), notes


def _unpacked(packed: bytes, limit_bytes: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(packed, limit_bytes + 1)
    except zlib.error as broken:
        raise FaultError(f"zlib: {broken}") from broken
    if len(unpacked) > limit_bytes:
        raise PayloadTooLarge(DIALECT, f"a line of spans unpacks to more than {limit_bytes} bytes", limit_bytes)
    if not unpacker.eof or unpacker.unused_data:
        raise FaultError("zlib: cut short, or followed by something else")
    return unpacked


def _member(found: _Found, name: str, reader: Callable[[Any], Any]) -> Any:
    try:
        return reader(found.members.get(name))
    except FaultError as fault:
        raise fault.inside(name) from None


def _version(value: Any) -> None:
    if type(value) is not int or value != VERSION:
        raise FaultError(f"version {values.shown(value)} is not {VERSION}")


def _kind(value: Any) -> str:
    if value not in ("spans", "start"):
        raise FaultError(f"{values.shown(value)} is neither spans nor start")
    return str(value)


def _part(value: Any) -> tuple[int, int]:
    numbers = [_part_number(number) for number in values.items(value)]
    if len(numbers) != 2 or numbers[0] > numbers[1]:
        raise FaultError(f"{numbers} is no part of a whole"[:80])
    return numbers[0], numbers[1]


def _otlp_stdout(found: _Found) -> Line:
    from chalicelib.codecs.function_lines import otlp_stdout  # noqa: PLC0415  # few functions write it

    decoded = otlp_stdout.decode(found.members, found.limit_bytes, found.max_depth)
    return Spans(decoded=Decoded(decoded.message, decoded.rejections, (*found.notes, *decoded.repairs)))


_KINDS: dict[str, Callable[[_Found], Line]] = {"spans": _spans, "start": _start}
_FORMATS: dict[str, Callable[[_Found], Line]] = {OURS: _ours, OTLP_STDOUT: _otlp_stdout}
