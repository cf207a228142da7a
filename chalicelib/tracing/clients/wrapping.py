"""A method of somebody's class wrapped once, and unwrapped again. For libraries that offer no hook of their own."""

from functools import update_wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ORIGINAL = "__spanfold_original__"


def wrap(owner: type, name: str, wrapper_of: "Callable[[Callable[..., Any]], Callable[..., Any]]") -> None:
    """Put `wrapper_of(method)` in the place of `owner`'s method. Does nothing where that was done before.

    Whoever wraps ours with functools.wraps or wrapt shows our mark as well, so it is found beneath theirs.
    """
    original = getattr(owner, name)
    if hasattr(original, _ORIGINAL):
        return
    wrapper = update_wrapper(wrapper_of(original), original)
    setattr(wrapper, _ORIGINAL, original)
    setattr(owner, name, wrapper)


def unwrap(owner: type, name: str) -> None:
    """Put the method back, unless somebody wrapped ours: then it stays beneath, switched off (see .switches)."""
    wrapper = owner.__dict__.get(name)
    held = getattr(wrapper, "__dict__", {})
    if _ORIGINAL in held and held.get("__wrapped__") is held[_ORIGINAL]:
        setattr(owner, name, held[_ORIGINAL])
