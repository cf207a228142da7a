"""What bounds the memory and the time that one body can take, whatever is in it.

A message of two bytes becomes 180 in upb, and `{}` becomes 64 in Python: 20 MiB made by hand would be two gigabytes.
So a body of more than PART_BYTES is read in parts, each let go of before the next but one: its parts are cut between
spans, and every part of a ResourceSpans has its resource, every part of a ScopeSpans its scope. What cannot be cut,
such as a span of ten MiB, is looked through first; nobody sends one that holds MAX_PIECES values.

How a part is cut out is told in protobuf_parts.py and json_parts.py.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from chalicelib.codecs.otlp.decoded import DIALECT, Decoded, Rejection
from chalicelib.model.errors import PayloadTooLarge

PART_BYTES = 1024 * 1024  # 190 MB at the very worst, counting the part before; 8 MB in honest posts

# Resources, scopes and spans in one body: with ids, times and a name, that many fill 20 MiB.
MAX_SPANS = 400_000

# Values in one thing of more than PART_BYTES: 262,144 attributes of a span, or elements of a list.
MAX_PIECES = 1 << 18

_Item = TypeVar("_Item")


class Allowance:
    """So many steps may be taken; the next raises PayloadTooLarge, which calls them `steps`."""

    def __init__(self, steps: int, name: str) -> None:
        self._allowed = self._left = steps
        self._name = name

    def spend(self, steps: int = 1) -> None:
        """Take that many."""
        self._left -= steps
        if self._left < 0:
            detail = f"the body has more than {self._allowed} {self._name}; send fewer in one post"
            raise PayloadTooLarge(DIALECT, detail, self._allowed)


def spans_allowance() -> Allowance:
    """For one body: each resource, scope and span is a step."""
    return Allowance(MAX_SPANS, "spans, scopes and resources")


def mending_allowance() -> Allowance:
    """For one body: each field that wire.py walks over is a step, about a microsecond.

    Enough for 20 MiB in which every span has bad text, and done before the gateway gives up on a small function.
    """
    return Allowance(4_000_000, "fields to be searched for bad text or deep values")


def numbered(part: Decoded, number: int) -> Decoded:
    """`part` with its number in all that it says, because it counts its resources and spans from 0 again."""
    if not part.rejections and not part.repairs:
        return part
    rejections = tuple(Rejection(f"part {number}: {rejection.reason}") for rejection in part.rejections)
    return Decoded(part.message, rejections, tuple(f"part {number}: {repair}" for repair in part.repairs))


def runs(items: Iterable[_Item], size_bytes: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """`items` in order, in runs of at most PART_BYTES together; a larger one is a run of its own."""
    run: list[_Item] = []
    room = PART_BYTES
    for item in items:
        size = size_bytes(item)
        if run and size > room:
            yield run
            run, room = [], PART_BYTES
        run.append(item)
        room -= size
    if run:
        yield run
