"""The protobuf wire format, walked in Python: how a body that upb refuses is read all the same.

upb refuses a whole message for one bad byte of text. Here every field is visited with its descriptor beside it;
text is mended, spans that cannot be read are left out, and all else (unknown fields too) is copied byte for byte,
with the lengths of the enclosing messages put right. A span that upb reads by itself is not walked (7 µs); one that it
refuses costs 100 µs, where upb takes 0.6.

Wire format: protobuf.dev, "Encoding". The Collector, too, reads text without looking whether it is UTF-8, and takes
InstrumentationLibrarySpans for ScopeSpans when there are no others.
"""

from itertools import count
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor

from chalicelib.codecs.otlp.decoded import Rejection
from chalicelib.codecs.otlp.framing import Field, delimited, fields, kinds, rebuilt, without
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
from chalicelib.codecs.otlp.parts import Allowance
from chalicelib.codecs.otlp.varints import BrokenMessageError

_RESOURCE_SPANS = 1  # in TracesData
_RESOURCE, _SCOPE_SPANS = 1, 2  # in ResourceSpans
_SCOPE, _SPANS = 1, 2  # in ScopeSpans
_VALUE = 2  # in KeyValue

_READING_STEPS = 10  # what it costs to ask upb for a span, beside stepping over a field


class TooDeepError(BrokenMessageError):
    """A value nested deeper than the limit."""


class Mended(NamedTuple):
    """A body that upb should read, each span left out of it, and what else was changed in it."""

    payload: bytes
    rejections: tuple[Rejection, ...]
    repairs: tuple[str, ...]


def mend(payload: bytes, max_depth: int, allowance: Allowance) -> Mended:
    """`payload`, a serialised TracesData, as upb can read it.

    Raises BrokenMessageError if its envelope cannot be read, PayloadTooLarge if `allowance` is used up.
    """
    return _Mending(max_depth, allowance).traces(payload)


class _Mending:
    """One walk through one body, and what it came upon."""

    def __init__(self, max_depth: int, allowance: Allowance) -> None:
        self._max_depth = max_depth
        self._allowance = allowance
        self._rejections: list[Rejection] = []
        self._notes: list[str] = []
        self._mended_texts = 0

    def traces(self, payload: bytes) -> Mended:
        number = count()

        def visit(field: Field) -> bytes | None:
            if field.number != _RESOURCE_SPANS:
                return field.body
            return self._resource_spans(field.body, f"resourceSpans[{next(number)}]")

        mended = rebuilt(payload, "the request", self._allowance, visit)
        if self._mended_texts:
            self._notes.append(f"invalid UTF-8 replaced by U+FFFD, strings: {self._mended_texts}")
        return Mended(mended, tuple(self._rejections), tuple(self._notes))

    def _resource_spans(self, data: bytes, path: str) -> bytes:
        number = count()

        def visit(field: Field) -> bytes | None:
            if field.number == _RESOURCE:
                return self._attribute_holder(field.body, Resource.DESCRIPTOR, f"{path}.resource")
            if field.number == _SCOPE_SPANS:
                return self._scope_spans(field.body, f"{path}.scopeSpans[{next(number)}]")
            return self._child(field, ResourceSpans.DESCRIPTOR, 0)

        return rebuilt(self._migrated(data, path), path, self._allowance, visit)

    def _migrated(self, data: bytes, path: str) -> bytes:
        """`data` with InstrumentationLibrarySpans made ScopeSpans, unless there are some of those already."""
        old = [field for field in fields(data, path, self._allowance) if field.number == DEPRECATED_SCOPE_SPANS]
        if not old:
            return data
        if any(field.number == _SCOPE_SPANS for field in fields(data, path, self._allowance)):
            self._notes.append(f"{path}: instrumentationLibrarySpans ignored beside scopeSpans")
            return data
        others = without(data, path, self._allowance, DEPRECATED_SCOPE_SPANS)
        return others + b"".join(delimited(_SCOPE_SPANS, field.body) for field in old)

    def _scope_spans(self, data: bytes, path: str) -> bytes:
        number = count()

        def visit(field: Field) -> bytes | None:
            if field.number == _SCOPE:
                return self._attribute_holder(field.body, InstrumentationScope.DESCRIPTOR, f"{path}.scope")
            if field.number == _SPANS:
                return self._span(field.body, f"{path}.spans[{next(number)}]")
            return self._child(field, ScopeSpans.DESCRIPTOR, 0)

        return rebuilt(data, path, self._allowance, visit)

    def _span(self, data: bytes, path: str) -> bytes | None:
        """The span as upb reads it; None, and a rejection, if there is no such."""
        self._allowance.spend(_READING_STEPS)
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

        def visit(field: Field) -> bytes | None:
            try:
                return self._child(field, descriptor, 0)
            except TooDeepError as deep:
                if field.number != attributes:
                    raise
                self._notes.append(f"{path}.attributes: {deep}; emptied")
                return without(field.body, "KeyValue", self._allowance, _VALUE) + b"\x12\x00"

        return rebuilt(data, path, self._allowance, visit)

    def _message(self, data: bytes, descriptor: Descriptor, depth: int) -> bytes:
        """Any message; `depth` counts the values that it lies in."""
        if descriptor is AnyValue.DESCRIPTOR:
            depth += 1
        if depth > self._max_depth:
            raise TooDeepError(f"a value nested deeper than {self._max_depth}")
        return rebuilt(data, descriptor.name, self._allowance, lambda field: self._child(field, descriptor, depth))

    def _child(self, field: Field, parent: Descriptor, depth: int) -> bytes:
        kind = kinds(parent).get(field.number)
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
        TracesData.FromString(delimited(_RESOURCE_SPANS, delimited(_SCOPE_SPANS, delimited(_SPANS, span))))
    except DecodeError:
        return False
    return True
