"""Something to do as soon as a module is imported, if it ever is: what is never imported costs nothing.

A finder at the head of sys.meta_path answers for the awaited names alone. It asks the others where the module is and
lends them its ears: the module runs, the act follows, and module and spec are left as if nobody had listened.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Act = Callable[[ModuleType], None]


class _Listening:
    """A loader that acts once the module has run."""

    def __init__(self, loader: "Any", act: "Act") -> None:
        self.loader = loader
        self.act = act

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.loader, name)

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        made: ModuleType | None = self.loader.create_module(spec)
        return made

    def exec_module(self, module: "ModuleType") -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.act(module)


class _Awaited:
    """The finder. `acts` holds what is still awaited."""

    def __init__(self) -> None:
        self.acts: dict[str, Act] = {}

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        if name not in self.acts:
            return None
        spec = self._found_by_others(name, path, target)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return spec
        spec.loader = _Listening(spec.loader, self.acts.pop(name))  # type: ignore[assignment]  # it is one by its methods
        return spec

    def _found_by_others(self, name: str, path: "Any", target: "Any") -> "ModuleSpec | None":
        finders = [finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")]
        specs = (finder.find_spec(name, path, target) for finder in finders)
        return next((spec for spec in specs if spec is not None), None)


_AWAITED = _Awaited()


def when_imported(name: str, act: "Act") -> None:
    """Call `act` with the module `name`: now if it is there, else right after its first import. It must not raise."""
    module = sys.modules.get(name)
    if module is not None:
        act(module)
        return
    _AWAITED.acts[name] = act
    if _AWAITED not in sys.meta_path:
        sys.meta_path.insert(0, _AWAITED)


def no_longer(name: str) -> None:
    """Do not wait for `name` any more; the finder leaves with the last of them."""
    _AWAITED.acts.pop(name, None)
    if not _AWAITED.acts and _AWAITED in sys.meta_path:
        sys.meta_path.remove(_AWAITED)
