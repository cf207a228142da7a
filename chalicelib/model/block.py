"""The unit that stores keep: the spans that one post brought for one trace."""

import msgspec


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Some spans of one trace.

    `payload` is a serialised OTLP TracesData (opentelemetry-proto, trace.proto), uncompressed; the same spans in
    the same order give the same bytes, so a store may name a block by their digest. `span_count` is at least 1.
    """

    trace_id: str
    payload: bytes
    span_count: int
