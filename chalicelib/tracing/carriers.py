"""Context by hand, where no instrumentation does it: into what is sent, and out of what came."""

from ..propagation import composite
from ..propagation.headers import Headers
from .current import BAGGAGE, PARENT, restore
from .span import Span
from .tracer import tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping
    from contextvars import Token

    from ..propagation.composite import Extracted
    from ..propagation.context import TraceContext

    Carried = Mapping[str, object] | Iterable[tuple[str, object]]


def inject(
    carrier: "MutableMapping[str, str] | None" = None, write: "Callable[[str, str], None] | None" = None
) -> "MutableMapping[str, str]":
    """Write the current span's context, and the baggage, as headers into `carrier` (a new dict), which is returned.

    `write` (name, value) is for what is not a mapping. Nothing is written where no span is current.
    """
    carrier = {} if carrier is None else carrier
    here = tracer()
    try:
        context = _current_context()
        if context is not None and context.is_complete:
            composite.inject(context, write or carrier.__setitem__, here.config.propagators, BAGGAGE.get())
    except Exception as error:
        here.swallow(error, "inject")
    return carrier


def extract(headers: "Carried") -> "TraceContext | None":
    """The span that somebody sent along, in whichever format, for `span(…, parent=…)`; None if nobody did.

    `headers`: a mapping of names to texts or to lists of texts, in any case; or pairs.
    """
    contexts = _read(headers).contexts
    return contexts[0] if contexts and contexts[0].is_complete else None


class continued:  # noqa: N801  # it is used like a function
    """`with continued(headers):` what is started within belongs to the trace that was sent along, baggage included.

    Without a context in `headers` nothing is current within, so that the first span is a root.
    """

    __slots__ = ("_baggage", "_extracted", "_parent")

    def __init__(self, headers: "Carried") -> None:
        self._extracted = _read(headers)
        self._parent: Token[Span | TraceContext | None] | None = None
        self._baggage: Token[tuple[tuple[str, str], ...]] | None = None

    def __enter__(self) -> "TraceContext | None":
        contexts = self._extracted.contexts
        found = contexts[0] if contexts and contexts[0].is_complete else None
        self._parent = PARENT.set(found)
        self._baggage = BAGGAGE.set(self._extracted.baggage)
        return found

    def __exit__(self, *_: object) -> None:
        restore(PARENT, self._parent)
        restore(BAGGAGE, self._baggage)


def _current_context() -> "TraceContext | None":
    span = tracer().current()
    found = span.context if span is not None else PARENT.get()
    return None if isinstance(found, Span) else found


def _read(headers: "Carried") -> "Extracted":
    try:
        return composite.extract(Headers(_pairs(headers)))
    except Exception as error:
        tracer().swallow(error, "extract")
        return composite.NOTHING


def _pairs(headers: "Carried") -> "Iterable[tuple[object, object]]":
    items = headers.items() if hasattr(headers, "items") else headers
    for name, value in items:
        if isinstance(value, (list, tuple)):
            yield from ((name, one) for one in value)
        else:
            yield name, value
