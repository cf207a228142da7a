"""What the package's values have in common: slots, equality and a repr. They are not changed once they are made.

dataclasses and typing.NamedTuple would say the same, and cost a cold start more than the whole package.
"""


class Value:
    """Equal to another of its class whose slots are equal."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(map(repr, (getattr(self, name) for name in self.__slots__))))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"
