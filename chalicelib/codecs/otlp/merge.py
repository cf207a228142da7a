"""A trace put together again from its blocks: each span once, in an order that depends on nothing but the spans.

Blocks come in any order, repeat each other and overlap (senders retry, queues redeliver), so what they hold is a
set. Spans are ordered by start time, then span id; those that share both, by a digest of all they say. Pages
follow that order, so a block that arrives between two pages is in the later one if its spans started later.

A trace is kept as serialised spans, never as messages: 100,000 spans as upb messages would fill a function.
"""

import hashlib
import struct
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from chalicelib.codecs.otlp.envelopes import FRAME_BYTES, Section, resource_envelope, scope_envelope, traces_data
from chalicelib.codecs.otlp.messages import TracesData

_MOMENT = struct.Struct(">Q8s")  # start time and span id; compares as bytes in the order of both
_DIGEST_BYTES = 16
POSITION_BYTES = _MOMENT.size + _DIGEST_BYTES


class Entry(NamedTuple):
    """One span of a merged trace: when it started and its id, the number of its section, and its bytes."""

    moment: bytes
    section: int
    span: bytes


@dataclass(frozen=True)
class Merged:
    """A whole trace: the sections by their bytes, the entries in the order of pages, no two of them alike."""

    sections: tuple[Section, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Form:
    """What an answer is made of: `encode` gives its bytes, `expansion` guesses them per byte of protobuf.

    A guess that is too low costs a second encoding, one that is too high makes smaller pages; nothing else.
    """

    encode: Callable[[TracesData], bytes]
    expansion: float


@dataclass(frozen=True, kw_only=True)
class Page:
    """The spans of one page, as a message and as `body` encoded, and the position after which the next one starts.

    `position` is None when there was nothing after this page. A page without spans has that too.
    """

    message: TracesData
    body: bytes
    span_count: int
    position: bytes | None


def merge(payloads: Iterable[bytes]) -> Merged:
    """The spans of all payloads (serialised TracesData), each once. Reads one payload at a time.

    Two spans are the same if their bytes are, and those of their resource and scope. Raises DecodeError for bytes
    that no block was ever made of.
    """
    found: dict[Section, dict[bytes, bytes]] = {}
    for payload in payloads:
        message = TracesData.FromString(payload)
        for resource_spans in message.resource_spans:
            resource = resource_envelope(resource_spans)
            for scope_spans in resource_spans.scope_spans:
                moments = found.setdefault(Section(resource, scope_envelope(scope_spans)), {})
                for span in scope_spans.spans:
                    moments[span.SerializeToString()] = _MOMENT.pack(span.start_time_unix_nano, span.span_id)
    sections = tuple(sorted(found))
    entries = [
        Entry(moment, number, span)
        for number, section in enumerate(sections)
        for span, moment in found.pop(section).items()
    ]
    entries.sort(key=itemgetter(0))
    return Merged(sections, tuple(_ties_settled(sections, entries)))


def _ties_settled(sections: tuple[Section, ...], entries: list[Entry]) -> Iterator[Entry]:
    for _, same_moment in groupby(entries, key=itemgetter(0)):
        tied = list(same_moment)
        yield from tied if len(tied) == 1 else sorted(tied, key=lambda entry: _digest(sections, entry))


def _digest(sections: tuple[Section, ...], entry: Entry) -> bytes:
    """Tells `entry` from every other of its moment, also from those that nobody has sent yet."""
    digest = hashlib.sha256()
    for part in (*sections[entry.section], entry.span):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()[:_DIGEST_BYTES]


def whole(merged: Merged) -> TracesData:
    """The trace as one message: resources by their bytes, scopes within, spans within by start time and id.

    Whatever blocks brought the spans, the same spans give the same bytes.
    """
    return _message(merged, 0, len(merged.entries))


def chunks(merged: Merged, span_count: int) -> Iterator[TracesData]:
    """The trace in messages of up to `span_count` spans, for a reader who need not have them all at once."""
    for start in range(0, len(merged.entries), span_count):
        yield _message(merged, start, min(start + span_count, len(merged.entries)))


def page(merged: Merged, after: bytes | None, budget_bytes: int, form: Form) -> Page:
    """The page that starts after the position `after` (None: at the beginning), of at most `budget_bytes` as encoded.

    One span is always on it, if there is any left, even if that alone passes the budget. The pages of a trace
    together are the trace: every span once, whatever the budgets were.
    """
    start = 0 if after is None else _index_after(merged, after)
    end = _guessed_end(merged, start, budget_bytes / form.expansion)
    while True:
        message = _message(merged, start, end)
        body = form.encode(message)
        if len(body) <= budget_bytes or end - start <= 1:
            break
        end = start + max(1, min(end - start - 1, int((end - start) * 0.9 * budget_bytes / len(body))))
    position = _position(merged, end - 1) if end < len(merged.entries) else None
    return Page(message=message, body=body, span_count=end - start, position=position)


def _position(merged: Merged, index: int) -> bytes:
    entry = merged.entries[index]
    return entry.moment + _digest(merged.sections, entry)


def _index_after(merged: Merged, position: bytes) -> int:
    """The first entry that sorts after `position`, whether or not the entry it was made of is still there."""
    moment, digest = position[: _MOMENT.size], position[_MOMENT.size :]
    index = bisect_left(merged.entries, moment, key=itemgetter(0))
    while index < len(merged.entries) and merged.entries[index].moment == moment:
        if _digest(merged.sections, merged.entries[index]) > digest:
            break
        index += 1
    return index


def _guessed_end(merged: Merged, start: int, protobuf_bytes: float) -> int:
    """Where a page from `start` ends that is at most `protobuf_bytes` as protobuf, but has a span if one is left."""
    shown: set[int] = set()
    size = 0
    for index in range(start, len(merged.entries)):
        _, number, span = merged.entries[index]
        size += len(span) + FRAME_BYTES
        if number not in shown:
            shown.add(number)
            size += merged.sections[number].overhead_bytes
        if size > protobuf_bytes:
            return max(index, start + 1)
    return len(merged.entries)


def _message(merged: Merged, start: int, end: int) -> TracesData:
    spans: dict[int, list[bytes]] = {}
    for index in range(start, end):
        _, number, span = merged.entries[index]
        spans.setdefault(number, []).append(span)
    return TracesData.FromString(traces_data((merged.sections[number], spans[number]) for number in sorted(spans)))
