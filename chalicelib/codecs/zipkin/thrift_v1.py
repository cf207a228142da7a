"""Zipkin v1 Thrift: a TBinaryProtocol list of zipkincore.Span (openzipkin/zipkin-api, thrift/zipkinCore.thrift)."""

import struct
from collections.abc import Mapping
from typing import Any

from chalicelib.codecs.thrift.reader import BinaryReader
from chalicelib.codecs.thrift.schema import BOOL, BYTES, I16, I32, I64, TEXT, Field, ListOf, Struct
from chalicelib.codecs.zipkin import DIALECT
from chalicelib.codecs.zipkin.span import Endpoint, ZipkinSpan, endpoint_of
from chalicelib.codecs.zipkin.v1 import BinaryAnnotation, V1Annotation, V1Span, convert
from chalicelib.model.errors import PayloadError

ENDPOINT = Struct(
    "Endpoint",
    {1: Field("ipv4", I32), 2: Field("port", I16), 3: Field("service_name", TEXT), 4: Field("ipv6", BYTES)},
)
ANNOTATION = Struct(
    "Annotation",
    {
        1: Field("timestamp", I64, required=True),
        2: Field("value", TEXT, required=True),
        3: Field("endpoint", ENDPOINT),
    },
)
BINARY_ANNOTATION = Struct(
    "BinaryAnnotation",
    {
        1: Field("key", TEXT, required=True),
        2: Field("value", BYTES, required=True),
        3: Field("type", I32, required=True),
        4: Field("endpoint", ENDPOINT),
    },
)
SPAN = Struct(
    "Span",
    {
        1: Field("trace_id", I64, required=True),
        3: Field("name", TEXT),
        4: Field("id", I64, required=True),
        5: Field("parent_id", I64),
        6: Field("annotations", ListOf(ANNOTATION)),
        8: Field("binary_annotations", ListOf(BINARY_ANNOTATION)),
        9: Field("debug", BOOL),
        10: Field("timestamp", I64),
        11: Field("duration", I64),
        12: Field("trace_id_high", I64),
    },
)
SPANS = ListOf(SPAN)

_UNSIGNED = (1 << 64) - 1
_PORT = 0xFFFF
_ADDRESS = 0xFFFFFFFF

# AnnotationType -> how its value reads as text. Zipkin keeps the texts alone; the others are kept here too.
_NUMBERS = {2: ">h", 3: ">i", 4: ">q", 5: ">d"}
_BOOL_TYPE, _TEXT_TYPE = 0, 6


def read(body: bytes) -> list[ZipkinSpan]:
    """The spans of a body as v2 spans, each side of each. Raises PayloadError, which says where."""
    reader = BinaryReader(body, DIALECT)
    spans = reader.list_of(SPAN)
    reader.end()
    return [found for number, span in enumerate(spans) for found in _numbered(number, span)]


def _numbered(number: int, span: Mapping[str, Any]) -> list[ZipkinSpan]:
    try:
        return convert(_span(span))
    except PayloadError as error:
        raise PayloadError(DIALECT, f"Cannot read THRIFT spans: {error.detail} at spans[{number}]") from error


def _span(raw: Mapping[str, Any]) -> V1Span:
    high, low = raw.get("trace_id_high", 0) & _UNSIGNED, raw["trace_id"] & _UNSIGNED
    parent_id = raw.get("parent_id", 0) & _UNSIGNED
    return V1Span(
        trace_id=f"{high:016x}{low:016x}" if high else f"{low:016x}",
        id=f"{raw['id'] & _UNSIGNED:016x}",
        parent_id=f"{parent_id:016x}" if parent_id else None,
        name=raw.get("name"),
        timestamp=max(0, raw.get("timestamp", 0)),
        duration=max(0, raw.get("duration", 0)),
        debug=raw.get("debug", False),
        annotations=tuple(map(_annotation, raw.get("annotations", ()))),
        binary_annotations=tuple(map(_binary_annotation, raw.get("binary_annotations", ()))),
    )


def _annotation(raw: Mapping[str, Any]) -> V1Annotation:
    return V1Annotation(raw["timestamp"], raw["value"], _endpoint(raw.get("endpoint")))


def _binary_annotation(raw: Mapping[str, Any]) -> BinaryAnnotation:
    return BinaryAnnotation(raw["key"], _text(raw["type"], raw["value"]), _endpoint(raw.get("endpoint")))


def _endpoint(raw: Mapping[str, Any] | None) -> Endpoint | None:
    if raw is None:
        return None
    ipv4 = raw.get("ipv4", 0) & _ADDRESS
    addresses = (ipv4.to_bytes(4, "big") if ipv4 else None, raw.get("ipv6"))
    return endpoint_of(raw.get("service_name"), addresses, raw.get("port", 0) & _PORT)


def _text(kind: int, value: bytes) -> str:
    if kind == _BOOL_TYPE:
        return "true" if value.strip(b"\0") else "false"
    form = _NUMBERS.get(kind)
    if form is not None and len(value) == struct.calcsize(form):
        return str(struct.unpack(form, value)[0])
    return value.decode("utf-8", "replace") if kind == _TEXT_TYPE else value.hex()
