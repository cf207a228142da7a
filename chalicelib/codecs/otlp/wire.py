"""The protobuf wire format, walked in Python: how a body that upb refuses is read all the same.

upb refuses a whole message for one bad byte of text. Here every field is visited with its descriptor beside it;
text is mended, spans that cannot be read are left out, and all else (unknown fields too) is copied byte for byte,
with the lengths of the enclosing messages put right. A span that upb reads by itself is not walked (7 µs); one that it
refuses costs 100 µs, where upb takes 0.6.

Wire format: protobuf.dev, "Encoding". The Collector, too, reads text without looking whether it is UTF-8, and takes
InstrumentationLibrarySpans for ScopeSpans when there are no others.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chalicelib.codecs.otlp.decoded import Rejection
from chalicelib.codecs.otlp.messages import (
    DEPRECATED_SCOPE_SPANS,
    AnyValue,
    DecodeError,
    InstrumentationScope,
    Resource,
    ResourceSpans,
    ScopeSpans,
    Span,
    TracesData,
)
from chalicelib.codecs.otlp.nesting import may_nest_deeper
from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint, write_varint

_LENGTH, _GROUP, _END_GROUP = 2, 3, 4  # wire types

_RESOURCE_SPANS = 1  # in TracesData
_RESOURCE, _SCOPE_SPANS = 1, 2  # in ResourceSpans
_SCOPE, _SPANS = 1, 2  # in ScopeSpans
_VALUE = 2  # in KeyValue


class TooDeepError(BrokenMessageError):
    """A value nested deeper than the limit."""


class Mended(NamedTuple):
    """A body that upb should read, each span left out of it, and what else was changed in it."""

    payload: bytes
    rejections: tuple[Rejection, ...]
    repairs: tuple[str, ...]


class _Field(NamedTuple):
    """A length-delimited field: its body, and where it stands in its message, tag and length included."""

    number: int
    start: int
    end: int
    body: bytes


def mend(payload: bytes, max_depth: int) -> Mended:
    """`payload`, a serialised TracesData, as upb can read it. Raises BrokenMessageError if its envelope cannot be."""
    return _Mending(max_depth).traces(payload)


class _Mending:
    """One walk through one body, and what it came upon."""

    def __init__(self, max_depth: int) -> None:
        self._max_depth = max_depth
        self._rejections: list[Rejection] = []
        self._notes: list[str] = []
        self._mended_texts = 0

    def traces(self, payload: bytes) -> Mended:
        number = count()

        def visit(field: _Field) -> bytes | None:
            if field.number != _RESOURCE_SPANS:
                return field.body
            return self._resource_spans(field.body, f"resourceSpans[{next(number)}]")

        mended = _rebuilt(payload, "the request", visit)
        if self._mended_texts:
            self._notes.append(f"invalid UTF-8 replaced by U+FFFD, strings: {self._mended_texts}")
        return Mended(mended, tuple(self._rejections), tuple(self._notes))

    def _resource_spans(self, data: bytes, path: str) -> bytes:
        number = count()

        def visit(field: _Field) -> bytes | None:
            if field.number == _RESOURCE:
                return self._attribute_holder(field.body, Resource.DESCRIPTOR, f"{path}.resource")
            if field.number == _SCOPE_SPANS:
                return self._scope_spans(field.body, f"{path}.scopeSpans[{next(number)}]")
            return self._child(field, ResourceSpans.DESCRIPTOR, 0)

        return _rebuilt(self._migrated(data, path), path, visit)

    def _migrated(self, data: bytes, path: str) -> bytes:
        """`data` with InstrumentationLibrarySpans made ScopeSpans, unless there are some of those already."""
        old = [field for field in _fields(data, path) if field.number == DEPRECATED_SCOPE_SPANS]
        if not old:
            return data
        if any(field.number == _SCOPE_SPANS for field in _fields(data, path)):
            self._notes.append(f"{path}: instrumentationLibrarySpans ignored beside scopeSpans")
            return data
        others = _rebuilt(data, path, lambda field: None if field.number == DEPRECATED_SCOPE_SPANS else field.body)
        return others + b"".join(_delimited(_SCOPE_SPANS, field.body) for field in old)

    def _scope_spans(self, data: bytes, path: str) -> bytes:
        number = count()

        def visit(field: _Field) -> bytes | None:
            if field.number == _SCOPE:
                return self._attribute_holder(field.body, InstrumentationScope.DESCRIPTOR, f"{path}.scope")
            if field.number == _SPANS:
                return self._span(field.body, f"{path}.spans[{next(number)}]")
            return self._child(field, ScopeSpans.DESCRIPTOR, 0)

        return _rebuilt(data, path, visit)

    def _span(self, data: bytes, path: str) -> bytes | None:
        """The span as upb reads it; None, and a rejection, if there is no such."""
        if _is_readable(data) and not may_nest_deeper(data, self._max_depth):
            return data
        texts_before = self._mended_texts
        try:
            mended = self._message(data, Span.DESCRIPTOR, 0)
        except BrokenMessageError as broken:
            reason = str(broken)
        else:
            if _is_readable(mended):
                return mended
            reason = "Span cannot be read"
        self._mended_texts = texts_before
        self._rejections.append(Rejection(f"{path}: {reason}"))
        return None

    def _attribute_holder(self, data: bytes, descriptor: Descriptor, path: str) -> bytes:
        """A resource or scope. Many spans share it, so a value too deep is emptied rather than any span lost."""
        attributes = descriptor.fields_by_name["attributes"].number

        def visit(field: _Field) -> bytes | None:
            try:
                return self._child(field, descriptor, 0)
            except TooDeepError as deep:
                if field.number != attributes:
                    raise
                self._notes.append(f"{path}.attributes: {deep}; emptied")
                return _without_value(field.body)

        return _rebuilt(data, path, visit)

    def _message(self, data: bytes, descriptor: Descriptor, depth: int) -> bytes:
        """Any message; `depth` counts the values that it lies in."""
        if descriptor is AnyValue.DESCRIPTOR:
            depth += 1
        if depth > self._max_depth:
            raise TooDeepError(f"a value nested deeper than {self._max_depth}")
        return _rebuilt(data, descriptor.name, lambda field: self._child(field, descriptor, depth))

    def _child(self, field: _Field, parent: Descriptor, depth: int) -> bytes:
        kind = _kinds(parent).get(field.number)
        if kind is None:
            return field.body
        if kind is str:
            return self._text(field.body)
        assert isinstance(kind, Descriptor)
        return self._message(field.body, kind, depth)

    def _text(self, body: bytes) -> bytes:
        try:
            body.decode()
        except UnicodeDecodeError:
            self._mended_texts += 1
            return body.decode(errors="replace").encode()
        return body


def _is_readable(span: bytes) -> bool:
    """Whether upb reads `span` where it stands, three messages deep."""
    try:
        TracesData.FromString(_delimited(_RESOURCE_SPANS, _delimited(_SCOPE_SPANS, _delimited(_SPANS, span))))
    except DecodeError:
        return False
    return True


@cache
def _kinds(descriptor: Descriptor) -> dict[int, Descriptor | type[str]]:
    """What the fields hold that this walk cares for: messages and text, by field number."""
    kinds: dict[int, Descriptor | type[str]] = {}
    for field in descriptor.fields:
        if field.message_type is not None:
            kinds[field.number] = field.message_type
        elif field.type == FieldDescriptor.TYPE_STRING:
            kinds[field.number] = str
    return kinds


def _without_value(key_value: bytes) -> bytes:
    return _rebuilt(key_value, "KeyValue", lambda field: None if field.number == _VALUE else field.body) + b"\x12\x00"


def _rebuilt(data: bytes, name: str, visit: Callable[[_Field], bytes | None]) -> bytes:
    """`data` with the body of each length-delimited field as `visit` answers it; None leaves the field out.

    Answers `data` itself if nothing changed, and copies what did not change in as few pieces as may be.
    """
    parts = []
    copied_to = 0
    for field in _fields(data, name):
        body = visit(field)
        if body is field.body:
            continue
        parts.append(data[copied_to : field.start])
        if body is not None:
            parts.append(_delimited(field.number, body))
        copied_to = field.end
    return b"".join([*parts, data[copied_to:]]) if parts else data


def _fields(data: bytes, name: str) -> Iterator[_Field]:
    """The length-delimited fields of the message `data`, in order; the others are only stepped over.

    Raises BrokenMessageError, which speaks of the message as `name`.
    """
    at = 0
    while at < len(data):
        try:
            tag, body = read_varint(data, at)
            start, end = _extent(data, body, tag)
        except IndexError:
            raise BrokenMessageError(f"{name} is cut short") from None
        if end > len(data):
            raise BrokenMessageError(f"{name} is cut short: field {tag >> 3} ends {end - len(data)} bytes after it")
        if tag & 7 == _LENGTH:
            yield _Field(tag >> 3, at, end, data[start:end])
        at = end


def _extent(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the body after `tag` begins and ends. Raises IndexError where `data` ends too soon."""
    match tag & 7:
        case _ if not tag >> 3:
            raise BrokenMessageError("field number 0")
        case 0:
            return at, read_varint(data, at)[1]
        case 1:
            return at, at + 8
        case 2:
            size, start = read_varint(data, at)
            return start, start + size
        case 3:
            return at, _end_of_group(data, at, tag >> 3)
        case 5:
            return at, at + 4
        case other:
            raise BrokenMessageError(f"wire type {other}")


def _end_of_group(data: bytes, at: int, number: int) -> int:
    """Where the group `number`, unknown to OTLP and so only to be copied, ends with its end tag."""
    open_groups = [number]
    while open_groups:
        tag, at = read_varint(data, at)
        if tag & 7 == _GROUP:
            open_groups.append(tag >> 3)
        elif tag & 7 == _END_GROUP:
            if open_groups.pop() != tag >> 3:
                raise BrokenMessageError("a group ends that did not begin")
        else:
            _, at = _extent(data, at, tag)
    return at


def _delimited(number: int, body: bytes) -> bytes:
    return write_varint(number << 3 | _LENGTH) + write_varint(len(body)) + body
