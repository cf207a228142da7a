"""The JSON of traces that Jaeger's UI, and Grafana, read, and that people save from there (internal/uimodel).

A trace id has 16 digits where its high half is zero, else 32. Numbers that JavaScript cannot hold are strings, their
type unchanged; lists are empty rather than null, but for warnings.
"""

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.codecs.jaeger import DIALECT
from chalicelib.codecs.jaeger.adjusters import Row
from chalicelib.codecs.jaeger.from_otlp import Reading
from chalicelib.codecs.jaeger.params import trace_id as read_trace_id
from chalicelib.codecs.jaeger.span import (
    CHILD_OF,
    REFERENCE_TYPES,
    JaegerSpan,
    Log,
    Process,
    Reference,
    Tag,
    TagValue,
    checked,
    with_parent,
)
from chalicelib.model.errors import PayloadError

SAFE_INTEGER = (1 << 53) - 1
TYPES = {str: "string", bool: "bool", int: "int64", float: "float64", bytes: "binary"}
_INT64 = 1 << 63
_NO_HIGH_BITS = "0" * 16

_encode = msgspec.json.Encoder().encode


def write_trace(rows: Iterable[Row]) -> msgspec.Raw:
    """One trace, of one span at least."""
    writing = _Writing()
    spans = [writing.span(row) for row in rows]
    return msgspec.Raw(
        _encode({
            "traceID": writing.trace_id,
            "spans": spans,
            "processes": writing.processes,
            "warnings": None,
        })
    )  # fmt: skip


def shown_trace_id(trace_id: str) -> str:
    """16 digits where the high half says nothing."""
    return trace_id.removeprefix(_NO_HIGH_BITS) if len(trace_id) > len(_NO_HIGH_BITS) else trace_id


class _Writing:
    def __init__(self) -> None:
        self.processes: dict[str, Mapping[str, Any]] = {}
        self.trace_id = ""
        self._reading = Reading()
        self._names: dict[bytes, str] = {}
        self._known: dict[int, tuple[Process, str]] = {}

    def span(self, row: Row) -> msgspec.Raw:
        span = self._reading.span(row.span)
        self.trace_id = self.trace_id or shown_trace_id(span.trace_id)
        told: dict[str, Any] = {"traceID": shown_trace_id(span.trace_id), "spanID": span.span_id}
        if span.flags:
            told["flags"] = span.flags
        told |= {
            "operationName": span.operation_name,
            "references": [_reference(one) for one in span.references],
            "startTime": span.start_us,
            "duration": span.duration_us,
            "tags": _tags(span.tags),
            "logs": [{"timestamp": log.timestamp_us, "fields": _tags(log.fields)} for log in span.logs],
            "processID": self._process(span.process),
            "warnings": row.warnings or None,
        }
        return msgspec.Raw(_encode(told))  # bytes at once: the dicts of a large trace keep the collector busy

    def _process(self, process: Process) -> str:
        known = self._known.get(id(process))
        if known is None:
            told = {"serviceName": process.service_name, "tags": _tags(process.tags)}
            name = self._names.setdefault(_encode(told), f"p{len(self._names) + 1}")
            self.processes[name] = told
            known = self._known[id(process)] = process, name
        return known[1]


def _reference(reference: Reference) -> dict[str, str]:
    kind, trace_id, span_id = reference
    return {"refType": kind, "traceID": shown_trace_id(trace_id), "spanID": span_id}


def _tags(tags: Sequence[Tag]) -> list[dict[str, Any]]:
    return [{"key": tag.key, "type": TYPES[type(tag.value)], "value": _shown(tag.value)} for tag in tags]


def _shown(value: TagValue) -> TagValue:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "+Inf"}.get(str(value), "-Inf")  # JSON has no such number
    return value


class _Tag(msgspec.Struct):
    key: str
    value: Any = None
    type: str = "string"


class _Log(msgspec.Struct):
    timestamp: int
    fields: list[_Tag] = []


class _Reference(msgspec.Struct, rename={"ref_type": "refType", "trace_id": "traceID", "span_id": "spanID"}):
    trace_id: str
    span_id: str
    ref_type: str = CHILD_OF


class _Process(msgspec.Struct, rename="camel"):
    service_name: str = ""
    tags: list[_Tag] | None = None


class _Span(
    msgspec.Struct,
    rename={
        "trace_id": "traceID", "span_id": "spanID", "parent_span_id": "parentSpanID", "process_id": "processID",
        "operation_name": "operationName", "start_time": "startTime",
    },
):  # fmt: skip
    trace_id: str
    span_id: str
    start_time: int
    operation_name: str = ""
    process_id: str = ""
    parent_span_id: str = ""
    flags: int = 0
    duration: int = 0
    references: list[_Reference] | None = None
    tags: list[_Tag] | None = None
    logs: list[_Log] | None = None
    process: _Process | None = None


class _Trace(msgspec.Struct):
    spans: list[_Span]
    processes: dict[str, _Process] = {}


class _Document(msgspec.Struct):
    data: list[_Trace]


_DECODE = msgspec.json.Decoder(_Document).decode


def read_traces(body: bytes) -> list[list[JaegerSpan]]:
    """The traces of a document that the API answered or the UI saved. Raises PayloadError, which says where."""
    try:
        document = _DECODE(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(DIALECT, f"cannot read Jaeger's JSON: {error}") from error
    return [_read_trace(trace) for trace in document.data]


def _read_trace(trace: _Trace) -> list[JaegerSpan]:
    processes = {name: _read_process(process) for name, process in trace.processes.items()}
    return [_numbered(number, span, processes) for number, span in enumerate(trace.spans)]


def _numbered(number: int, span: _Span, processes: Mapping[str, Process]) -> JaegerSpan:
    try:
        return checked(_read_span(span, processes))
    except (PayloadError, ValueError) as error:
        raise PayloadError(DIALECT, f"span {number}: {error}") from error


def _read_span(span: _Span, processes: Mapping[str, Process]) -> JaegerSpan:
    trace_id = read_trace_id(span.trace_id)
    references = [_read_reference(one) for one in span.references or ()]
    own = processes.get(span.process_id)
    return JaegerSpan(
        trace_id=trace_id,
        span_id=_span_id(span.span_id),
        operation_name=span.operation_name,
        references=with_parent(references, trace_id, _span_id(span.parent_span_id or "0")),
        flags=_int64(span.flags),
        start_us=span.start_time,
        duration_us=span.duration,
        tags=_read_tags(span.tags),
        logs=tuple([Log(log.timestamp, _read_tags(log.fields)) for log in span.logs or ()]),
        process=own if own is not None else _read_process(span.process or _Process()),
    )


def _read_reference(one: _Reference) -> Reference:
    if one.ref_type not in REFERENCE_TYPES:
        raise ValueError(f"{one.ref_type[:64]!r} is no type of a reference")
    return Reference(one.ref_type, read_trace_id(one.trace_id), _span_id(one.span_id))


def _read_process(process: _Process) -> Process:
    return Process(process.service_name, _read_tags(process.tags))


def _read_tags(tags: Sequence[_Tag] | None) -> tuple[Tag, ...]:
    return tuple([Tag(tag.key, _read_value(tag)) for tag in tags or ()])


def _read_value(tag: _Tag) -> TagValue:
    read = _READ.get(tag.type.lower())
    if read is None:
        raise ValueError(f"tag {tag.key[:64]!r} is of type {tag.type[:64]!r}, which there is not")
    try:
        return read(tag.value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the value of tag {tag.key[:64]!r} is no {tag.type}") from error


def _span_id(text: str) -> str:
    if not 0 < len(text) <= 16 or not all(digit in "0123456789abcdefABCDEF" for digit in text):
        raise ValueError(f"{text[:64]!r} is not a span id of up to 16 hex digits")
    return text.lower().zfill(16)


def _int64(value: Any) -> int:
    number = int(value) if isinstance(value, str) and len(value) <= 20 else value  # a sign, digits
    if type(number) is not int or not -_INT64 <= number < _INT64:
        raise ValueError(f"{str(value)[:64]!r} is not a whole number of 64 bits")
    return number


def _float64(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    return float(value)


def _truth(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else _encode(value).decode()
    return value


def _binary(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


_READ: Mapping[str, Callable[[Any], TagValue]] = {
    "string": _text,
    "bool": _truth,
    "int64": _int64,
    "float64": _float64,
    "binary": _binary,
}
