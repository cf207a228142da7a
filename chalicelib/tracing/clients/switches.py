"""Which clients are instrumented, and whose tracer gets their spans."""

from ..suppression import is_suppressed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tracer import Tracer

_SOURCES: "dict[str, Callable[[], Tracer]]" = {}  # a client's name to what gives the tracer, asked at every call


def switch_on(name: str, source: "Callable[[], Tracer]") -> None:
    """Calls of the client `name` are traced from now on."""
    _SOURCES[name] = source


def switch_off(name: str) -> None:
    """Hooks and wrappers of `name` that cannot be taken back do nothing from now on."""
    _SOURCES.pop(name, None)


def is_on(name: str) -> bool:
    """Whether the client `name` is traced at all."""
    return name in _SOURCES


def tracer_for(name: str) -> "Tracer | None":
    """Whose span a call of `name` becomes; None while it is switched off, or the work is not to be traced."""
    source = _SOURCES.get(name)
    if source is None or is_suppressed():
        return None
    try:
        return source()
    except Exception:  # without a tracer there is nobody to tell
        return None
