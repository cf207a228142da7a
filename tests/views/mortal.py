"""Stores whose process dies at a chosen call, amid it if it puts several things, or whose calls take time."""

from collections.abc import Callable, Sequence
from typing import Any


class Killed(BaseException):
    """The process is gone; nothing in it hears of that."""


class Fuse:
    """Burns by one at every moment at which a process may die, and kills when it has burnt down; None never does."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.on_call: Callable[[], None] = lambda: None

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            raise Killed


class Mortal:
    """Whatever `store` does, with moments to die before and after each call, and half way through a put."""

    def __init__(self, store: Any, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.on_call()
            self._fuse.burn()
            answer = self._put(*arguments) if name == "put" else method(*arguments, **named)
            self._fuse.burn()
            return answer

        return call

    def _put(self, tenant: str, views: Sequence[Any], deadline: Any) -> None:
        half = len(views) // 2
        for some in (views[half:], views[:half]):
            self._store.put(tenant, some, deadline)
            self._fuse.burn()
