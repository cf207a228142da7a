"""What a struct looks like: a table from the number of a field to its name and type.

    SPAN = Struct("Span", {1: Field("trace_id_low", I64, required=True), 10: Field("tags", ListOf(TAG))})

A field that the table does not have is passed over, whatever it is: newer senders have more.
"""

from typing import NamedTuple

import msgspec

# The binary protocol's numbers (Apache Thrift, doc/specs/thrift-binary-protocol.md). Compact's are mapped to them.
STOP, BOOL, I8, DOUBLE, I16, I32, I64, TEXT, STRUCT, MAP, SET, LIST = 0, 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15
BYTES = -TEXT  # on the wire as TEXT is, and not decoded

NAMES = {
    BOOL: "bool", I8: "i8", DOUBLE: "double", I16: "i16", I32: "i32", I64: "i64", TEXT: "string", BYTES: "binary",
    STRUCT: "struct", MAP: "map", SET: "set", LIST: "list",
}  # fmt: skip


class ListOf(msgspec.Struct, frozen=True):
    """A list of values of one type."""

    of: "Type"


class Struct(msgspec.Struct, frozen=True):
    """A struct of this name, by its fields. `fields` is filled once: structs may hold one another."""

    name: str
    fields: "dict[int, Field]"


Type = int | ListOf | Struct


class Field(NamedTuple):
    """A field of a struct. One that is `required` and missing makes the struct unreadable."""

    name: str
    type: Type
    required: bool = False


def wire_type(of: Type) -> int:
    """The number that announces a value of this type."""
    if isinstance(of, ListOf):
        return LIST
    return STRUCT if isinstance(of, Struct) else abs(of)
