"""AWS X-Ray: `X-Amzn-Trace-Id: Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=1`, and whatever else stands in it.

Format: AWS X-Ray developer guide, "Tracing header" (read November 2026). The two parts of Root joined are a W3C trace
id, whose first eight digits X-Ray fills with the time in seconds. API Gateway and Lambda's pass-through mode send no
Parent, `Sampled=?` asks for a decision, a load balancer puts `Self` in front (its own id, not to be passed on), Lambda
counts loops in `Lineage` (to be passed on as it is), and anybody may add keys. We forgive what others do not: blanks
round a pair, keys in any case, a pair without `=`.

Whether X-Ray sampled says nothing about us: Lambda's variable has Sampled=0 wherever active tracing is off.
"""

from .context import TraceContext
from .headers import Headers
from .ids import span_id_of
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "xray"
FIELDS: tuple[str, ...] = ("x-amzn-trace-id",)

MAX_READ_CHARACTERS = 8192  # the longest that any service documents (Lambda's durable executions)
MAX_EXTRA_CHARACTERS = 512  # ours; a header as a whole is to be about 256 (EventBridge: 500)
NOT_EXTRA = {"root", "parent", "sampled", "self"}

_ROOT = Pattern(r"1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})")
_EXTRA = Pattern(r"[!-:<>-~]+=[ -:<-~]*")
_DECISIONS = {"1": True, "0": False}


def extract(headers: Headers) -> TraceContext | None:
    """Of the header; see `parse`."""
    text = headers.only("x-amzn-trace-id")
    return None if text is None else parse(text)


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write the header, without Parent or Sampled where the context has none; nothing without a trace id."""
    text = format(context)
    if text:
        write("X-Amzn-Trace-Id", text)


def parse(text: str) -> TraceContext | None:
    """None without a valid Root. span_id is "" without a valid Parent; sampled is None for `?` and where absent."""
    known = {key.lower(): value for key, value in _pairs(text)}
    trace_id = undashed(known.get("root", ""))
    if not trace_id:
        return None
    parent = known.get("parent", "")
    span_id = span_id_of(parent) if len(parent) == 16 else ""
    return TraceContext(trace_id, span_id, sampled=_DECISIONS.get(known.get("sampled", "")), format=NAME)


def extras(text: str) -> str:
    """The pairs that X-Ray wants passed on, `Lineage` before all, in their order; "" for none.

    What could not stand in a header again is left out, and so are the last where they become too many.
    """
    kept: list[str] = []
    left_characters = MAX_EXTRA_CHARACTERS + 1
    for key, value in _pairs(text):
        pair = f"{key}={value}"
        if key.lower() in NOT_EXTRA or not _EXTRA.fullmatch(pair):
            continue
        left_characters -= len(pair) + 1
        if left_characters < 0:
            break
        kept.append(pair)
    return ";".join(kept)


def format(context: TraceContext, extras: str = "") -> str:  # noqa: A001  # the opposite of parse
    """Root, Parent, Sampled, then `extras`; "" without a trace id."""
    if not context.trace_id:
        return ""
    parts = (
        f"Root={dashed(context.trace_id)}",
        f"Parent={context.span_id}" if context.span_id else "",
        "" if context.sampled is None else f"Sampled={int(context.sampled)}",
        extras,
    )
    return ";".join(filter(None, parts))


def dashed(trace_id: str) -> str:
    """32 hex digits as X-Ray writes them: 1-<8>-<24>."""
    return f"1-{trace_id[:8]}-{trace_id[8:]}"


def undashed(root: str) -> str:
    """1-<8>-<24> as 32 lower hex digits; "" for what is not valid."""
    match = _ROOT.fullmatch(root)
    trace_id = (match[1] + match[2]).lower() if match else ""
    return trace_id if trace_id.strip("0") else ""


def _pairs(text: str) -> "Iterator[tuple[str, str]]":
    if len(text) > MAX_READ_CHARACTERS:
        return
    for part in text.split(";"):
        key, equals, value = part.partition("=")
        if equals:
            yield key.strip(), value.strip()
