"""Thrift's bytes from dicts, by the same tables: what a client would post, for tests and benchmarks."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.codecs.thrift.schema import (
    BOOL,
    BYTES,
    DOUBLE,
    I8,
    I16,
    I32,
    I64,
    LIST,
    STRUCT,
    TEXT,
    ListOf,
    Struct,
    Type,
    wire_type,
)

_FIXED = {BOOL: ">?", I8: ">b", DOUBLE: ">d", I16: ">h", I32: ">i", I64: ">q"}
_COMPACT = {I8: 3, I16: 4, I32: 5, I64: 6, DOUBLE: 7, TEXT: 8, LIST: 9, STRUCT: 12}
_SHORT_LIST = 15


def write_binary(of: Type, value: Any) -> bytes:
    """A value of this type in TBinaryProtocol; fields that are missing from a dict are left out."""
    if isinstance(of, Struct):
        return _binary_struct(of, value)
    if isinstance(of, ListOf):
        return struct.pack(">bi", wire_type(of.of), len(value)) + b"".join(write_binary(of.of, one) for one in value)
    if abs(of) == TEXT:
        raw = _raw(of, value)
        return struct.pack(">i", len(raw)) + raw
    return struct.pack(_FIXED[of], value)


def write_compact(of: Type, value: Any) -> bytes:
    """The same in TCompactProtocol."""
    if isinstance(of, Struct):
        return _compact_struct(of, value)
    if isinstance(of, ListOf):
        return _compact_list(of.of, value)
    if abs(of) == TEXT:
        raw = _raw(of, value)
        return _varint(len(raw)) + raw
    if of == DOUBLE:
        return struct.pack("<d", value)
    if of == BOOL:
        return b"\x01" if value else b"\x02"
    return struct.pack("b", value) if of == I8 else _varint(_zigzag(value))


def _raw(of: int, value: Any) -> bytes:
    return bytes(value) if of == BYTES else str(value).encode()


def _binary_struct(table: Struct, value: Mapping[str, Any]) -> bytes:
    parts = [
        struct.pack(">bh", wire_type(field.type), number) + write_binary(field.type, value[field.name])
        for number, field in table.fields.items()
        if field.name in value
    ]
    return b"".join(parts) + b"\x00"


def _compact_struct(table: Struct, value: Mapping[str, Any]) -> bytes:
    parts, before = [], 0
    for number, field in sorted(table.fields.items()):
        if field.name not in value:
            continue
        said = value[field.name]
        kind = (1 if said else 2) if field.type == BOOL else _COMPACT[wire_type(field.type)]
        step = number - before
        parts.append(bytes([step << 4 | kind]) if 0 < step <= 15 else bytes([kind]) + _varint(_zigzag(number)))
        parts.append(b"" if field.type == BOOL else write_compact(field.type, said))
        before = number
    return b"".join(parts) + b"\x00"


def _compact_list(of: Type, values: Sequence[Any]) -> bytes:
    kind = 1 if of == BOOL else _COMPACT[wire_type(of)]
    head = (
        bytes([len(values) << 4 | kind]) if len(values) < _SHORT_LIST else bytes([0xF0 | kind]) + _varint(len(values))
    )
    return head + b"".join(write_compact(of, one) for one in values)


def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
