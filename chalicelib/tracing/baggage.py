"""W3C baggage of what runs here: names and values that travel with the context, to whoever is called next.

It is current like a span is: set within an invocation, a task or a thread, it ends there. Whoever is called sees it, so
nothing secret belongs in it.
"""

from .current import BAGGAGE

MAX_MEMBERS = 64  # W3C Baggage, 3.3.2: what everybody has to pass on


def get(name: str, default: str | None = None) -> str | None:
    """The value of `name`; of several the last."""
    return dict(BAGGAGE.get()).get(name, default)


def all() -> dict[str, str]:  # noqa: A001  # baggage.all()
    """Every name and its value."""
    return dict(BAGGAGE.get())


def set(name: str, value: str) -> None:  # noqa: A001  # baggage.set(…)
    """Set, or replace. What is not text is ignored, and so is a new name where there are MAX_MEMBERS already."""
    others = tuple(pair for pair in BAGGAGE.get() if pair[0] != name)
    if isinstance(name, str) and isinstance(value, str) and name and len(others) < MAX_MEMBERS:
        BAGGAGE.set((*others, (name, value)))


def remove(name: str) -> None:
    """Forget it, if there is such a name."""
    BAGGAGE.set(tuple(pair for pair in BAGGAGE.get() if pair[0] != name))


def clear() -> None:
    """Forget all."""
    BAGGAGE.set(())
