"""OTLP in protobuf, without protobuf: the dozen messages of a trace, by the field numbers of trace.proto.

Of opentelemetry-proto 1.11: common.proto, resource.proto, trace.proto. Fields are in the order of their numbers, as
every library writes them, and left out at their default.
"""

import struct

from . import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..span import Event, Link, Span

_INT64 = 1 << 63
_UINT64 = (1 << 64) - 1
_MAX_DEPTH = 8

_fixed64 = struct.Struct("<Q").pack
_fixed32 = struct.Struct("<I").pack
_double = struct.Struct("<d").pack


def request(spans: "Iterable[tuple[str, bytes]]", resource: "Mapping[str, Any]") -> bytes:
    """An ExportTraceServiceRequest of spans that `span_of` wrote, each with its scope, and of one resource."""
    scopes: dict[str, list[bytes]] = {}
    for scope, span in spans:
        scopes.setdefault(scope, []).append(_field(2, span))
    resource_spans = _field(1, _attributes(1, resource))
    for name, of_scope in scopes.items():
        resource_spans += _field(2, _field(1, _text(1, name)) + b"".join(of_scope))
    return _field(1, resource_spans)


def span_of(span: "Span") -> bytes:
    """A Span; one that is open has no end."""
    return b"".join(
        (
            _field(1, bytes.fromhex(span.trace_id)),
            _field(2, bytes.fromhex(span.span_id)),
            _text(3, span.trace_state),
            _field(4, bytes.fromhex(span.parent_id)) if span.parent_id else b"",
            _text(5, span.name),
            _number(6, span.kind),
            b"\x39",  # 7, start_time_unix_nano
            _fixed64(span.start_ns),
            b"\x41" + _fixed64(span.end_ns) if span.end_ns else b"",  # 8
            _attributes(9, span.attributes),
            _number(10, span.dropped_attributes),
            *[_field(11, _event(event)) for event in span.events],
            _number(12, span.dropped_events),
            *[_field(13, _link(link)) for link in span.links],
            _number(14, span.dropped_links),
            _status(span),
            b"\x85\x01",  # 16, flags
            _fixed32(flags.of_span(span)),
        )
    )


def _event(event: "Event") -> bytes:
    return b"\x09" + _fixed64(event.time_ns) + _text(2, event.name) + _attributes(3, event.attributes)


def _link(link: "Link") -> bytes:
    context = link.context
    ids = _bytes(1, bytes.fromhex(context.trace_id)) + _bytes(2, bytes.fromhex(context.span_id))
    said = ids + _text(3, context.trace_state) + _attributes(4, link.attributes)
    return said + b"\x35" + _fixed32(flags.of_link(context))


def _status(span: "Span") -> bytes:
    said = _text(2, span.status_message) + _number(3, span.status_code)
    return _field(15, said) if said else b""


def _attributes(number: int, given: "Mapping[str, Any]") -> bytes:
    pairs = []
    for key, value in given.items():
        name = _utf8(key)
        pairs.append(_field(number, b"\x0a" + _size(len(name)) + name + _field(2, _any_value(value))))
    return b"".join(pairs)


def _any_value(value: "Any", depth: int = _MAX_DEPTH) -> bytes:
    """An AnyValue. Integers of more than 64 bits, and whatever no attribute can be, become text."""
    for kind, write in _WRITERS if depth > 0 else ():
        if isinstance(value, kind):
            return write(value, depth)
    return b"" if value is None else _field(1, _utf8(str(value)))


def _int(value: int, _depth: int) -> bytes:
    if -_INT64 <= value < _INT64:
        return b"\x18" + _size(value & _UINT64)
    return _field(1, str(value).encode())


def _list(value: "list[Any]", depth: int) -> bytes:
    return _field(5, b"".join([_field(1, _any_value(one, depth - 1)) for one in value]))


def _map(value: "dict[str, Any]", depth: int) -> bytes:
    pairs = [_field(1, _utf8(str(key))) + _field(2, _any_value(one, depth - 1)) for key, one in value.items()]
    return _field(6, b"".join([_field(1, pair) for pair in pairs]))


# bool before int, which it is one of.
_WRITERS: "tuple[tuple[Any, Callable[[Any, int], bytes]], ...]" = (
    (str, lambda value, _: _field(1, _utf8(value))),
    (bool, lambda value, _: b"\x10\x01" if value else b"\x10\x00"),
    (int, _int),
    (float, lambda value, _: b"\x21" + _double(value)),
    ((bytes, bytearray), lambda value, _: _field(7, bytes(value))),
    ((list, tuple), _list),
    (dict, _map),
)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field, of a number below 16, also when it is empty."""
    return bytes((number << 3 | 2,)) + _size(len(content)) + content


def _bytes(number: int, content: bytes) -> bytes:
    return _field(number, content) if content else b""


def _text(number: int, text: str) -> bytes:
    return _field(number, _utf8(text)) if text else b""


def _number(number: int, value: int) -> bytes:
    return bytes((number << 3,)) + _size(value & _UINT64) if value else b""


def _size(value: int) -> bytes:
    """A varint."""
    if value < 0x80:
        return _ONE_BYTE[value]
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


_ONE_BYTE = [bytes((value,)) for value in range(0x80)]


def _utf8(text: str) -> bytes:
    """`text` in UTF-8, with U+FFFD for each half of a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(["\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text]).encode()
