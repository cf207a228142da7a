"""A dictionary that never holds more than so many keys, and whose keys do not depend on the order in which they came.

It keeps those keys that come first in order. A key that was put out, or never let in, stays out for good, since the
ones that are kept only come to be smaller: what is kept under a key is therefore always complete.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class FirstKeys(Generic[Key, Kept]):
    """Up to `limit` keys, at least 1, first by `order_of`; `is_full_to_overflowing` once a key had to stay out."""

    def __init__(self, limit: int, order_of: Callable[[Key], Any], make: Callable[[], Kept]) -> None:
        self._limit = max(1, limit)
        self._order_of = order_of
        self._make = make
        self._kept: dict[Key, Kept] = {}
        self._order: list[tuple[Any, Key]] = []
        self.left_some_out = False

    def find(self, key: Key) -> Kept | None:
        """What is kept under the key, newly made if need be; None if the key stays out."""
        found = self._kept.get(key)
        if found is not None:
            return found
        place = (self._order_of(key), key)
        if len(self._kept) >= self._limit:
            self.left_some_out = True
            if place[0] > self._order[-1][0]:
                return None
            del self._kept[self._order.pop()[1]]
        insort(self._order, place, key=lambda each: each[0])
        made = self._kept[key] = self._make()
        return made

    def __iter__(self) -> Iterator[tuple[Key, Kept]]:
        """Keys in order, with what is kept under them."""
        return ((key, self._kept[key]) for _, key in self._order)
