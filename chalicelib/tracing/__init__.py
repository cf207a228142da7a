"""The function-side library, published on its own as `spanfold` (infra/library.py copies it, with ../propagation).

    from spanfold import traced, span, records

Spans of an invocation are kept in memory and leave the function when it answers, or when its time is nearly over. Only
Python's own modules are used, and at import only cheap ones; imports within are relative. A function is never broken by
tracing: what fails in here is swallowed, counted, and said on the invocation's span.

`span` and `tracer` are functions here, although modules of this package have those names too (`from .span import Span`
finds the module). The other names are imported when they are first asked for.
"""

from .blocks import span as span
from .tracer import tracer as tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import baggage as baggage
    from . import logs as logs
    from .batches import records as records
    from .carriers import continued as continued
    from .carriers import extract as extract
    from .carriers import inject as inject
    from .clients import instrument as instrument
    from .current import carried as carried
    from .process import configure as configure
    from .process import current_span as current_span
    from .process import flush as flush
    from .version import VERSION as VERSION
    from .wrapping import traced as traced

_LAZY = {
    "VERSION": "version",
    "baggage": "baggage",
    "carried": "current",
    "configure": "process",
    "continued": "carriers",
    "current_span": "process",
    "extract": "carriers",
    "flush": "process",
    "inject": "carriers",
    "instrument": "clients",
    "logs": "logs",
    "records": "batches",
    "traced": "wrapping",
}

__all__ = [*_LAZY, "span", "tracer"]  # noqa: PLE0604  # texts all the same


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_LAZY[name]}", fromlist=[name])
    found = module if _LAZY[name] == name else getattr(module, name)
    globals()[name] = found
    return found
