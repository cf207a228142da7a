"""Zipkin v1 JSON: a list of spans with annotations and binary annotations."""

from collections.abc import Callable

import msgspec

from chalicelib.codecs.otlp.json_parts import check_density
from chalicelib.codecs.zipkin import DIALECT, MAX_VALUES
from chalicelib.codecs.zipkin.json_v2 import Number, RawEndpoint, number_of, read_endpoint, text_of
from chalicelib.codecs.zipkin.span import ZipkinSpan
from chalicelib.codecs.zipkin.v1 import BinaryAnnotation, V1Annotation, V1Span, convert
from chalicelib.model.errors import PayloadError

V2_MARKS = (b'Endpoint"', b'"tags"')  # of localEndpoint, remoteEndpoint and tags, which v1 does not have
NOT_A_LIST = "Expected a JSON_V1 encoded list"


class _Annotation(msgspec.Struct):
    timestamp: Number = None
    value: str | None = None
    endpoint: RawEndpoint | None = None


class _BinaryAnnotation(msgspec.Struct):
    key: str | None = None
    value: str | int | float | bool | None = None
    endpoint: RawEndpoint | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str
    id: str
    parent_id: str | None = None
    name: str | None = None
    timestamp: Number = None
    duration: Number = None
    debug: bool | None = None
    annotations: list[_Annotation] | None = None
    binary_annotations: list[_BinaryAnnotation] | None = None


_DECODE: Callable[[bytes], list[_Span]] = msgspec.json.Decoder(list[_Span]).decode


def read(body: bytes) -> list[ZipkinSpan]:
    """The spans of a body as v2 spans, each side of each. Raises PayloadError, which names the first bad span."""
    if body.lstrip()[:1] != b"[":
        raise PayloadError(DIALECT, NOT_A_LIST)
    if any(mark in body for mark in V2_MARKS):
        raise PayloadError(DIALECT, f"{NOT_A_LIST}, but received: JSON_V2")
    check_density(body, MAX_VALUES, "values")
    try:
        raw = _DECODE(body)
    except msgspec.DecodeError as error:
        raise PayloadError(DIALECT, f"Cannot read JSON_V1 spans: {error}") from error
    return [found for number, span in enumerate(raw) for found in _numbered(number, span)]


def _numbered(number: int, span: _Span) -> list[ZipkinSpan]:
    try:
        return convert(_span(span))
    except PayloadError as error:
        raise PayloadError(DIALECT, f"Cannot read JSON_V1 spans: {error.detail} at $[{number}]") from error


def _span(raw: _Span) -> V1Span:
    return V1Span(
        trace_id=raw.trace_id,
        id=raw.id,
        parent_id=raw.parent_id,
        name=raw.name,
        timestamp=number_of("timestamp", raw.timestamp) or 0,
        duration=number_of("duration", raw.duration) or 0,
        debug=bool(raw.debug),
        annotations=tuple(map(_annotation, raw.annotations or ())),
        binary_annotations=tuple(map(_binary_annotation, raw.binary_annotations or ())),
    )


def _annotation(raw: _Annotation) -> V1Annotation:
    timestamp = number_of("timestamp", raw.timestamp)
    if timestamp is None or raw.value is None:
        raise PayloadError(DIALECT, "Incomplete annotation")
    return V1Annotation(timestamp, raw.value, read_endpoint(raw.endpoint))


def _binary_annotation(raw: _BinaryAnnotation) -> BinaryAnnotation:
    if raw.key is None or raw.value is None:
        raise PayloadError(DIALECT, "Incomplete binaryAnnotation")
    return BinaryAnnotation(raw.key, text_of(raw.value), read_endpoint(raw.endpoint))
