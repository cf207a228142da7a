"""What may be how big in a block, and who sees to it. How a thing is cut is in cutting.py, which few posts need.

The same span is always cut in the same way, so that a repeated post makes the same block.
"""

from chalicelib.codecs.otlp.envelopes import FRAME_BYTES
from chalicelib.codecs.otlp.messages import ResourceSpans, ScopeSpans, Span

# DynamoDB takes items of 409,600 bytes. zstd adds less than 1 % to what it cannot compress, keys and counts take
# some hundred bytes: a payload of this size is an item in the worst case, and anything above might not be.
LONE_PAYLOAD_BYTES = 360_000
# Envelopes are repeated in every block of the post, so they get less. Attribute limits of SDKs are far below.
ENVELOPE_BYTES = 65_536


class Cutter:
    """Cuts what is too big, and counts the values it has cut or dropped in `cuts`."""

    def __init__(self) -> None:
        self.cuts = 0

    def fit_span(self, span: bytes, envelope_bytes: int) -> bytes:
        """`span`, cut if it and an envelope of `envelope_bytes` would pass LONE_PAYLOAD_BYTES."""
        return self._fit(Span, span, LONE_PAYLOAD_BYTES - envelope_bytes - FRAME_BYTES)

    def fit_resource(self, envelope: bytes) -> bytes:
        """The envelope of a ResourceSpans, cut to ENVELOPE_BYTES."""
        return self._fit(ResourceSpans, envelope, ENVELOPE_BYTES)

    def fit_scope(self, envelope: bytes) -> bytes:
        """The envelope of a ScopeSpans, cut to ENVELOPE_BYTES."""
        return self._fit(ScopeSpans, envelope, ENVELOPE_BYTES)

    def _fit(self, message_type: type[Span | ResourceSpans | ScopeSpans], serialised: bytes, limit_bytes: int) -> bytes:
        if len(serialised) <= limit_bytes:
            return serialised
        from chalicelib.codecs.otlp.cutting import cut  # noqa: PLC0415  # a cold start should not wait for it

        message = message_type.FromString(serialised)
        self.cuts += cut(message, limit_bytes)
        return message.SerializeToString()
