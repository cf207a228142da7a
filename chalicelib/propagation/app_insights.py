"""Azure Application Insights before W3C: `Request-Id: |<root>.<node>.<node>_`, Correlation-Context, Request-Context.

Formats: dotnet/runtime, HierarchicalRequestId.md and HttpCorrelationProtocol.md (read November 2026). Every hop adds a
node. SDKs that know W3C's ids write `|<32 hex>.<16 hex>.`, and continue a trace whose root is 32 hex digits; only such
are contexts here, as an older root names no trace, nor does a flat id (any proxy's idea of a request's). The span is
the last node that can be one: nodes behind it count what happened within it.

Nothing tells whether it is sampled. Correlation-Context is baggage before its time: no encoding, 1,024 bytes.
"""

from .context import TraceContext
from .headers import Headers
from .ids import span_id_of, trace_id_of
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .baggage import Members

NAME = "appinsights"
FIELDS: tuple[str, ...] = ("request-id", "correlation-context", "request-context")

MAX_BYTES = 1024  # of Request-Id and of Correlation-Context

_NODES = Pattern(r"[._]")
_PART = Pattern(r"[ -+\--<>-~]+")  # printable, without comma and equals sign
_APPLICATION = Pattern(r"(?:^|,)\s*appId\s*=\s*cid-v1:([0-9A-Za-z-]{1,64})\s*(?:,|$)")
_OWS = " \t"


def extract(headers: Headers) -> TraceContext | None:
    """Of Request-Id; span_id is "" where no node can be one, None where the root is no trace id."""
    text = headers.only("request-id")
    return None if text is None else parse(text)


def parse(text: str) -> TraceContext | None:
    """Of Request-Id's value; None for what names no trace."""
    text = text.strip(_OWS)
    if not text.startswith("|") or len(text) > MAX_BYTES:
        return None
    root, *nodes = _NODES.split(text[1:])
    trace_id = trace_id_of(root) if len(root) == 32 else ""
    spans = [span_id for node in nodes if len(node) == 16 and (span_id := span_id_of(node))]
    return TraceContext(trace_id, spans[-1] if spans else "", format=NAME) if trace_id else None


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write Request-Id; nothing for a context that is not complete."""
    if context.is_complete:
        write("Request-Id", f"|{context.trace_id}.{context.span_id}.")


def extract_baggage(headers: Headers) -> "Members":
    """Name and value of every member of Correlation-Context, in order; () for more than it may hold."""
    text = ",".join(headers.all("correlation-context"))
    if len(text) > MAX_BYTES:
        return ()
    pairs = ([part.strip(_OWS) for part in member.split("=")] for member in text.split(","))
    return tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2 and all(map(_PART.fullmatch, pair)))


def inject_baggage(members: "Iterable[tuple[str, str]]", write: "Callable[[str, str], None]") -> None:
    """Write Correlation-Context of the members that it can say and hold."""
    kept: list[str] = []
    left_bytes = MAX_BYTES + 1
    for name, value in members:
        member = f"{name}={value}"
        if _PART.fullmatch(name) and _PART.fullmatch(value) and len(member) < left_bytes:
            kept.append(member)
            left_bytes -= len(member) + 1
    if kept:
        write("Correlation-Context", ",".join(kept))


def application(headers: Headers) -> str:
    """The caller's application id, of Request-Context; "" where it names none (npm's SDK 2 sends an empty one)."""
    match = _APPLICATION.search((headers.only("request-context") or "")[:MAX_BYTES])
    return match[1] if match else ""
