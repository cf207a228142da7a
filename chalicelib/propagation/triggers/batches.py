"""The records of a batch, read one by one and only when they are asked for.

A batch may have 10,000 records in six megabytes. Whoever links the first hundred pays for a hundred, and the rest when
a handler walks over them.
"""

from .budget import Budget
from .trigger import Record, Trigger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .trigger import Scalar


class Records:
    """A sequence of Records; a record is read once, from the event as it is when it is first asked for."""

    __slots__ = ("_budget", "_raw", "_read", "_reader")

    def __init__(self, raw: "Sequence[object]", reader: "Callable[[object, Budget], Record]") -> None:
        self._raw = raw
        self._reader = reader
        self._read: dict[int, Record] = {}
        self._budget = Budget()

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, index: "int | slice") -> "Record | tuple[Record, ...]":
        if isinstance(index, slice):
            return tuple(self._at(position) for position in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._at(index % len(self))

    def __iter__(self) -> "Iterator[Record]":
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Records, tuple)) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _at(self, index: int) -> Record:
        record = self._read.get(index)
        if record is None:
            record = self._read[index] = self._reader(self._raw[index], self._budget)
        return record


def batch(
    kind: str,
    faas_trigger: str,
    raw: "Sequence[object]",
    reader: "Callable[[object, Budget], Record]",
    *,
    source: str = "",
    attributes: "dict[str, Scalar] | None" = None,
    is_partial: bool = False,
) -> Trigger:
    """The trigger of an event with records."""
    return Trigger(
        kind,
        faas_trigger,
        source=source,
        attributes=attributes,
        records=Records(raw, reader),  # type: ignore[arg-type]  # a Sequence in all but name: collections.abc costs time
        is_partial=is_partial,
    )
