"""Zipkin v2 protobuf: `ListOfSpans` of zipkin.proto (openzipkin/zipkin-api), read by protobuf's own parser.

The messages are described here, field by field, in a pool of their own: their generated module would clash with that
of any client in the same process (opentelemetry-exporter-zipkin-proto-http and py_zipkin clash with each other so).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from chalicelib.codecs.otlp.protobuf_parts import check_density
from chalicelib.codecs.otlp.varints import BrokenMessageError
from chalicelib.codecs.zipkin import DIALECT, MAX_VALUES
from chalicelib.codecs.zipkin.span import KINDS, Annotation, Endpoint, ZipkinSpan, endpoint_of, span_of
from chalicelib.model.errors import PayloadError

_FIELD = descriptor_pb2.FieldDescriptorProto
_ENDPOINT, _ANNOTATION, _TAG, _SPAN = ".zipkin.Endpoint", ".zipkin.Annotation", ".zipkin.Span.TagsEntry", ".zipkin.Span"

# Message -> (number, name, type, type name of a message, repeated). A kind is read as its number: the enum is open.
_MESSAGES: dict[str, tuple[tuple[int, str, int, str, bool], ...]] = {
    "Endpoint": (
        (1, "service_name", _FIELD.TYPE_STRING, "", False),
        (2, "ipv4", _FIELD.TYPE_BYTES, "", False),
        (3, "ipv6", _FIELD.TYPE_BYTES, "", False),
        (4, "port", _FIELD.TYPE_INT32, "", False),
    ),
    "Annotation": ((1, "timestamp", _FIELD.TYPE_FIXED64, "", False), (2, "value", _FIELD.TYPE_STRING, "", False)),
    "Span": (
        (1, "trace_id", _FIELD.TYPE_BYTES, "", False),
        (2, "parent_id", _FIELD.TYPE_BYTES, "", False),
        (3, "id", _FIELD.TYPE_BYTES, "", False),
        (4, "kind", _FIELD.TYPE_INT32, "", False),
        (5, "name", _FIELD.TYPE_STRING, "", False),
        (6, "timestamp", _FIELD.TYPE_FIXED64, "", False),
        (7, "duration", _FIELD.TYPE_UINT64, "", False),
        (8, "local_endpoint", _FIELD.TYPE_MESSAGE, _ENDPOINT, False),
        (9, "remote_endpoint", _FIELD.TYPE_MESSAGE, _ENDPOINT, False),
        (10, "annotations", _FIELD.TYPE_MESSAGE, _ANNOTATION, True),
        (11, "tags", _FIELD.TYPE_MESSAGE, _TAG, True),
        (12, "debug", _FIELD.TYPE_BOOL, "", False),
        (13, "shared", _FIELD.TYPE_BOOL, "", False),
    ),
    "ListOfSpans": ((1, "spans", _FIELD.TYPE_MESSAGE, _SPAN, True),),
}
_ENTRY = ((1, "key", _FIELD.TYPE_STRING, "", False), (2, "value", _FIELD.TYPE_STRING, "", False))


def read(body: bytes) -> list[ZipkinSpan]:
    """The spans of a ListOfSpans, in its order. Raises PayloadError, which names the first bad span."""
    message = list_of_spans()()
    try:
        check_density(body, message.DESCRIPTOR, MAX_VALUES)
        message.ParseFromString(body)
    except (DecodeError, BrokenMessageError) as error:
        raise PayloadError(DIALECT, f"Cannot read PROTO3 spans: {error}") from error
    return [_numbered(number, span) for number, span in enumerate(message.spans)]


@cache
def list_of_spans() -> Callable[[], Any]:
    """The message class of a body."""
    file = descriptor_pb2.FileDescriptorProto(name="zipkin.proto", package="zipkin", syntax="proto3")
    for name, fields in _MESSAGES.items():
        _describe(file.message_type.add(name=name), fields)
    span = next(message for message in file.message_type if message.name == "Span")
    entry = span.nested_type.add(name="TagsEntry")
    entry.options.map_entry = True
    _describe(entry, _ENTRY)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("zipkin.ListOfSpans"))


def _describe(message: descriptor_pb2.DescriptorProto, fields: tuple[tuple[int, str, int, str, bool], ...]) -> None:
    for number, name, kind, of, repeated in fields:
        label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
        message.field.add(number=number, name=name, type=kind, type_name=of or None, label=label)


def _numbered(number: int, span: Any) -> ZipkinSpan:
    try:
        return _span(span)
    except PayloadError as error:
        raise PayloadError(DIALECT, f"Cannot read PROTO3 spans: {error.detail} at spans[{number}]") from error


def _span(span: Any) -> ZipkinSpan:
    return span_of(
        trace_id=span.trace_id.hex(),
        id=span.id.hex(),
        parent_id=span.parent_id.hex(),
        kind=_kind(span.kind),
        name=span.name,
        timestamp=span.timestamp,
        duration=span.duration,
        local_endpoint=_endpoint(span.local_endpoint) if span.HasField("local_endpoint") else None,
        remote_endpoint=_endpoint(span.remote_endpoint) if span.HasField("remote_endpoint") else None,
        annotations=[Annotation(one.timestamp, one.value) for one in span.annotations],
        tags=dict(span.tags),
        debug=span.debug,
        shared=span.shared,
    )


def _kind(number: int) -> str | None:
    """Zipkin reads a number that it does not know as none."""
    return KINDS[number - 1] if 1 <= number <= len(KINDS) else None


def _endpoint(endpoint: Any) -> Endpoint | None:
    return endpoint_of(endpoint.service_name, (endpoint.ipv4, endpoint.ipv6), endpoint.port)
