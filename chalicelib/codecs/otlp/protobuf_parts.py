"""Cuts a large protobuf body into parts that are each a whole request; parts.py says why."""

from collections.abc import Iterator
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor

from chalicelib.codecs.otlp.framing import delimited, fields, kinds
from chalicelib.codecs.otlp.messages import DEPRECATED_SCOPE_SPANS, ResourceSpans, ScopeSpans, Span, TracesData
from chalicelib.codecs.otlp.parts import MAX_PIECES, PART_BYTES, Allowance, runs, spans_allowance

_Extent = tuple[int, int]  # from the first byte to after the last


class _Level(NamedTuple):
    """A kind of message, and the fields by which it can be cut: the first of them that it has is dealt out."""

    descriptor: Descriptor
    dealt: tuple[int, ...]


_LEVELS = (
    _Level(TracesData.DESCRIPTOR, (1,)),
    _Level(ResourceSpans.DESCRIPTOR, (2, DEPRECATED_SCOPE_SPANS)),
    _Level(ScopeSpans.DESCRIPTOR, (2,)),
    _Level(Span.DESCRIPTOR, ()),
)


def split(payload: bytes) -> Iterator[bytes]:
    """Requests that together have the spans of `payload`, in the same order.

    Raises BrokenMessageError when `payload` cannot be cut because an envelope is broken, and PayloadTooLarge when it
    holds too many things to be read.
    """
    return _split(payload, _LEVELS, spans_allowance())


def _split(message: bytes, levels: tuple[_Level, ...], allowance: Allowance) -> Iterator[bytes]:
    if len(message) <= PART_BYTES:
        yield message
        return
    here, below = levels[0], levels[1:]
    dealt, own = _dealt(message, here, allowance) if here.dealt else (0, [])
    shared = _around(own, message)
    check_density(shared, here.descriptor)
    if not own:
        yield message
    for run in runs(own, _size_bytes):
        taken = b"".join(message[start:end] for start, end in run)
        if len(taken) <= PART_BYTES:
            yield shared + taken
            continue
        [field] = fields(taken, here.descriptor.name, allowance)
        for part in _split(field.body, below, allowance):
            yield shared + delimited(dealt, part)


def _dealt(message: bytes, level: _Level, allowance: Allowance) -> tuple[int, list[_Extent]]:
    """The field by which `message` is cut, and each place where it stands, tag and length included."""
    found: dict[int, list[_Extent]] = {number: [] for number in level.dealt}
    for field in fields(message, level.descriptor.name, allowance):
        if field.number in found:
            found[field.number].append((field.start, field.end))
    return next(((number, own) for number, own in found.items() if own), (0, []))


def _around(own: list[_Extent], message: bytes) -> bytes:
    """`message` without what stands in `own`."""
    ends = [0, *(end for _, end in own)]
    starts = [*(start for start, _ in own), len(message)]
    return b"".join(message[end:start] for end, start in zip(ends, starts, strict=True) if end < start)


def _size_bytes(extent: _Extent) -> int:
    start, end = extent
    return end - start


def check_density(message: bytes, descriptor: Descriptor, most: int = MAX_PIECES) -> None:
    """Raises PayloadTooLarge if a message that cannot be cut is large and holds more than `most` fields.

    Raises BrokenMessageError for what is none.
    """
    if len(message) <= PART_BYTES:
        return
    allowance = Allowance(most, f"values in one {descriptor.name}")
    unseen = [(message, descriptor)]
    while unseen:
        message, descriptor = unseen.pop()
        known = kinds(descriptor)
        for field in fields(message, descriptor.name, allowance):
            kind = known.get(field.number)
            if isinstance(kind, Descriptor):
                unseen.append((field.body, kind))
