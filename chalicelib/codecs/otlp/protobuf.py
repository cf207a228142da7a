"""OTLP protobuf bodies. upb does the work; wire.py mends what upb refuses, span by span.

A body as real senders write it costs one parse (0.6 µs for a span of ten attributes) and two scans of its bytes
(0.5 µs), for two things that upb would take without a word: values nested too deep, and the old name of scopeSpans.
A body made by hand to get past the first scan (see nesting.py) is bounded by upb's own limit: 48 nested lists, 32
nested maps, which everything that reads the stored bytes can bear.
"""

from collections.abc import Iterator

from chalicelib.codecs.otlp.decoded import DIALECT, Decoded, nesting_limit
from chalicelib.codecs.otlp.messages import DEPRECATED_SCOPE_SPANS, DecodeError, Message, TracesData
from chalicelib.codecs.otlp.nesting import may_nest_deeper
from chalicelib.codecs.otlp.parts import PART_BYTES, Allowance, mending_allowance, numbered
from chalicelib.codecs.otlp.varints import BrokenMessageError
from chalicelib.model.errors import PayloadError

_DEPRECATED_TAG = b"\xc2\x3e"  # field 1000, length-delimited


def decode(payload: bytes, max_depth: int) -> Decoded:
    """The spans of an ExportTraceServiceRequest (or TracesData: the wire form is the same).

    No bytes at all are a request without spans. Text that is not UTF-8 gets U+FFFD for its bad bytes, a span that
    cannot be read or nests a value deeper than `max_depth` is rejected alone, and a resource or scope attribute
    nested deeper keeps its key and loses its value. Raises PayloadError when the envelope around the spans is broken.
    """
    return _decoded(payload, nesting_limit(max_depth), mending_allowance())


def decode_in_parts(payload: bytes, max_depth: int) -> Iterator[Decoded]:
    """`decode`, in parts that take a bounded amount of memory each if one comes after the other; see parts.py.

    Raises PayloadTooLarge for a body that no sender makes, of more pieces than can be read.
    """
    if len(payload) <= PART_BYTES:
        yield decode(payload, max_depth)
        return
    from chalicelib.codecs.otlp.protobuf_parts import split  # noqa: PLC0415  # rarely needed

    allowance = mending_allowance()
    try:
        for number, part in enumerate(split(payload), 1):
            yield numbered(_decoded(part, nesting_limit(max_depth), allowance), number)
    except BrokenMessageError as broken:
        raise PayloadError(DIALECT, f"not an OTLP protobuf message: {broken}") from broken


def encode(message: Message) -> bytes:
    """`message` as bytes; equal messages give equal bytes."""
    return message.SerializeToString(deterministic=True)


def _decoded(payload: bytes, depth: int, allowance: Allowance) -> Decoded:
    try:
        message = TracesData.FromString(payload)
    except DecodeError:
        return _walked(payload, depth, allowance)  # finds out what it is, and whether a span alone is to blame
    if may_nest_deeper(payload, depth) or _has_deprecated_spans(message, payload):
        return _walked(payload, depth, allowance)
    return Decoded(message)


def _walked(payload: bytes, max_depth: int, allowance: Allowance) -> Decoded:
    from chalicelib.codecs.otlp import wire  # noqa: PLC0415  # rarely needed

    try:
        mended = wire.mend(payload, max_depth, allowance)
        message = TracesData.FromString(mended.payload)
    except BrokenMessageError as broken:
        raise PayloadError(DIALECT, f"not an OTLP protobuf message: {broken}") from broken
    except DecodeError as refused:
        raise PayloadError(DIALECT, f"not an OTLP protobuf message: {refused}") from refused
    return Decoded(message, mended.rejections, mended.repairs)


def _has_deprecated_spans(message: TracesData, payload: bytes) -> bool:
    """Whether there are InstrumentationLibrarySpans, which upb keeps as a field it does not know."""
    if _DEPRECATED_TAG not in payload:
        return False
    from google.protobuf.unknown_fields import UnknownFieldSet  # noqa: PLC0415  # rarely needed

    return any(
        field.field_number == DEPRECATED_SCOPE_SPANS
        for resource_spans in message.resource_spans
        for field in UnknownFieldSet(resource_spans)  # type: ignore[attr-defined]  # the stubs forgot __iter__
    )
