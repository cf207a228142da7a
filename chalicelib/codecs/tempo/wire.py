"""An answer as JSON or protobuf, by the table in messages.py.

JSON follows protobuf's JSON mapping as Tempo's own marshaller does: 64-bit integers are strings, enums names, and a
field at its default is left out, with one exception: `value` of a sample is always written, because a gap and a zero
are different things in a graph. NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity".
"""

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.codecs.tempo.messages import Field, Message, Scalar

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_PARTIAL_NUMBERS = {"COMPLETE": 0, "PARTIAL": 1}
_ALWAYS_WRITTEN = frozenset({"value"})
_EMPTY: tuple[object, ...] = (0, "", False, "COMPLETE")


def to_json(message: Message, answer: Mapping[str, Any]) -> bytes:
    """`answer` in UTF-8. Raises KeyError for a field that the message does not have."""
    return msgspec.json.encode(_json_object(message, answer))


def to_protobuf(message: Message, answer: Mapping[str, Any]) -> bytes:
    """`answer` on the wire, fields in the order of the dict. Raises KeyError as `to_json` does."""
    return b"".join(_fields(message, answer))


def _json_object(message: Message, answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json_field(message.fields[name], value) for name, value in answer.items() if _is_said(name, value)}


def _is_said(name: str, value: Any) -> bool:
    if name in _ALWAYS_WRITTEN or name.endswith("Value"):  # of a oneof: an empty string is a value too
        return True
    return value is not None and value != [] and not any(value is empty or value == empty for empty in _EMPTY)


def _json_field(field: Field, value: Any) -> Any:
    if field.repeated:
        return [_json_value(field.type, one) for one in value]
    if field.is_map:
        return {key: _json_value(field.type, one) for key, one in value.items()}
    return _json_value(field.type, value)


def _json_value(kind: Scalar | Message, value: Any) -> Any:
    if isinstance(kind, Message):
        return _json_object(kind, value)
    if kind is Scalar.INT64:
        return str(value)
    if kind is Scalar.DOUBLE and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _fields(message: Message, answer: Mapping[str, Any]) -> Iterator[bytes]:
    for name, value in answer.items():
        field = message.fields[name]
        if not _is_said(name, value):
            continue
        if field.is_map:
            for key, one in value.items():
                entry = _field(1, Scalar.STRING, key) + _field(2, field.type, one)
                yield _delimited(field.number, entry)
            continue
        for one in value if field.repeated else (value,):
            yield _field(field.number, field.type, one)


def _field(number: int, kind: Scalar | Message, value: Any) -> bytes:
    if isinstance(kind, Message):
        return _delimited(number, to_protobuf(kind, value))
    return _WRITERS[kind](number, value)


def _delimited(number: int, content: bytes) -> bytes:
    return write_varint(number << 3 | _BYTES) + write_varint(len(content)) + content


def _varint(number: int, value: int) -> bytes:
    return write_varint(number << 3 | _VARINT) + write_varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _text(number: int, value: str) -> bytes:
    return _delimited(number, value.encode("utf-8", "replace"))


def _double(number: int, value: float) -> bytes:
    return write_varint(number << 3 | _FIXED64) + struct.pack("<d", value)


def _partial(number: int, value: str) -> bytes:
    return _varint(number, _PARTIAL_NUMBERS[value])


_WRITERS: dict[Scalar, Callable[[int, Any], bytes]] = {
    Scalar.STRING: _text,
    Scalar.UINT32: _varint,
    Scalar.INT64: _varint,
    Scalar.BOOL: _varint,
    Scalar.DOUBLE: _double,
    Scalar.PARTIAL: _partial,
    Scalar.RAW: _delimited,
}
