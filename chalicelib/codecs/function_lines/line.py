"""What a line of a function's log said."""

import msgspec

from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.model.span import Span


class Spans(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of one part of a batch; each part can be read alone, in any order, and may come more than once.

    `part` is its number, from 1, and how many there are: a number that never comes was lost. `is_last`: the function
    writes no more of this invocation. Of other writers than ours `request_id` and `batch` are "", `is_last` false.
    """

    decoded: Decoded
    request_id: str = ""
    is_last: bool = False
    part: tuple[int, int] = (1, 1)
    batch: str = ""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """An invocation has begun; `span` is its span, open (`end_ns` 0), with the attributes known by then."""

    span: Span
    request_id: str
    batch: str = ""


Line = Spans | Start
