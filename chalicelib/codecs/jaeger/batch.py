"""A Thrift Batch, which Jaeger's clients post as a bare struct, in TBinaryProtocol or TCompactProtocol.

Format: jaegertracing/jaeger-idl, thrift/jaeger.thrift. jaeger-client-node writes every field of a tag, with zeros in
those that it does not use, and others leave out the one that would be empty: the value is chosen by vType alone. A
span may name its parent and refer to it as well.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.codecs.jaeger import DIALECT
from chalicelib.codecs.jaeger.span import (
    REFERENCE_TYPES,
    JaegerSpan,
    Log,
    Process,
    Reference,
    Tag,
    checked,
    with_parent,
)
from chalicelib.codecs.thrift.reader import BinaryReader, CompactReader
from chalicelib.codecs.thrift.schema import BOOL, BYTES, DOUBLE, I32, I64, LIST, STRUCT, TEXT, Field, ListOf, Struct
from chalicelib.model.errors import PayloadError

TAG = Struct(
    "Tag",
    {
        1: Field("key", TEXT, required=True),
        2: Field("v_type", I32, required=True),
        3: Field("v_str", TEXT),
        4: Field("v_double", DOUBLE),
        5: Field("v_bool", BOOL),
        6: Field("v_long", I64),
        7: Field("v_binary", BYTES),
    },
)
LOG = Struct("Log", {1: Field("timestamp", I64, required=True), 2: Field("fields", ListOf(TAG))})
SPAN_REF = Struct(
    "SpanRef",
    {
        1: Field("ref_type", I32, required=True),
        2: Field("trace_id_low", I64, required=True),
        3: Field("trace_id_high", I64),
        4: Field("span_id", I64, required=True),
    },
)
SPAN = Struct(
    "Span",
    {
        1: Field("trace_id_low", I64, required=True),
        2: Field("trace_id_high", I64),
        3: Field("span_id", I64, required=True),
        4: Field("parent_span_id", I64),
        5: Field("operation_name", TEXT),
        6: Field("references", ListOf(SPAN_REF)),
        7: Field("flags", I32),
        8: Field("start_time", I64, required=True),
        9: Field("duration", I64),
        10: Field("tags", ListOf(TAG)),
        11: Field("logs", ListOf(LOG)),
    },
)
PROCESS = Struct("Process", {1: Field("service_name", TEXT, required=True), 2: Field("tags", ListOf(TAG))})
BATCH = Struct("Batch", {1: Field("process", PROCESS, required=True), 2: Field("spans", ListOf(SPAN))})

VALUES = (("v_str", ""), ("v_double", 0.0), ("v_bool", False), ("v_long", 0), ("v_binary", b""))  # by vType

_UNSIGNED = (1 << 64) - 1
_BINARY_BEGINS = tuple(bytes((wire, 0)) for wire in (STRUCT, LIST, 0))  # a type, and the high byte of a field's number


def read(body: bytes) -> list[JaegerSpan]:
    """The spans of a batch, in either protocol. Raises PayloadError, which says where."""
    reader = (BinaryReader if is_binary(body) else CompactReader)(body, DIALECT)
    batch = reader.struct(BATCH)
    reader.end()
    process = Process(batch["process"]["service_name"], _tags(batch["process"]))
    return [_numbered(number, span, process) for number, span in enumerate(batch.get("spans", ()))]


def is_binary(body: bytes) -> bool:
    """Whether a struct begins as TBinaryProtocol has it; a compact one that begins so has no order."""
    return body[:2] in _BINARY_BEGINS or len(body) < len(_BINARY_BEGINS[0])


def _numbered(number: int, raw: Mapping[str, Any], process: Process) -> JaegerSpan:
    try:
        return checked(_span(raw, process))
    except PayloadError as error:
        raise PayloadError(DIALECT, f"span {number}: {error.detail}") from error


def _span(raw: Mapping[str, Any], process: Process) -> JaegerSpan:
    trace_id = _trace_id(raw)
    references = [_reference(one) for one in raw.get("references", ())]
    return JaegerSpan(
        trace_id=trace_id,
        span_id=_id(raw["span_id"]),
        operation_name=raw.get("operation_name", ""),
        references=with_parent(references, trace_id, _id(raw.get("parent_span_id", 0))),
        flags=raw.get("flags", 0),
        start_us=raw["start_time"],
        duration_us=raw.get("duration", 0),
        tags=_tags(raw),
        logs=tuple([Log(log["timestamp"], _tags(log, "fields")) for log in raw.get("logs", ())]),
        process=process,
    )


def _reference(raw: Mapping[str, Any]) -> Reference:
    number = raw["ref_type"]
    if not 0 <= number < len(REFERENCE_TYPES):
        raise PayloadError(DIALECT, f"{number} is no type of a reference")
    return Reference(REFERENCE_TYPES[number], _trace_id(raw), _id(raw["span_id"]))


def _tags(raw: Mapping[str, Any], name: str = "tags") -> tuple[Tag, ...]:
    return tuple([_tag(one) for one in raw.get(name, ())])


def _tag(raw: Mapping[str, Any]) -> Tag:
    v_type = raw["v_type"]
    if not 0 <= v_type < len(VALUES):
        raise PayloadError(DIALECT, f"tag {raw['key'][:64]!r} has a value of type {v_type}, which there is not")
    field, zero = VALUES[v_type]
    return Tag(raw["key"], raw.get(field, zero))


def _trace_id(raw: Mapping[str, Any]) -> str:
    return _id(raw.get("trace_id_high", 0)) + _id(raw["trace_id_low"])


def _id(signed: int) -> str:
    return f"{signed & _UNSIGNED:016x}"
