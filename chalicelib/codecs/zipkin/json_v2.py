"""Zipkin v2 JSON: a list of spans.

Zipkin's reader is lenient where msgspec is not: nulls are absent, numbers may stand in quotes, a tag may be a number
or a truth value and becomes its text. Unknown fields are passed over.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from chalicelib.codecs.otlp.json_parts import check_density
from chalicelib.codecs.zipkin import DIALECT, MAX_VALUES
from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, endpoint_of, span_of
from chalicelib.model.errors import PayloadError

Number = int | float | str | None
V1_MARK = b'yAnnotations"'  # of binaryAnnotations, which v2 does not have
NOT_A_LIST = "Expected a JSON_V2 encoded list"


class RawEndpoint(msgspec.Struct, rename="camel"):
    """An endpoint as it is written, in either version."""

    service_name: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    port: Number = None


class _Annotation(msgspec.Struct):
    timestamp: Number = None
    value: str | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str
    id: str
    parent_id: str | None = None
    kind: str | None = None
    name: str | None = None
    timestamp: Number = None
    duration: Number = None
    local_endpoint: RawEndpoint | None = None
    remote_endpoint: RawEndpoint | None = None
    annotations: list[_Annotation] | None = None
    tags: dict[str, str | int | float | bool | None] | None = None
    debug: bool | None = None
    shared: bool | None = None


_DECODE: Callable[[bytes], list[_Span]] = msgspec.json.Decoder(list[_Span]).decode
_ENCODE: Callable[[Any], bytes] = msgspec.json.Encoder().encode


def read(body: bytes) -> list[ZipkinSpan]:
    """The spans of a body, in its order; [] for an empty list. Raises PayloadError, which names the first bad span."""
    if body.lstrip()[:1] != b"[":
        raise PayloadError(DIALECT, NOT_A_LIST)
    if V1_MARK in body:
        raise PayloadError(DIALECT, f"{NOT_A_LIST}, but received: JSON_V1")
    check_density(body, MAX_VALUES, "values")
    try:
        raw = _DECODE(body)
    except msgspec.DecodeError as error:
        raise PayloadError(DIALECT, f"Cannot read JSON_V2 spans: {error}") from error
    return [_numbered(number, span) for number, span in enumerate(raw)]


def write(spans: Sequence[ZipkinSpan]) -> bytes:
    """A list of spans, in this order."""
    return _ENCODE(spans)


def write_one(span: ZipkinSpan) -> bytes:
    """One span."""
    return _ENCODE(span)


def write_traces(traces: Sequence[Sequence[ZipkinSpan]]) -> bytes:
    """A list of lists, as `/api/v2/traces` answers."""
    return _ENCODE(traces)


def number_of(field: str, value: Number) -> int | None:
    """An integer, however it is written. Raises PayloadError for what is none."""
    if value is None or isinstance(value, int):
        return value
    try:
        whole = int(value)
    except (ValueError, OverflowError):
        whole = None
    if whole is None or (isinstance(value, float) and whole != value):
        raise PayloadError(DIALECT, f"{field} {value!r} is not a whole number")
    return whole


def text_of(value: str | int | float | bool) -> str:  # noqa: PYI041  # whatever JSON has for a value
    """What Zipkin's lenient reader makes of a tag's value."""
    return value if isinstance(value, str) else _ENCODE(value).decode()


def _numbered(number: int, span: _Span) -> ZipkinSpan:
    try:
        return _span(span)
    except PayloadError as error:
        raise PayloadError(DIALECT, f"Cannot read JSON_V2 spans: {error.detail} at $[{number}]") from error


def _span(raw: _Span) -> ZipkinSpan:
    return span_of(
        trace_id=raw.trace_id,
        id=raw.id,
        parent_id=raw.parent_id,
        kind=raw.kind,
        name=raw.name,
        timestamp=number_of("timestamp", raw.timestamp),
        duration=number_of("duration", raw.duration),
        local_endpoint=read_endpoint(raw.local_endpoint),
        remote_endpoint=read_endpoint(raw.remote_endpoint),
        annotations=[_annotation(one) for one in raw.annotations] if raw.annotations else (),
        tags=_tags(raw.tags) if raw.tags else None,
        debug=raw.debug,
        shared=raw.shared,
    )


def read_endpoint(raw: RawEndpoint | None) -> Endpoint | None:
    """The endpoint, or None if it says nothing. Raises PayloadError for a port that cannot be."""
    if raw is None:
        return None
    return endpoint_of(raw.service_name, (raw.ipv4, raw.ipv6), number_of("port", raw.port))


def _annotation(raw: _Annotation) -> Annotation:
    timestamp = number_of("timestamp", raw.timestamp)
    if timestamp is None or raw.value is None:
        raise PayloadError(DIALECT, "Incomplete annotation")
    return Annotation(timestamp, raw.value)


def _tags(raw: dict[str, str | int | float | bool | None]) -> dict[str, str]:
    if set(map(type, raw.values())) == {str}:
        return raw  # type: ignore[return-value]
    tags = {}
    for key, value in raw.items():
        if value is None:
            raise PayloadError(DIALECT, f"No value at tags[{key[:64]!r}]")
        tags[key] = value if isinstance(value, str) else text_of(value)
    return tags
