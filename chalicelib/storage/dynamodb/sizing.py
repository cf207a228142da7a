"""What an item weighs and costs, by the rules that DynamoDB publishes.

Developer guide, "DynamoDB item sizes and formats" and "Capacity unit consumption": names and text by their UTF-8
bytes, binary by its raw bytes, a number by about one byte for two significant digits plus one (leading and
trailing zeros do not count), and one more if it is negative. One write unit per started 1 KB of item. One read
unit per started 4 KB of what a Query found, or half for an eventually consistent one.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


def item_size_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item given as attribute name -> {type: value}."""
    return sum(len(name.encode()) + value_size_bytes(value) for name, value in item.items())


def value_size_bytes(value: Mapping[str, Any]) -> int:
    """The size of one attribute value, {type: value}, without its name."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return number_size_bytes(content)
        case "BOOL" | "NULL":
            return 1
        case "SS" | "BS" | "NS":
            return sum(value_size_bytes({kind[0]: member}) for member in content)
        case "L":
            return 3 + sum(1 + value_size_bytes(member) for member in content)
        case "M":
            return 3 + len(content) + item_size_bytes(content)
    raise ValueError(f"{kind!r} is not an attribute type")


def number_size_bytes(text: str) -> int:
    """The size of a decimal number without an exponent, at most 38 significant digits."""
    digits = text.lstrip("-+").replace(".", "").lstrip("0")
    significant = len(digits.rstrip("0"))
    return ceil(significant / 2) + 1 + text.startswith("-")


def write_units(size_bytes: int) -> int:
    """What it costs to put an item of this size."""
    return max(1, ceil(size_bytes / WRITE_UNIT_BYTES))


def read_units(size_bytes: int, *, consistent: bool = True) -> float:
    """What it costs to find this much in one Query page (the items' sizes together), or to look and find nothing."""
    units = max(1, ceil(size_bytes / READ_UNIT_BYTES))
    return float(units) if consistent else units / 2
