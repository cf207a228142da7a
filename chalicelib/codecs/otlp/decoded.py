"""What a posted body turned into, whichever encoding it came in."""

import msgspec

from chalicelib.codecs.otlp.messages import TracesData

DIALECT = "otlp"

# upb reads and writes at most 100 messages inside each other. An event's attribute lies 6 deep, and each kvlist
# around a value takes 3 more: a value in 31 of them still fits. So this is the deepest nesting that we could store
# and read again, whatever the settings say.
DEEPEST_NESTING = 32


class Rejection(msgspec.Struct, frozen=True):
    """One span that was lost, and why, in words for its sender: `resourceSpans[0].scopeSpans[2].spans[7]: …`."""

    reason: str


class Decoded(msgspec.Struct, frozen=True):
    """The readable spans of a body, each lost one, and a note on whatever was mended without losing a span.

    Ids are as sent: of any length, zero or empty. Judging them is the collector's part.
    """

    message: TracesData
    rejections: tuple[Rejection, ...] = ()
    repairs: tuple[str, ...] = ()


def nesting_limit(max_depth: int) -> int:
    """`max_depth` as far as we can keep the promise. A scalar value has depth 1, a list of scalars 2."""
    return min(max_depth, DEEPEST_NESTING)
