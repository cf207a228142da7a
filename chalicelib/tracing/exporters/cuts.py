"""Making a span fit that is too long even alone: its longest texts give way, and everything cut says so.

Attribute values go first, the longest before the others, none below KEPT_CHARACTERS; then names and messages. If it is
small things in great number, events, links and attributes go from the end, into the counts of what was dropped. What
was cut is listed in the attribute `spanfold.cut` as "<where>: <characters before>", as the backend does when it
has to (codecs/otlp/cutting.py).
"""

from . import rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Row = list[Any]
    Leaf = tuple[bool, int, str, Any, Any]  # is a name or message, -length, where, what holds it, at which key

CUT = "spanfold.cut"
KEPT_CHARACTERS = 256

_MARKS = 16
_WHERE_CHARACTERS = 120
_MARKS_BYTES = _MARKS * (6 * _WHERE_CHARACTERS + 16)
_LISTS = (rows.EVENTS, rows.LINKS)


def cut(row: "Row", limit_bytes: int, encode: "Callable[[object], str]") -> int:
    """Cut `row` in place until `encode(row)` is at most `limit_bytes` long; how many values were cut or dropped.

    A limit below 16,000 may not be reached, since ids, marks and the beginnings of texts stay.
    """
    room = limit_bytes - _MARKS_BYTES
    marks: list[str] = []
    count = _cut_texts(row, room, encode, marks)
    if len(encode(row)) > room:
        count += _drop(row, room, encode, marks)
    row[rows.ATTRIBUTES][CUT] = marks[:_MARKS]
    return count


def _cut_texts(row: "Row", room: int, encode: "Callable[[object], str]", marks: "list[str]") -> int:
    excess = len(encode(row)) - room
    count = 0
    for _, shortness, where, holder, key in sorted(_leaves(row), key=lambda leaf: leaf[:2]):
        if excess <= 0:
            break
        text = holder[key]
        before = len(encode(text))
        holder[key] = _beginning(text, max(KEPT_CHARACTERS, before - excess), encode)
        excess -= before - len(encode(holder[key]))
        marks.append(f"{where[:_WHERE_CHARACTERS]}: {-shortness}")
        count += 1
    return count


def _beginning(text: str, size_bytes: int, encode: "Callable[[object], str]") -> str:
    """As much of `text` as takes `size_bytes` in JSON, its quotes counted; escapes make that no matter of slicing."""
    low, high = 0, min(len(text), size_bytes)
    while low < high:
        middle = (low + high + 1) // 2
        if len(encode(text[:middle])) <= size_bytes:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def _leaves(row: "Row") -> "Iterator[Leaf]":
    """Every text of more than KEPT_CHARACTERS."""
    yield from _long(row[rows.ATTRIBUTES], "")
    for number, event in enumerate(row[rows.EVENTS]):
        yield from _long(event[2], f"events[{number}]/")
        yield from _leaf(event, 1, f"events[{number}]/name", is_said=True)
    for number, link in enumerate(row[rows.LINKS]):
        yield from _long(link[3], f"links[{number}]/")
    yield from _leaf(row, rows.NAME, "name", is_said=True)
    yield from _leaf(row, rows.STATUS_MESSAGE, "status_message", is_said=True)


def _long(attributes: "dict[str, Any]", where: str) -> "Iterator[Leaf]":
    for key, value in attributes.items():
        yield from _within(attributes, key, value, where + key)


def _within(holder: "Any", key: "Any", value: "Any", where: str) -> "Iterator[Leaf]":
    if isinstance(value, str):
        yield from _leaf(holder, key, where)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _within(value, number, one, where)
    elif isinstance(value, dict):
        # {"map": …}; base64 that is cut elsewhere than at a fourth character is none.
        inner = value.get("map")
        for name, one in inner.items() if isinstance(inner, dict) else ():
            yield from _within(inner, name, one, f"{where}/{name}")


def _leaf(holder: "Any", key: "Any", where: str, *, is_said: bool = False) -> "Iterator[Leaf]":
    length = len(holder[key])
    if length > KEPT_CHARACTERS:
        yield is_said, -length, where, holder, key


def _drop(row: "Row", room: int, encode: "Callable[[object], str]", marks: "list[str]") -> int:
    """Drop from the end of the events, then the links, then the attributes, as many as it takes."""
    while len(row) <= rows.DROPPED:
        row.append(("", [0, 0, 0])[len(row) - rows.DROPPED + 1])
    count = 0
    for where, name, at in ((rows.EVENTS, "events", 1), (rows.LINKS, "links", 2), (rows.ATTRIBUTES, "attributes", 0)):
        excess = len(encode(row)) - room
        dropped = 0
        while excess > 0 and row[where]:
            excess -= len(encode(_popped(row[where]))) + 1
            dropped += 1
        if dropped:
            row[rows.DROPPED][at] += dropped
            marks.append(f"the last {dropped} {name}: {dropped}")
            count += dropped
    return count


def _popped(items: "Any") -> object:
    return items.popitem() if isinstance(items, dict) else items.pop()
