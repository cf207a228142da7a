"""OTLP's 32-bit flags of spans and links: W3C's in the low byte, and whether the other span is of another process.

opentelemetry-proto, trace.proto, SpanFlags: bit 8 says that bit 9 means something.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...propagation.context import TraceContext
    from ..span import Span

KNOWN = 0x100
REMOTE = 0x200


def of_span(span: "Span") -> int:
    """Always with bit 8: whether its parent is remote is known of every span that was made here."""
    return (span.flags & 0xFF) | KNOWN | (REMOTE if span.is_parent_remote else 0)


def of_link(context: "TraceContext") -> int:
    """Remote if it was read from a carrier; of a context that the function made up nothing is known."""
    return context.flags | (KNOWN | REMOTE if context.format else 0)
