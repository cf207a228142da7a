"""Headers as they came: names in any case, a name more than once."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


MAX_VALUE_CHARACTERS = 65_536  # ours: eight times what any format may hold; what is longer means harm


class Headers:
    """All values of each name, in their order. Whatever is not text, or too long, is left out."""

    __slots__ = ("_values",)

    def __init__(self, pairs: "Iterable[tuple[object, object]]" = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if isinstance(name, str) and isinstance(value, str) and len(value) <= MAX_VALUE_CHARACTERS:
                self._values.setdefault(name.lower(), []).append(value)

    @classmethod
    def of(cls, single: object, multiple: object = None) -> "Headers":
        """Of an event's `headers` (name to value) and `multiValueHeaders` (name to values), which wins where it is."""
        if isinstance(multiple, dict) and multiple:
            return cls(
                (name, value) for name, values in multiple.items() if isinstance(values, list) for value in values
            )
        return cls(single.items()) if isinstance(single, dict) else cls()

    def all(self, name: str) -> list[str]:
        """Every value of `name` (lower case), in order; [] if there is none."""
        return self._values.get(name, [])

    def only(self, name: str) -> str | None:
        """The value of `name` (lower case) if there is exactly one."""
        values = self.all(name)
        return values[0] if len(values) == 1 else None

    def starting(self, prefix: str) -> "Iterator[tuple[str, str]]":
        """Name and first value of every header whose name starts so (lower case), in order."""
        return ((name, values[0]) for name, values in self._values.items() if name.startswith(prefix))

    def __bool__(self) -> bool:
        return bool(self._values)
