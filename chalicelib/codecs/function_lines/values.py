"""What the arrays of a line hold, read strictly: a value of another type is a FaultError that says where.

A reader takes the parsed value and gives the model's. Counterpart of chalicelib/tracing/exporters/rows.py.
"""

import binascii
import re
from collections.abc import Callable
from typing import Any

from chalicelib.codecs.otlp.json_values import FaultError, TooDeepError
from chalicelib.model.attributes import Attributes

Reader = Callable[[Any], Any]

_FLOATS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_ID = re.compile(r"[0-9a-f]*")


def text(value: Any) -> str:
    """A string."""
    if type(value) is not str:
        raise FaultError(f"{shown(value)} is not a string")
    return value


def boolean(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise FaultError(f"{shown(value)} is not true or false")
    return value


def integers(lowest: int, highest: int) -> Callable[[Any], int]:
    """Reads whole numbers from `lowest` to `highest`; true, 1.0 and "1" are none."""

    def read(value: Any) -> int:
        if type(value) is not int:
            raise FaultError(f"{shown(value)} is not a whole number")
        if not lowest <= value <= highest:
            raise FaultError(f"{shown(value)} is not between {lowest} and {highest}")
        return value

    return read


int32 = integers(-(2**31), 2**31 - 1)
uint32 = integers(0, 2**32 - 1)
int64 = integers(-(2**63), 2**63 - 1)
uint64 = integers(0, 2**64 - 1)
span_of_time = integers(-(2**64), 2**64)


def ids(digits: int, *, may_be_empty: bool = False) -> Callable[[Any], str]:
    """Reads ids of so many lower hex digits."""
    lengths = (digits, 0) if may_be_empty else (digits,)

    def read(value: Any) -> str:
        if type(value) is str and _ID.fullmatch(value) and len(value) in lengths:
            return value
        raise FaultError(f"{shown(value)} is not {digits} lower hex digits")

    return read


def items(value: Any) -> list[Any]:
    """An array."""
    if type(value) is not list:
        raise FaultError(f"{shown(value)} is not an array")
    return value


def members(value: Any) -> dict[str, Any]:
    """An object."""
    if type(value) is not dict:
        raise FaultError(f"{shown(value)} is not an object")
    return value


def attributes(value: Any, max_depth: int) -> Attributes:
    """Attributes, whose values nest at most `max_depth` deep; a scalar has depth 1."""
    read: Attributes = {}
    for key, one in members(value).items():
        try:
            read[key] = attribute_value(one, max_depth)
        except FaultError as fault:
            raise fault.inside(key[:120]) from None
    return read


def attribute_value(value: Any, depth: int) -> Any:
    """One value, as rows.py of the exporters says it."""
    if depth <= 0:
        raise TooDeepError("a value nested too deep")
    if type(value) is int:
        return int64(value)
    if type(value) is list:
        return [attribute_value(one, depth - 1) for one in value]
    if type(value) is not dict:
        return value  # text, true, false, a float or null
    if len(value) != 1:
        raise FaultError("an object that is none of float, bytes and map")
    [(name, inner)] = value.items()
    if name == "map":
        return {key: attribute_value(one, depth - 1) for key, one in members(inner).items()}
    if name == "float":
        return _float(inner)
    if name == "bytes":
        return base64_bytes(inner)
    raise FaultError("an object that is none of float, bytes and map")


def _float(value: Any) -> float:
    if type(value) is not str or value not in _FLOATS:
        raise FaultError(f"{shown(value)} is not NaN, Infinity or -Infinity")
    return _FLOATS[value]


def base64_bytes(value: Any) -> bytes:
    """Bytes in base64 of the standard alphabet, with padding."""
    try:
        return binascii.a2b_base64(text(value), strict_mode=True)
    except ValueError:
        raise FaultError(f"{shown(value)} is not base64") from None


def shown(value: Any) -> str:
    """`value` for a message, cut short."""
    if type(value) in (dict, list):
        return "an object" if type(value) is dict else "an array"
    return repr(value)[:40] if type(value) is str else str(value)[:40]
