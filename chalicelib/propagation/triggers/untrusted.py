"""Reading JSON that comes from anybody: what is not of the kind that is asked for is empty."""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .trigger import Scalar

MAX_ID_CHARS = 1024  # longer than any id or ARN of AWS; what claims to be one and is longer makes no join


def mapping(value: object) -> "dict[str, object]":
    """`value` if it is an object; else {}."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> "list[object]":
    """`value` if it is an array; else []."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """`value` if it is a text; else ""."""
    return value if isinstance(value, str) else ""


def at(value: object, *path: str) -> object:
    """What lies at `path`, key by key; None where something on the way is missing or no object."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_at(value: object, *path: str) -> str:
    """The text at `path`; "" if there is none."""
    return text(at(value, *path))


def integer(value: object) -> int | None:
    """A whole number, given as one or as decimal digits; None if it is neither, or takes more than 64 bits."""
    if isinstance(value, str) and 0 < len(value) <= 19 and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**63) <= value < 2**63 else None


def parsed(content: str | bytes) -> object:
    """The JSON value; None if it is none, or nests deeper than Python reads."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def present(pairs: "Mapping[str, object]") -> "dict[str, Scalar]":
    """The attributes among `pairs` whose value is known: a text that is not empty, a truth value, a number."""
    return {key: value for key, value in pairs.items() if value != "" and isinstance(value, (str, bool, int, float))}


def join(what: str, *ids: object) -> tuple[str, ...]:
    """The one name "<what>:<id>:…"; () if an id is missing or no id."""
    if all(isinstance(part, str) and 0 < len(part) <= MAX_ID_CHARS for part in ids):
        return (":".join((what, *ids)),)  # type: ignore[arg-type]  # texts, as was asked
    return ()
