"""The write path of every dialect: a decoded post becomes blocks, the blocks are kept, and every span is counted.

The counts are an account that closes:

    spans_received = spans_stored + spans_rejected + spans_refused

Rejected spans were unreadable or had no valid id; the sender is told and must not send them again. Refused spans
were good, but their post did not become durable (the store failed, or the blocks would have been too large):
the sender gets an error, and what of them the store took all the same is overwritten when it tries again.
Duplicates are among the stored: a span that the same post holds twice is kept once and counted in both.
"""

from dataclasses import dataclass

from chalicelib.codecs.otlp.decoded import Decoded, Rejection
from chalicelib.codecs.otlp.grouping import Grouped, group
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import TracingError
from chalicelib.services import Services

# Where a trace's part of a post is split. It leaves an item of 400 KB (DynamoDB's limit) room even if nothing
# in it compresses, and keeps what one BatchWrite call of 25 items carries below its 16 MB.
MAX_PAYLOAD_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What became of a post: received = stored + len(rejections), and duplicate of the stored were repeats.

    `notes` are for people: what was repaired or cut, in spans that are all stored.
    """

    received: int
    stored: int
    duplicate: int
    rejections: tuple[Rejection, ...]
    notes: tuple[str, ...]


def collect(services: Services, tenant: str, decoded: Decoded, deadline: Deadline) -> Collected:
    """Keep every span of `decoded` that can be kept; when this returns, they are durable.

    Raises StoreThrottled or StoreError when they may not be, and PayloadTooLarge when they are too much to keep.
    """
    try:
        grouped = group(decoded.message, MAX_PAYLOAD_BYTES)
        services.blocks.write(tenant, grouped.blocks, deadline)
    except TracingError:
        _count_refused(services, decoded)
        raise
    collected = _collected(decoded, grouped)
    services.telemetry.count(
        {
            "spans_received": collected.received,
            "spans_stored": collected.stored,
            "spans_rejected": len(collected.rejections),
            "spans_refused": 0,
            "spans_duplicate": collected.duplicate,
            "values_cut": grouped.cuts,
        }
    )
    return collected


def _collected(decoded: Decoded, grouped: Grouped) -> Collected:
    return Collected(
        received=grouped.received + len(decoded.rejections),
        stored=grouped.received - len(grouped.rejections),
        duplicate=grouped.duplicate,
        rejections=decoded.rejections + grouped.rejections,
        notes=decoded.repairs + _notes_on_cuts(grouped.cuts),
    )


def _count_refused(services: Services, decoded: Decoded) -> None:
    """A post that failed: whatever could be read is refused, also spans that would have been rejected next."""
    readable = sum(
        len(scope_spans.spans)
        for resource_spans in decoded.message.resource_spans
        for scope_spans in resource_spans.scope_spans
    )
    services.telemetry.count(
        {
            "spans_received": readable + len(decoded.rejections),
            "spans_stored": 0,
            "spans_rejected": len(decoded.rejections),
            "spans_refused": readable,
            "spans_duplicate": 0,
            "values_cut": 0,
        }
    )


def _notes_on_cuts(cuts: int) -> tuple[str, ...]:
    if not cuts:
        return ()
    return (f"values cut or dropped because no block could hold them: {cuts}; see the attribute spanfold.cut",)
