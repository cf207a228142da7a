"""Parsed JSON values to what the message classes take, field by field.

A reader takes a value and how many more values may nest in it (`depth`), and gives what the message's constructor
wants, or raises FaultError. A null is a field left out (proto3 JSON), which the object reader sees to.
"""

import binascii
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Reader = Callable[[Any, int], Any]
Table = Mapping[str, tuple[str, Reader]]

_WHOLE = re.compile(r"-?[0-9]{1,40}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})([eE][+-]?[0-9]{1,5})?")
_NOT_FINITE = frozenset({"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})  # float() reads them
_URL_SAFE = str.maketrans("-_", "+/", "=")


class FaultError(Exception):
    """A value that its field cannot have: `what` says why, `path` where, from the reader that was asked."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path = ""

    def inside(self, step: str) -> "FaultError":
        """The same fault, seen from one level further out."""
        self.path = step + self.path if not self.path or self.path[0] == "[" else f"{step}.{self.path}"
        return self

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


class TooDeepError(FaultError):
    """A value nested deeper than the limit."""


def table(**readers: Reader) -> dict[str, tuple[str, Reader]]:
    """Readers by JSON name, in lowerCamelCase and, as the Collector also takes them, snake_case."""
    fields: dict[str, tuple[str, Reader]] = {}
    for name, reader in readers.items():
        first, *others = name.split("_")
        fields[first + "".join(map(str.capitalize, others))] = fields[name] = (name, reader)
    return fields


def read_object(value: Any, depth: int, fields: Table) -> dict[str, Any]:
    """The known, non-null members of `value` by protobuf name."""
    if type(value) is not dict:
        raise FaultError(f"{_shown(value)} is not an object")
    members: dict[str, Any] = {}
    for key, member in value.items():
        field = fields.get(key)
        if field is None or member is None:
            continue
        name, read = field
        try:
            members[name] = read(member, depth)
        except FaultError as fault:
            raise fault.inside(key) from None
    return members


def read_list(value: Any, depth: int, read: Reader) -> list[Any]:
    """Every element of `value`, a null one being a message with nothing set."""
    if type(value) is not list:
        raise FaultError(f"{_shown(value)} is not an array")
    elements: list[Any] = []
    try:
        for element in value:
            elements.append(read({} if element is None else element, depth))  # noqa: PERF401  # its length is the index
    except FaultError as fault:
        raise fault.inside(f"[{len(elements)}]") from None
    return elements


def objects(fields: Table) -> Reader:
    """Reads an object with these fields."""
    return lambda value, depth: read_object(value, depth, fields)


def lists(read: Reader) -> Reader:
    """Reads an array of what `read` reads."""
    return lambda value, depth: read_list(value, depth, read)


def text(value: Any, _depth: int = 0) -> str:
    """A string."""
    if type(value) is not str:
        raise FaultError(f"{_shown(value)} is not a string")
    return value


def boolean(value: Any, _depth: int = 0) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise FaultError(f"{_shown(value)} is not true or false")
    return value


def hex_bytes(value: Any, _depth: int = 0) -> bytes:
    """An id: hex of any even length, in either case; "" is an id not set."""
    try:
        found = bytes.fromhex(value)
    except (TypeError, ValueError):
        raise FaultError(f"{_shown(value)} is not hex") from None
    if len(found) * 2 != len(value):  # fromhex skips blanks
        raise FaultError(f"{_shown(value)} is not hex")
    return found


def base64_bytes(value: Any, _depth: int = 0) -> bytes:
    """Bytes in base64, in the standard alphabet or the URL-safe one, with or without padding."""
    try:
        bare = text(value).translate(_URL_SAFE)
        return binascii.a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
    except ValueError:
        raise FaultError(f"{_shown(value)} is not base64") from None


def integers(lowest: int, highest: int) -> Reader:
    """Reads a whole number from `lowest` to `highest`, written as a number or as a string."""

    def read(value: Any, _depth: int = 0) -> int:
        number = value if type(value) is int else _whole(value)
        if not lowest <= number <= highest:
            raise FaultError(f"{_shown(value)} is not between {lowest} and {highest}")
        return number

    return read


int32 = integers(-(2**31), 2**31 - 1)
uint32 = integers(0, 2**32 - 1)
int64 = integers(-(2**63), 2**63 - 1)
uint64 = integers(0, 2**64 - 1)


def _whole(value: Any) -> int:
    """A whole number that is not a plain JSON integer: "5", 5.0, "5e3"."""
    if type(value) is str and _WHOLE.fullmatch(value):
        return int(value)
    number = value if type(value) is float else _finite(value)
    if not number.is_integer():
        raise FaultError(f"{_shown(value)} is not a whole number")
    return int(number)


def _finite(value: Any) -> float:
    if type(value) is not str or not _DECIMAL.fullmatch(value):
        raise FaultError(f"{_shown(value)} is not a number")
    number = float(value)
    if math.isinf(number):
        raise FaultError(f"{_shown(value)} is too large for a double")
    return number


def double(value: Any, _depth: int = 0) -> float:
    """A number, a number in a string, or one of "NaN", "Infinity", "-Infinity"."""
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise FaultError(f"{_shown(value)} is too large for a double") from None
    if type(value) is str and value.lower() in _NOT_FINITE:
        return float(value)
    return _finite(value)


def enum(numbers: Mapping[str, int]) -> Reader:
    """Reads an enum: any number, as enums are open, or one of the names that it had when this was written."""

    def read(value: Any, _depth: int = 0) -> int:
        if type(value) is not str:
            number: int = int32(value, 0)
            return number
        if value not in numbers:
            raise FaultError(f"{_shown(value)} is not one of {', '.join(numbers)}")
        return numbers[value]

    return read


def any_value(value: Any, depth: int) -> dict[str, Any]:
    """An AnyValue. `{}` is the empty value, which is a value too."""
    if depth <= 0:
        raise TooDeepError("nested too deep")
    return read_object(value, depth - 1, _ANY_VALUE)


def key_value(value: Any, depth: int) -> dict[str, Any]:
    """A KeyValue."""
    return read_object(value, depth, _KEY_VALUE)


_KEY_VALUE = table(key=text, value=any_value, key_strindex=int32)
_ANY_VALUE = table(
    string_value=text,
    bool_value=boolean,
    int_value=int64,
    double_value=double,
    array_value=objects(table(values=lists(any_value))),
    kvlist_value=objects(table(values=lists(key_value))),
    bytes_value=base64_bytes,
    string_value_strindex=int32,
)


def _shown(value: Any) -> str:
    """`value` for an error message, cut short. Numbers may be of hundreds of digits, containers of any size."""
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case str():
            return repr(value[:40])
        case bool():
            return str(value).lower()
        case _:
            return str(value)[:40]
