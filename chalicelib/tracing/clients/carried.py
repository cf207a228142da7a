"""What a client span sends along: header fields, and the same for where only a JSON object or X-Ray's header fits."""

import os

from ...propagation import baggage as w3c_baggage
from ...propagation import composite, w3c, xray
from ...propagation.headers import Headers
from ..current import BAGGAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...propagation.context import TraceContext
    from ..span import Span
    from ..tracer import Tracer

XRAY_VARIABLE = "_X_AMZN_TRACE_ID"  # Lambda's: the invocation's own, whether X-Ray is in use or not
BODY_FORMATS: "tuple[composite.Format, ...]" = (w3c, w3c_baggage)
EXPENDABLE = ("baggage", "tracestate")  # what stays behind first where room is short


def fields_of(span: "Span", tracer: "Tracer") -> dict[str, str]:
    """Header name to value in the formats that OTEL_PROPAGATORS names; {} for `none`."""
    return _written(span, tracer.config.propagators)


def body_fields_of(span: "Span", tracer: "Tracer") -> dict[str, str]:
    """traceparent, tracestate, baggage: what our own key in a JSON object holds; {} where nothing is to be sent."""
    return _written(span, BODY_FORMATS) if tracer.config.propagators else {}


def choices(fields: dict[str, str]) -> "list[dict[str, str]]":
    """All fields, then fewer and fewer: without baggage, without tracestate too. Each is smaller than the last."""
    found = [fields]
    for name in EXPENDABLE:
        if name in found[-1]:
            found.append({key: value for key, value in found[-1].items() if key != name})
    return [chosen for chosen in found if chosen]


def xray_of(span: "Span") -> str:
    """X-Ray's header of the span, with what Lambda passes on (Lineage, by which it ends loops).

    "" where X-Ray itself traces this invocation: its segments would lose their children to us, and the root that both
    sides have is a join already.
    """
    own = os.environ.get(XRAY_VARIABLE, "")
    known = xray.parse(own)
    if known is not None and known.sampled:
        return ""
    return xray.format(span.context, xray.extras(own))


def context_in(pairs: "Iterable[tuple[object, object]]") -> "TraceContext | None":
    """The span that somebody named before us in these headers, in any format; None if nobody did."""
    contexts = composite.extract(Headers(pairs)).contexts
    return contexts[0] if contexts and contexts[0].is_complete else None


def identity(context: "TraceContext") -> tuple[str, str]:
    """What tells one span from another."""
    return context.trace_id, context.span_id


def _written(span: "Span", formats: "Iterable[composite.Format]") -> dict[str, str]:
    fields: dict[str, str] = {}
    composite.inject(span.context, fields.__setitem__, formats, BAGGAGE.get() if span.trace_id else ())
    return fields
