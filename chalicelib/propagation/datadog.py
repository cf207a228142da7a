"""Datadog: x-datadog-* headers, and the same as an object under `_datadog` in messages. Reading only.

Source: DataDog/dd-trace-py 3bb9ecd and datadog-lambda-python c0b98d6 (August 2026). Ids are unsigned 64-bit decimals;
the high half of a 128-bit trace id is the tag `_dd.p.tid` in x-datadog-tags, 16 lower hex digits. Priorities above 0
keep the trace. Recent tracers write a traceparent beside it, which the composite prefers.
"""

import json

from .context import TraceContext
from .headers import Headers
from .ids import MAX_ID, span_id_of_decimal
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "datadog"
FIELDS: tuple[str, ...] = (
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
)

MAX_OBJECT_CHARACTERS = 32_768  # ours; with all styles and full baggage it is some 10,000

_HIGH = Pattern(r"(?:^|,)_dd\.p\.tid=([0-9a-f]{16})(?:,|$)")
_PRIORITY = Pattern(r"-?[0-9]{1,3}")
_OWS = " \t"


def extract(headers: Headers) -> TraceContext | None:
    """The span that called, its span_id "" where that is absent or 0; None without a valid trace id."""
    low = span_id_of_decimal(_value(headers, "x-datadog-trace-id"))
    if not low:
        return None
    high = _HIGH.search(_value(headers, "x-datadog-tags")[:MAX_OBJECT_CHARACTERS])
    priority = _value(headers, "x-datadog-sampling-priority")
    sampled = int(priority) > 0 if _PRIORITY.fullmatch(priority) else None
    span_id = span_id_of_decimal(_value(headers, "x-datadog-parent-id"))
    return TraceContext((high[1] if high else "0" * 16) + low, span_id, sampled=sampled, format=NAME)


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write nothing: this format is read only."""


def headers_of(carried: object) -> Headers:
    """The headers in a `_datadog` object, every style it holds; none for what is not one.

    `carried` is the object, its JSON, or that in base64 (authorizers, binary attributes), as text or bytes. Numbers are
    taken for text, as Step Functions' ids are.
    """
    if isinstance(carried, (str, bytes)):
        carried = _of_json(carried)
    if not isinstance(carried, dict):
        return Headers()
    return Headers((key, _text(value)) for key, value in carried.items())


def _text(value: object) -> object:
    return str(value) if type(value) is int and abs(value) <= MAX_ID else value


def _of_json(text: str | bytes) -> object:
    if len(text) > MAX_OBJECT_CHARACTERS:
        return None
    try:
        return json.loads(text if text.lstrip()[:1] in ("{", b"{") else _of_base64(text))
    except (ValueError, RecursionError):  # what is no JSON, no UTF-8, no base64; or nested to break us
        return None


def _of_base64(text: str | bytes) -> bytes:
    from base64 import b64decode  # noqa: PLC0415  # seldom needed

    return b64decode(text)


def _value(headers: Headers, name: str) -> str:
    return (headers.only(name) or "").strip(_OWS)
