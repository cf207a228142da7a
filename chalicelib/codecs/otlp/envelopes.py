"""TracesData put together from messages that are serialised already, without copying them through objects.

The protobuf encoding of a message is the concatenation of its fields, in any order (protobuf.dev, "Encoding":
Message Structure; Field Order), so a ResourceSpans is its resource and schema URL (here: its envelope) followed by
each ScopeSpans as a field, and a ScopeSpans is its envelope followed by each span as a field. Appending serialised
spans costs a quarter of what appending span messages does, because upb copies a message by way of its bytes.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import NamedTuple

from google.protobuf.unknown_fields import UnknownFieldSet

from chalicelib.codecs.otlp.messages import ResourceSpans, ScopeSpans
from chalicelib.codecs.otlp.varints import write_varint

FRAME_BYTES = 6  # at most: a tag of one byte, and a length of up to 35 bits

# Tags: field number << 3 | 2 (length-delimited).
_RESOURCE_SPANS = b"\x0a"  # TracesData.resource_spans = 1
_SCOPE_SPANS = b"\x12"  # ResourceSpans.scope_spans = 2
_SPANS = b"\x12"  # ScopeSpans.spans = 2

_USUAL_SPAN_BYTES = 1 << 14


class Section(NamedTuple):
    """What the spans of one ScopeSpans share: the envelopes of its resource and its scope, serialised."""

    resource: bytes
    scope: bytes

    @property
    def overhead_bytes(self) -> int:
        """What a payload weighs, at most, before the first span of this section is in it."""
        return len(self.resource) + len(self.scope) + 2 * FRAME_BYTES


def resource_envelope(resource_spans: ResourceSpans) -> bytes:
    """`resource_spans` without its spans, serialised: resource, schema URL, and fields nobody knows yet."""
    envelope = ResourceSpans()
    if len(UnknownFieldSet(resource_spans)):
        envelope.CopyFrom(resource_spans)
        envelope.ClearField("scope_spans")
        return envelope.SerializeToString()
    if resource_spans.HasField("resource"):
        envelope.resource.CopyFrom(resource_spans.resource)
    envelope.schema_url = resource_spans.schema_url
    return envelope.SerializeToString()


def scope_envelope(scope_spans: ScopeSpans) -> bytes:
    """`scope_spans` without its spans, serialised: scope, schema URL, and fields nobody knows yet."""
    envelope = ScopeSpans()
    if len(UnknownFieldSet(scope_spans)):
        envelope.CopyFrom(scope_spans)
        envelope.ClearField("spans")
        return envelope.SerializeToString()
    if scope_spans.HasField("scope"):
        envelope.scope.CopyFrom(scope_spans.scope)
    envelope.schema_url = scope_spans.schema_url
    return envelope.SerializeToString()


def traces_data(sections: Iterable[tuple[Section, Collection[bytes]]]) -> bytes:
    """A TracesData with these serialised spans, in this order; neighbours of one resource share its envelope."""
    resources: list[list[bytes]] = []
    current: bytes | None = None
    for section, spans in sections:
        if section.resource != current:
            current = section.resource
            resources.append([current])
        resources[-1] += _framed(_SCOPE_SPANS, [section.scope, *_framed_spans(spans)])
    return b"".join(part for fields in resources for part in _framed(_RESOURCE_SPANS, fields))


def _framed_spans(spans: Iterable[bytes]) -> Iterable[bytes]:
    for span in spans:
        yield _span_frame(len(span))
        yield span


def _framed(tag: bytes, parts: list[bytes]) -> list[bytes]:
    body = b"".join(parts)
    return [tag + write_varint(len(body)), body]


def _span_frame(size: int) -> bytes:
    return _usual_span_frame(size) if size < _USUAL_SPAN_BYTES else _SPANS + write_varint(size)


@cache
def _usual_span_frame(size: int) -> bytes:
    return _SPANS + write_varint(size)
