"""How deep values nest, told from the bytes of a body without parsing them.

Fast enough for every body (0.4 µs a span of ten attributes, beside 0.6 µs for upb's parse), because it looks only
into lists and maps long enough to be too deep. It relies on the field order that every protobuf library writes.
"""

import re
from collections.abc import Iterator
from functools import cache

from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint

_LIST_TAG, _MAP_TAG = b"\x2a\x32"  # in AnyValue
_ELEMENT_TAG = 0x0A  # in ArrayValue and KeyValueList
_KEY_TAG, _VALUE_TAG = b"\x0a\x12"  # in KeyValue


def may_nest_deeper(payload: bytes, max_depth: int) -> bool:
    """Whether some value looks nested deeper than `max_depth`; a scalar has depth 1.

    Text that holds such bytes looks so too. A body made by hand to hide its lists behind other fields of the same
    value does not. A body that takes more steps to look through than honest ones do is called too deep as well, so
    that the time is bounded; wire.py then looks properly.
    """
    steps_left = len(payload) // 4 + 1000
    for found in _long_list(max_depth).finditer(payload):
        too_deep, steps = _look_inside(payload, found.start() + 1, max_depth, steps_left)
        steps_left -= steps
        if too_deep or steps_left <= 0:
            return True
    return False


@cache
def _long_list(max_depth: int) -> re.Pattern[bytes]:
    """Finds the value of an attribute that is a list or map, and long enough to nest deeper than `max_depth`.

    The value's tag (0x12), its length, then array_value (0x2a) or kvlist_value (0x32). Each level of nesting takes
    4 bytes at least, so shorter lists, nearly all there are, need no look inside. Matches no more than the tag, so
    that a match within another's bytes is found too.
    """
    shortest = 4 * (max_depth - 1)
    one_byte = rb"[\x%02x-\x7f]|" % shortest if shortest < 0x80 else b""
    return re.compile(rb"\x12(?=(?:" + one_byte + rb"[\x80-\xff]{1,4}[\x00-\x7f])[\x2a\x32])")


def _look_inside(payload: bytes, at: int, max_depth: int, max_steps: int) -> tuple[bool, int]:
    """Whether the list or map whose length stands at `at` nests deeper than `max_depth`, and the steps that took.

    Bytes that are something else are not too deep.
    """
    steps = 0
    try:
        _, start = read_varint(payload, at)
        lists = [(start, 1)]
        while lists:
            start, depth = lists.pop()
            for value, end in _values(payload, start):
                steps += 1
                if depth >= max_depth or steps > max_steps:
                    return True, steps
                if value < end and payload[value] in (_LIST_TAG, _MAP_TAG):
                    lists.append((value, depth + 1))
    except (IndexError, BrokenMessageError):
        pass
    return False, steps


def _values(payload: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Where each value begins and ends that is in the list or map which begins at `start`."""
    is_map = payload[start] == _MAP_TAG
    size, at = read_varint(payload, start + 1)
    end_of_list = at + size
    while at < end_of_list and payload[at] == _ELEMENT_TAG:
        size, at = read_varint(payload, at + 1)
        end = at + size
        yield (_value_start(payload, at, end) if is_map else at), end
        at = end


def _value_start(payload: bytes, at: int, end: int) -> int:
    """Where the value begins that is in the KeyValue from `at` to `end`; `end` if it has none."""
    if at < end and payload[at] == _KEY_TAG:
        size, at = read_varint(payload, at + 1)
        at += size
    if at < end and payload[at] == _VALUE_TAG:
        return read_varint(payload, at + 1)[1]
    return end
