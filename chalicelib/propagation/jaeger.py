"""Jaeger's own format: `uber-trace-id: <trace id>:<span id>:<parent id>:<flags>`, and `uberctx-<key>` for baggage.

Format: https://www.jaegertracing.io/docs/1.19/client-libraries/#propagation-format (read November 2026). All fields are
hex and may lack their leading zeros; the whole may be percent-encoded, the colons thus as %3A. Flags: 1 sampled,
2 debug, which Jaeger's clients set together with 1. A span id of 0 stands for none.

OpenTelemetry Python (propagator 1.45.1) sets debug on every span that is sampled, and W3C's random bit, 2 too, on
those that are not: debug without sampled is neither here.
"""

from .baggage import MAX_BYTES, TOKEN, decoded, encoded
from .context import TraceContext
from .headers import Headers
from .ids import span_id_of, trace_id_of
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .baggage import Members

NAME = "jaeger"
FIELDS: tuple[str, ...] = ("uber-trace-id",)

BAGGAGE_PREFIX = "uberctx-"
SAMPLED, DEBUG = 0x01, 0x02

_HEADER = Pattern(r"([0-9a-fA-F]{1,32}):([0-9a-fA-F]{1,16}):([0-9a-fA-F]{0,16}):([0-9a-fA-F]{1,2})")
_MAX_CHARACTERS = 128  # 69 at most, and three times as many colons when encoded
_OWS = " \t"


def extract(headers: Headers) -> TraceContext | None:
    """The span that called, its span_id "" where it is 0; None for what is not valid."""
    text = headers.only("uber-trace-id")
    return None if text is None else parse(text)


def parse(text: str) -> TraceContext | None:
    """Of the header's value; None for what is not valid."""
    if len(text) > _MAX_CHARACTERS:
        return None
    match = _HEADER.fullmatch(decoded(text.strip(_OWS)))
    trace_id = trace_id_of(match[1]) if match else ""
    if match is None or not trace_id:
        return None
    flags = int(match[4], 16)
    sampled = bool(flags & SAMPLED)
    debug = sampled and bool(flags & DEBUG)
    return TraceContext(trace_id, span_id_of(match[2]), sampled=sampled, debug=debug, format=NAME)


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write the header; nothing for a context that is not complete. A decision left open is not sampled."""
    if context.is_complete:
        flags = SAMPLED | DEBUG if context.debug else SAMPLED if context.sampled else 0
        write("uber-trace-id", f"{context.trace_id}:{context.span_id}:0:{flags:x}")


def extract_baggage(headers: Headers) -> "Members":
    """Name and value of every `uberctx-` header, decoded; those that fit into W3C's limit, which Jaeger has none of."""
    found: list[tuple[str, str]] = []
    left_bytes = MAX_BYTES
    for name, value in headers.starting(BAGGAGE_PREFIX):
        left_bytes -= len(name) + len(value)
        if left_bytes < 0:
            break
        found.append((name.removeprefix(BAGGAGE_PREFIX), decoded(value).strip()))
    return tuple(found)


def inject_baggage(members: "Iterable[tuple[str, str]]", write: "Callable[[str, str], None]") -> None:
    """Write a header for every member that fits; names that cannot be in a header's name are left out."""
    left_bytes = MAX_BYTES
    for name, value in members:
        text = encoded(value)
        if TOKEN.fullmatch(name) and len(name) + len(text) <= left_bytes:
            left_bytes -= len(name) + len(text)
            write(BAGGAGE_PREFIX + name, text)
