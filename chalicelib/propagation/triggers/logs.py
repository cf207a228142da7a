"""CloudWatch Logs subscriptions: gzipped JSON of log events in base64.

Shape: CloudWatch Logs user guide, "Subscription filters with AWS Lambda" (read November 2026). A log line may be JSON
with the ids of the span that wrote it. Only a small batch is unpacked whole; of others no more than the head, which has
the group's name.
"""

import re
import zlib

from ..composite import NOTHING
from ..headers import Headers
from . import carriers
from .batches import batch
from .budget import Budget
from .trigger import Record, Trigger
from .untrusted import at, join, listed, mapping, parsed, present, text, text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .invoked import Invoked

MAX_PACKED_CHARS = 65_536
MAX_UNPACKED_BYTES = 524_288
HEAD_BYTES = 2048
MARKERS = (b"traceparent", b"trace_id", b"_trace", b"traceId")
_NAMES = re.compile(rb'"(owner|logGroup|logStream)":"([^"\\]{1,512})"')
_GZIP = 31  # zlib's number for a stream with gzip's header


def subscription(event: "dict[str, object]", _invoked: "Invoked") -> Trigger:
    """Lines of one log stream."""
    packed = text_at(event, "awslogs", "data")
    unpacked = _unpacked(packed)
    names = {key.decode(): value.decode(errors="replace") for key, value in _NAMES.findall(unpacked[:HEAD_BYTES])}
    lines = _lines(unpacked)
    group = names.get("logGroup", "")
    attributes = {
        "spanfold.logs.group": group,
        "spanfold.logs.stream": names.get("logStream", ""),
        "spanfold.logs.owner": names.get("owner", ""),
        "messaging.batch.message_count": len(lines) or None,
    }
    return batch("logs", "other", lines, _line, source=group, attributes=present(attributes))


def _unpacked(packed: str) -> bytes:
    """The head of what is in it, or all if that is not much; b"" for what is no gzip."""
    from base64 import b64decode  # noqa: PLC0415

    is_small = len(packed) <= MAX_PACKED_CHARS
    try:
        part = b64decode(packed if is_small else packed[:HEAD_BYTES])
        return zlib.decompressobj(_GZIP).decompress(part, MAX_UNPACKED_BYTES if is_small else HEAD_BYTES)
    except (ValueError, zlib.error):
        return b""


def _lines(unpacked: bytes) -> "list[object]":
    """The log events, if any has a chance to tell of a span and all are here."""
    if not 0 < len(unpacked) < MAX_UNPACKED_BYTES or not any(marker in unpacked for marker in MARKERS):
        return []
    return listed(mapping(parsed(unpacked)).get("logEvents"))


def _line(event: object, budget: Budget) -> Record:
    message = text(at(event, "message"))
    held = mapping(parsed(message)) if message[:1] == "{" and budget.allows(len(message)) else {}
    extracted = carriers.of_json(held) if held else NOTHING
    trace_id = text(held.get("trace_id")) or text(held.get("traceId"))
    span_id = text(held.get("span_id")) or text(held.get("spanId"))
    if not extracted.contexts and trace_id and span_id:
        extracted = carriers.extract(Headers([("traceparent", f"00-{trace_id}-{span_id}-00")]))
    return Record(
        contexts=extracted.contexts, joins=join("log", at(event, "id")), attributes={}, baggage=extracted.baggage
    )
