"""B3, Zipkin's format: one header `b3: <trace id>-<span id>-<decision>-<parent id>`, or one header for each.

Specification: https://github.com/openzipkin/b3-propagation (read November 2026). Ids are 16 or 32 hex digits for a
trace, 16 for a span. The decision is 1, 0 or `d`, debug, which implies 1 and is passed on; without one it is left to
whoever reads it. A decision may come alone. OpenTelemetry asks readers to try the single header first, then the others,
whichever they write themselves ("API Propagators", B3). A parent id is never written.
"""

from .context import TraceContext
from .headers import Headers
from .ids import span_id_of, trace_id_of
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "b3"
FIELDS: tuple[str, ...] = ("b3",)

# Upper case and the words are of tracers older than the specification, which asks to be lenient with them.
DECISIONS = {"1": True, "0": False, "d": True, "true": True, "false": False}

_SINGLE = Pattern(r"([0-9a-fA-F]{16}|[0-9a-fA-F]{32})-([0-9a-fA-F]{16})(?:-([01d])(?:-[0-9a-fA-F]{16})?)?")
_TRACE_DIGITS = (16, 32)
_OWS = " \t"


def extract(headers: Headers) -> TraceContext | None:
    """Of the single header, or else of the several; ids are "" where a decision came alone."""
    single = headers.only("b3")
    found = None if single is None else parse(single)
    return found or extract_multi(headers)


def extract_multi(headers: Headers) -> TraceContext | None:
    """Of x-b3-traceid, -spanid, -sampled and -flags alone."""
    trace_text, span_text = _value(headers, "x-b3-traceid"), _value(headers, "x-b3-spanid")
    debug = _value(headers, "x-b3-flags") == "1"
    sampled = True if debug else DECISIONS.get(_value(headers, "x-b3-sampled").lower())
    trace_id = trace_id_of(trace_text) if len(trace_text) in _TRACE_DIGITS else ""
    span_id = span_id_of(span_text) if len(span_text) == 16 else ""
    return _context(trace_id, span_id, sampled, debug=debug, name="b3multi")


def parse(text: str) -> TraceContext | None:
    """Of the single header's value; None for what is not valid, an id of zeros included."""
    text = text.strip(_OWS)
    if text in ("0", "1", "d"):
        return TraceContext("", "", sampled=DECISIONS[text], debug=text == "d", format=NAME)
    match = _SINGLE.fullmatch(text)
    if match is None:
        return None
    trace_id, span_id = trace_id_of(match[1]), span_id_of(match[2])
    if not (trace_id and span_id):
        return None
    return _context(trace_id, span_id, DECISIONS.get(match[3] or ""), debug=match[3] == "d", name=NAME)


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write the single header, of what there is: ids, a decision, both; nothing if there is neither."""
    ids = f"{context.trace_id}-{context.span_id}" if context.is_complete else ""
    text = "-".join(filter(None, (ids, decision(context))))
    if text:
        write("b3", text)


def decision(context: TraceContext) -> str:
    """`d`, `1` or `0`; "" where it is left open."""
    if context.debug:
        return "d"
    return "" if context.sampled is None else str(int(context.sampled))


def _context(trace_id: str, span_id: str, sampled: bool | None, *, debug: bool, name: str) -> TraceContext | None:
    if trace_id and span_id:
        return TraceContext(trace_id, span_id, sampled=sampled, debug=debug, format=name)
    return None if sampled is None else TraceContext("", "", sampled=sampled, debug=debug, format=name)


def _value(headers: Headers, name: str) -> str:
    return (headers.only(name) or "").strip(_OWS)
