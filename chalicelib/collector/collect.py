"""The write path of every dialect: a decoded post becomes blocks, the blocks are kept, and every span is counted.

The counts are an account that closes:

    spans_received = spans_stored + spans_rejected + spans_refused

Rejected spans were unreadable or had no valid id; the sender is told and must not send them again. Refused spans
were good, but their post did not become durable (the store failed, or the blocks would have been too large):
the sender gets an error, and what of them the store took all the same is overwritten when it tries again.
Duplicates are among the stored: a span that the same post holds twice is kept once and counted in both.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chalicelib.codecs.otlp.decoded import Decoded, Rejection
from chalicelib.codecs.otlp.grouping import Grouped, group
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.collector.undecided import is_undecided
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import TracingError
from chalicelib.services import Services

# Where a trace's part of a post is split. It leaves an item of 400 KB (DynamoDB's limit) room even if nothing
# in it compresses, and keeps what one BatchWrite call of 25 items carries below its 16 MB.
SPLIT_AT_BYTES = 256 * 1024


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


def collect(services: Services, tenant: str, post: Iterable[Decoded], deadline: Deadline) -> Collected:
    """Keep every span of `post` that can be kept; when this returns, they are durable.

    `post` is one body, decoded in one or more parts; only one part or two are in memory at a time. Nothing is kept
    before the last is read, so that an error found there leaves no half of a post behind. Raises StoreThrottled or
    StoreError when the spans may not be durable, PayloadTooLarge when they are too much to keep, and what `post`
    raises.
    """
    read = _Read()
    try:
        grouped = group(read.messages(post), SPLIT_AT_BYTES)
        if grouped.blocks:
            undecided = is_undecided(services, tenant)
            services.blocks.write(tenant, grouped.blocks, deadline, undecided=undecided)
    except TracingError:
        _count_refused(services, read)
        raise
    collected = _collected(read, grouped)
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


class _Read:
    """What is left of the parts of a post once their messages, but the last, are let go of."""

    def __init__(self) -> None:
        self.rejections: tuple[Rejection, ...] = ()
        self.repairs: tuple[str, ...] = ()
        self._earlier_spans = 0
        self._last: TracesData | None = None

    def messages(self, post: Iterable[Decoded]) -> Iterator[TracesData]:
        for part in post:
            self.rejections += part.rejections
            self.repairs += part.repairs
            self._earlier_spans = self.span_count()
            self._last = part.message
            yield part.message

    def span_count(self) -> int:
        """Only asked for when there is another part, or when the post failed: counting takes its time."""
        return self._earlier_spans + (_span_count(self._last) if self._last is not None else 0)


def _span_count(message: TracesData) -> int:
    return sum(
        len(scope_spans.spans)
        for resource_spans in message.resource_spans
        for scope_spans in resource_spans.scope_spans
    )


def _collected(read: _Read, grouped: Grouped) -> Collected:
    return Collected(
        received=grouped.received + len(read.rejections),
        stored=grouped.received - len(grouped.rejections),
        duplicate=grouped.duplicate,
        rejections=read.rejections + grouped.rejections,
        notes=read.repairs + _notes_on_cuts(grouped.cuts),
    )


def _count_refused(services: Services, read: _Read) -> None:
    """A post that failed: whatever could be read is refused, also spans that would have been rejected next."""
    readable = read.span_count()
    if not readable and not read.rejections:
        return
    services.telemetry.count(
        {
            "spans_received": readable + len(read.rejections),
            "spans_stored": 0,
            "spans_rejected": len(read.rejections),
            "spans_refused": readable,
            "spans_duplicate": 0,
            "values_cut": 0,
        }
    )


def _notes_on_cuts(cuts: int) -> tuple[str, ...]:
    if not cuts:
        return ()
    return (f"values cut or dropped because no block could hold them: {cuts}; see the attribute spanfold.cut",)
