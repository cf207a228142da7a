"""B3 with a header for each value, which is how it began; see .b3 for the rest of it."""

from .b3 import decision, extract
from .context import TraceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FIELDS", "NAME", "extract", "inject"]

NAME = "b3multi"
FIELDS: tuple[str, ...] = ("x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "x-b3-parentspanid")


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write the headers of what there is. Debug is told by X-B3-Flags alone, since it implies the decision."""
    if context.is_complete:
        write("X-B3-TraceId", context.trace_id)
        write("X-B3-SpanId", context.span_id)
    told = decision(context)
    if told == "d":
        write("X-B3-Flags", "1")
    elif told:
        write("X-B3-Sampled", told)
