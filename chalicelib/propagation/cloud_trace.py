"""Google Cloud Trace: `X-Cloud-Trace-Context: <trace id>/<span id>;o=<options>`, the span id in decimal.

Format: cloud.google.com/trace/docs/trace-context (read November 2026), where W3C's headers are preferred. Span and
options may be absent: Google's load balancers do send no `o`, and then nothing is decided. Bit 0 of the options is
sampled. Google's readers differ about upper-case hex and a span of 0; we take the one, and the other for none.
"""

from .context import TraceContext
from .headers import Headers
from .ids import span_id_of_decimal, trace_id_of
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "cloudtrace"
FIELDS: tuple[str, ...] = ("x-cloud-trace-context",)

SAMPLED = 0x01

_HEADER = Pattern(r"([0-9a-fA-F]{32})(?:/([^;,]{0,64}))?((?:;[^;,]{0,64}){0,8})")
_OPTIONS = Pattern(r"[0-9]{1,10}")
_OWS = " \t"


def extract(headers: Headers) -> TraceContext | None:
    """The span that called, its span_id "" where that is absent, 0, or no 64-bit number; None for what is not valid."""
    text = headers.only("x-cloud-trace-context")
    return None if text is None else parse(text)


def parse(text: str) -> TraceContext | None:
    """Of the header's value; None for what is not valid."""
    match = _HEADER.fullmatch(text.strip(_OWS))
    trace_id = trace_id_of(match[1]) if match else ""
    if match is None or not trace_id:
        return None
    return TraceContext(trace_id, span_id_of_decimal(match[2] or ""), sampled=_sampled(match[3]), format=NAME)


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write the header, without options where nothing is decided; nothing for a context that is not complete."""
    if context.is_complete:
        options = "" if context.sampled is None else f";o={int(context.sampled)}"
        write("X-Cloud-Trace-Context", f"{context.trace_id}/{int(context.span_id, 16)}{options}")


def _sampled(parameters: str) -> bool | None:
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip(_OWS) == "o" and _OPTIONS.fullmatch(value.strip(_OWS)):
            return bool(int(value) & SAMPLED)
    return None
