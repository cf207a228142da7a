"""Structs and lists out of Thrift's bytes, whichever of the two protocols they are in.

A struct becomes a dict of those fields of its table that are there; numbers are as signed as Thrift's are. Texts that
are no UTF-8 keep what can be kept ("replace"): Jaeger's and Zipkin's own servers take such a span. Two kinds of
values share a wire form, and the table decides between them: text and binary.

Every PayloadError names the struct, the field and the offset.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
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
    MAP,
    NAMES,
    SET,
    STOP,
    STRUCT,
    TEXT,
    Field,
    ListOf,
    Struct,
    Type,
    wire_type,
)
from chalicelib.model.errors import PayloadError, PayloadTooLarge

MAX_DEPTH = 32  # of structs and containers; Jaeger's and Zipkin's need five
MAX_VARINT_BITS = 64
MAX_VALUES = 1_000_000  # structs and values of lists in one body: some 400 bytes each until they are stored

_FIXED = {
    I8: struct.Struct(">b"),
    DOUBLE: struct.Struct(">d"),
    I16: struct.Struct(">h"),
    I32: struct.Struct(">i"),
    I64: struct.Struct(">q"),
}
_LITTLE_DOUBLE = struct.Struct("<d")


class Reader(ABC):
    """A place in a body. `dialect` is whose errors these are."""

    def __init__(self, body: bytes, dialect: str) -> None:
        self._body = body
        self._dialect = dialect
        self._at = 0
        self._depth = 0
        self._left = MAX_VALUES
        self._readers: Mapping[int, Callable[[], Any]] = {
            BOOL: self._bool,
            I8: self._i8,
            I16: self._i16,
            I32: self._i32,
            I64: self._i64,
            DOUBLE: self._double,
            TEXT: self._text,
            BYTES: self._bytes,
        }

    def struct(self, table: Struct) -> dict[str, Any]:
        """The struct that begins here. Raises PayloadError."""
        self._enter()
        self._spend(1)
        found: dict[str, Any] = {}
        fields, field_id = table.fields, 0
        while True:
            wire, field_id = self._field(field_id)
            if wire == STOP:
                break
            field = fields.get(field_id)
            if field is None:
                self._skip(wire)
            else:
                found[field.name] = self._value_of(field, wire, table)
        self._depth -= 1
        for field in fields.values():
            if field.required and field.name not in found:
                raise self._error(f"a {table.name} without {field.name}")
        return found

    def list_of(self, of: Type) -> list[Any]:
        """The list that begins here, all of whose values are of one type. Raises PayloadError."""
        self._enter()
        wire, count = self._list()
        self._check_count(count, wire)
        if count and wire != wire_type(of):
            raise self._error(f"a list of {NAMES.get(wire, wire)}, not of {NAMES[wire_type(of)]}")
        found = [self._value(of) for _ in range(count)]
        self._depth -= 1
        return found

    def end(self) -> None:
        """Raises PayloadError if anything follows."""
        if self._at != len(self._body):
            raise self._error(f"{len(self._body) - self._at} bytes follow the last value")

    def _value_of(self, field: Field, wire: int, table: Struct) -> Any:
        if wire != wire_type(field.type):
            wanted = NAMES[field.type if isinstance(field.type, int) else wire_type(field.type)]
            raise self._error(f"{table.name}.{field.name} is of type {NAMES.get(wire, wire)}, not {wanted}")
        return self._value(field.type)

    def _value(self, of: Type) -> Any:
        if isinstance(of, int):
            return self._readers[of]()
        return self.list_of(of.of) if isinstance(of, ListOf) else self.struct(of)

    def _skip(self, wire: int) -> None:
        if wire == STRUCT:
            self.struct(Struct("unknown struct", {}))
        elif wire in (LIST, SET):
            self._enter()
            inner, count = self._list()
            self._check_count(count, inner)
            for _ in range(count):
                self._skip(inner)
            self._depth -= 1
        elif wire == MAP:
            self._skip_map()
        elif wire == TEXT:
            self._bytes()
        elif wire in self._readers:
            self._readers[wire]()
        else:
            raise self._error(f"{wire} is no type")

    def _skip_map(self) -> None:
        self._enter()
        key, value, count = self._map()
        self._check_count(count, key)
        for _ in range(count):
            self._skip(key)
            self._skip(value)
        self._depth -= 1

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"structs and lists more than {MAX_DEPTH} deep")

    def _check_count(self, count: int, wire: int) -> None:
        if count < 0:
            raise self._error(f"a list of {count} values")
        # Every value takes a byte at least, so that a count cannot ask for more than there is.
        if count > len(self._body) - self._at:
            raise self._error(f"a list of {count} values of type {NAMES.get(wire, wire)} in too few bytes")
        self._spend(count)

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            detail = f"the body holds more than {MAX_VALUES} values; send fewer spans in one post"
            raise PayloadTooLarge(self._dialect, detail, MAX_VALUES)

    def _take(self, size: int) -> bytes:
        if size < 0:
            raise self._error(f"a length of {size}")
        end = self._at + size
        if end > len(self._body):
            raise self._error(f"{end - len(self._body)} bytes are missing")
        taken = self._body[self._at : end]
        self._at = end
        return taken

    def _text(self) -> str:
        return self._bytes().decode("utf-8", "replace")

    def _error(self, detail: str) -> PayloadError:
        return PayloadError(self._dialect, f"Thrift: {detail}, at byte {self._at}")

    # What the protocols say differently.

    @abstractmethod
    def _field(self, before: int) -> tuple[int, int]: ...

    @abstractmethod
    def _list(self) -> tuple[int, int]: ...

    @abstractmethod
    def _map(self) -> tuple[int, int, int]: ...

    @abstractmethod
    def _bytes(self) -> bytes: ...

    @abstractmethod
    def _bool(self) -> bool: ...

    @abstractmethod
    def _i8(self) -> int: ...

    @abstractmethod
    def _i16(self) -> int: ...

    @abstractmethod
    def _i32(self) -> int: ...

    @abstractmethod
    def _i64(self) -> int: ...

    @abstractmethod
    def _double(self) -> float: ...


class BinaryReader(Reader):
    """TBinaryProtocol (doc/specs/thrift-binary-protocol.md): everything of fixed size, big-endian."""

    def _field(self, before: int) -> tuple[int, int]:
        del before
        wire = self._i8()
        return (STOP, 0) if wire == STOP else (wire, self._i16())

    def _list(self) -> tuple[int, int]:
        return self._i8(), self._i32()

    def _map(self) -> tuple[int, int, int]:
        return self._i8(), self._i8(), self._i32()

    def _bytes(self) -> bytes:
        return self._take(self._i32())

    def _bool(self) -> bool:
        return self._i8() != 0

    def _i8(self) -> int:
        return int(self._fixed(I8))

    def _i16(self) -> int:
        return int(self._fixed(I16))

    def _i32(self) -> int:
        return int(self._fixed(I32))

    def _i64(self) -> int:
        return int(self._fixed(I64))

    def _double(self) -> float:
        return float(self._fixed(DOUBLE))

    def _fixed(self, wire: int) -> Any:
        form = _FIXED[wire]
        end = self._at + form.size
        if end > len(self._body):
            raise self._error(f"{end - len(self._body)} bytes are missing")
        value = form.unpack_from(self._body, self._at)[0]
        self._at = end
        return value


# doc/specs/thrift-compact-protocol.md, "Struct encoding" and "List and Set".
_COMPACT = {
    0: STOP, 1: BOOL, 2: BOOL, 3: I8, 4: I16, 5: I32, 6: I64, 7: DOUBLE, 8: TEXT, 9: LIST, 10: SET, 11: MAP, 12: STRUCT,
}  # fmt: skip
_TRUE = 1
_LONG_FORM = 15


class CompactReader(Reader):
    """TCompactProtocol (doc/specs/thrift-compact-protocol.md): varints, field numbers as differences."""

    _said: bool | None = None  # the value of a bool field, which its header says already

    def _field(self, before: int) -> tuple[int, int]:
        header = self._byte()
        wire = self._wire(header & 0x0F)
        if wire == STOP:
            return STOP, 0
        field_id = before + (header >> 4) if header >> 4 else self._zigzag()
        if wire == BOOL:
            self._said = header & 0x0F == _TRUE
        return wire, field_id

    def _list(self) -> tuple[int, int]:
        header = self._byte()
        count = header >> 4
        return self._wire(header & 0x0F), self._varint() if count == _LONG_FORM else count

    def _map(self) -> tuple[int, int, int]:
        count = self._varint()
        if not count:
            return I8, I8, 0
        kinds = self._byte()
        return self._wire(kinds >> 4), self._wire(kinds & 0x0F), count

    def _bytes(self) -> bytes:
        return self._take(self._varint())

    def _bool(self) -> bool:
        said, self._said = self._said, None
        return self._byte() == _TRUE if said is None else said

    def _i8(self) -> int:
        byte = self._byte()
        return byte - 256 if byte > 127 else byte

    def _i16(self) -> int:
        return self._within(16)

    def _i32(self) -> int:
        return self._within(32)

    def _i64(self) -> int:
        return self._within(64)

    def _double(self) -> float:
        return float(_LITTLE_DOUBLE.unpack(self._take(8))[0])

    def _within(self, bits: int) -> int:
        value = self._zigzag()
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise self._error(f"{value} is no i{bits}")
        return value

    def _wire(self, compact: int) -> int:
        wire = _COMPACT.get(compact)
        if wire is None:
            raise self._error(f"{compact} is no type")
        return wire

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift >= MAX_VARINT_BITS:
                raise self._error("a number longer than ten bytes")
        if value >> MAX_VARINT_BITS:
            raise self._error("a number of more than 64 bits")
        return value

    def _byte(self) -> int:
        if self._at >= len(self._body):
            raise self._error("1 bytes are missing")
        byte = self._body[self._at]
        self._at += 1
        return byte
