"""Context in a JSON object that a service hands on as it is: under our key, the rest byte for byte as it was."""

import json

from ....propagation.headers import Headers
from .. import carried
from .injection import Untouched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ....propagation.context import TraceContext
    from .injection import Injection

KEY = "_trace"
CONTEXT_KEYS = (KEY, "_datadog", "traceparent")  # what a producer may have put there on purpose
MAX_PARSED_CHARACTERS = 1024 * 1024  # ours: a body is read to be sure that it is one object, and that takes time


def with_context(injection: "Injection", text: str) -> tuple[str, int]:
    """`text` with our key at the end of its object, and by how many bytes it grew.

    Raises Untouched for what is no JSON object, or has a context. Blanks and a newline after the object stay there.
    """
    body = _object_in(text)
    if any(key in body for key in CONTEXT_KEYS):
        injection.keep(_context_of(body))
    if not injection.body:
        raise Untouched("OTEL_PROPAGATORS names nothing to send")
    comma = "," if body else ""
    added = f'{comma}"{KEY}":{json.dumps(injection.body, separators=(",", ":"))}'
    end = text.rindex("}")
    return text[:end] + added + text[end:], len(added)  # json.dumps writes ASCII


def _object_in(text: str) -> "dict[str, Any]":
    if len(text) > MAX_PARSED_CHARACTERS:
        raise Untouched("it is too long to be read")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise Untouched("it is not JSON") from None
    if not isinstance(body, dict):
        raise Untouched("it is not a JSON object")
    return body


def _context_of(body: "dict[str, Any]") -> "TraceContext | None":
    for held in (body.get(KEY), body.get("_datadog"), body):
        if isinstance(held, dict) and Headers.of(held):
            context = carried.context_in(held.items())
            if context is not None:
                return context
    return None
