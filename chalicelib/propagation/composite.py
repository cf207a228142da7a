"""All formats together: what a set of headers says in any of them, best first, and writing several at once.

The order of DEFAULT is who knows best: W3C's headers and Datadog's are written by whoever traces on purpose, the older
formats by whoever has not moved on, Google's and Azure's by their front ends too, X-Ray's by AWS on every request,
traced or not. What is complete comes before what names only half of a span, or only a decision.
"""

from . import app_insights, b3, b3_multi, cloud_trace, datadog, jaeger, w3c, xray
from . import baggage as w3c_baggage
from .values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from .baggage import Members
    from .context import TraceContext
    from .headers import Headers

    class Format(Protocol):
        """A module of this package. FIELDS are the names of its headers in lower case."""

        NAME: str
        FIELDS: tuple[str, ...]

        def extract(self, headers: Headers) -> TraceContext | None:
            """What the headers say in this format; None for nothing, or nothing valid."""

        def inject(self, context: TraceContext, write: Callable[[str, str], None]) -> None:
            """Write what the format can say of the context."""

    class BaggageFormat(Format, Protocol):
        """A module that has something to say of baggage."""

        def extract_baggage(self, headers: Headers) -> Members:
            """Name and value, decoded, in order."""

        def inject_baggage(self, members: Iterable[tuple[str, str]], write: Callable[[str, str], None]) -> None:
            """Write what fits."""


DEFAULT: "tuple[Format, ...]" = (w3c, w3c_baggage, datadog, b3, jaeger, cloud_trace, app_insights, xray)  # to read
SENT: "tuple[Format, ...]" = (w3c, w3c_baggage)  # to write
_OTHERS: "tuple[Format, ...]" = (b3_multi,)

_CARRYING: "tuple[BaggageFormat, ...]" = (w3c_baggage, jaeger, app_insights)
_BAGGAGE = {module.NAME: module for module in _CARRYING}

# OpenTelemetry's names ("Environment Variable Specification", OTEL_PROPAGATORS), those of propagators' own packages,
# and ours. `xray-lambda` is X-Ray's header from Lambda's variable, which ./triggers reads.
NAMES = {module.NAME: module for module in (*DEFAULT, *_OTHERS)} | {"xray-lambda": xray, "gcp_trace": cloud_trace}


class Extracted(Value):
    """What headers said. `contexts`: distinct, best first; () for none. `baggage`: name and value, in order."""

    __slots__ = ("baggage", "contexts")

    def __init__(self, contexts: "tuple[TraceContext, ...]", baggage: "Members") -> None:
        self.contexts = contexts
        self.baggage = baggage


NOTHING = Extracted((), ())


def extract(headers: "Headers", formats: "Iterable[Format]" = DEFAULT) -> Extracted:
    """What the headers say in any of the formats."""
    if not headers:
        return NOTHING
    formats = tuple(formats)
    contexts: list[TraceContext] = []
    for module in formats:
        context = module.extract(headers)
        if context is not None and not any(_is_covered(context, known) for known in contexts):
            contexts.append(context)
    contexts.sort(key=lambda context: not context.is_complete)
    return Extracted(tuple(contexts), _baggage(headers, formats))


def inject(
    context: "TraceContext",
    write: "Callable[[str, str], None]",
    formats: "Iterable[Format]" = SENT,
    baggage: "Iterable[tuple[str, str]]" = (),
) -> None:
    """Write the context in every format, and `baggage` in those of them that carry any: DEFAULT's and Jaeger's."""
    members = tuple(baggage)
    for module in formats:
        module.inject(context, write)
        if members and module.NAME in _BAGGAGE:
            _BAGGAGE[module.NAME].inject_baggage(members, write)


def named(text: str) -> "tuple[Format, ...]":
    """The formats that a list like OTEL_PROPAGATORS names, in its order; unknown names, and `none`, are nothing."""
    names = [name.strip().lower() for name in text.split(",")]
    return tuple(dict.fromkeys(NAMES[name] for name in names if name in NAMES))


def fields(formats: "Iterable[Format]" = DEFAULT) -> tuple[str, ...]:
    """The names of their headers, in lower case."""
    return tuple(dict.fromkeys(field for module in formats for field in module.FIELDS))


def _is_covered(context: "TraceContext", known: "TraceContext") -> bool:
    """Whether `known` says it already: the same span, or its trace alone, 64-bit ids being the end of 128-bit ones."""
    if not context.trace_id:
        return context.sampled == known.sampled
    same_trace = context.trace_id[-16:] == known.trace_id[-16:] and (
        context.trace_id[:16] in (known.trace_id[:16], "0" * 16) or known.trace_id[:16] == "0" * 16
    )
    return same_trace and context.span_id in (known.span_id, "")


def _baggage(headers: "Headers", formats: "tuple[Format, ...]") -> "Members":
    """Of the first format that names a member; one that is told twice in the same format stays twice."""
    told: list[tuple[str, str]] = []
    for module in formats:
        if module.NAME in _BAGGAGE:
            names = {name for name, _ in told}
            found = _BAGGAGE[module.NAME].extract_baggage(headers)
            told += [(name, value) for name, value in found if name not in names]
    return tuple(told)
