"""Spans as lines: JSON objects of at most 60,000 bytes, for a log or a queue. codecs/function_lines reads them.

    {"__spanfold":1,"kind":"spans","batch":"<16 hex>","part":[1,1],"request":"…","trace":"<32 hex>","last":true,
     "resource":{…},"spans":[…]}                                        or  "zlib":"<base64 of zlib of the array>"

A line holds whole spans (rows.py) and can be read alone; `part` counts from 1, and a number that never comes tells of
a loss. What is not ASCII is escaped, so a byte is a character, nothing but the end ends the line, and halves of
surrogate pairs are harmless.
"""

import binascii
import json
import zlib

from . import cuts, rows
from .errors import Losses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .port import Batch

# Lambda's pipe has been seen to split lines of 64 KiB.
MAX_LINE_BYTES = 60_000

# An array of at most so much is not packed. Measured with spans of five attributes, 300 bytes each: one takes 295
# bytes plain and 288 packed, two 595 and 348, three 895 and 408, twenty 6,016 and 1,344. Packing takes 55 us of CPU
# for the first three and 79 for twenty; what 250 bytes cost in CloudWatch Logs, at $0.50 a GB, a function of 1 GB costs
# in 7 ms.
PLAIN_BYTES = 400

# Of an array, so that a reader need not unpack more.
MAX_UNPACKED_BYTES = 1_000_000

MAX_RESOURCE_BYTES = 16_000
_KEPT_OF_RESOURCE = 32  # attributes, of the first 256 characters each, if it is longer

_LEVEL = 6
_ROOM_FOR_NUMBERS = 24  # "[12345,12345]"
_ROOM_FOR_KEY = 16  # '"spans":[' and ']'

encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Lines:
    """Lines without line ends, and what became of what did not fit.

    `cut` counts values; what cannot be said in JSON at all is among the `losses`.
    """

    __slots__ = ("cut", "lines", "losses")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.cut = 0
        self.losses = Losses()


def write(
    batch: "Batch", batch_id: str, *, kind: str = "spans", limit_bytes: int = MAX_LINE_BYTES, more: str = ""
) -> Lines:
    """The lines that say all of `batch`; none if it has no spans.

    `batch_id`: 16 hex digits, new for every batch. `kind`: "start" announces an invocation, whose batch is its one
    open span. `more`: members at the end of each object (`,"level":"ERROR"`).
    """
    written = Lines()
    if not batch.spans:
        return written
    trace_id = batch.spans[0].trace_id
    before = f'{{"__spanfold":1,"kind":"{kind}","batch":"{batch_id}","part":'
    after = (
        f',"request":{encode(batch.request_id)},"trace":{encode(trace_id)},"last":{encode(batch.is_last)},'
        f'"resource":{_resource(batch)},'
    )
    room = limit_bytes - len(before) - len(after) - len(more) - _ROOM_FOR_NUMBERS - _ROOM_FOR_KEY
    bodies = list(_bodies(_texts(batch, trace_id, room, written), room))
    for number, body in enumerate(bodies, 1):
        written.lines.append(f"{before}[{number},{len(bodies)}]{after}{body}{more}}}")
    return written


def _resource(batch: "Batch") -> str:
    text = encode(rows.attributes(batch.resource))
    if len(text) <= MAX_RESOURCE_BYTES:
        return text
    return encode({key: str(value)[:256] for key, value in list(batch.resource.items())[:_KEPT_OF_RESOURCE]})


def _texts(batch: "Batch", trace_id: str, room: int, written: Lines) -> "list[str]":
    """Each span in JSON, cut if it does not fit into a line of its own."""
    texts = []
    for span in batch.spans:
        try:
            row = rows.row(span, trace_id)
            text = encode(row)
            if len(text) > room and not _fits_packed(text, room):
                written.cut += cuts.cut(row, room, encode)
                text = encode(row)
        except Exception as error:
            written.losses.add(error)
        else:
            texts.append(text)
    return texts


def _fits_packed(text: str, room: int) -> bool:
    return len(text) + 2 <= MAX_UNPACKED_BYTES and len(_packed(f"[{text}]")) <= room


def _bodies(texts: "list[str]", room: int) -> "Iterator[str]":
    """The spans of each line, in order: all in one line if that holds them, else in as many as it takes."""
    if not texts:
        return
    array = f"[{','.join(texts)}]"
    if len(array) <= min(PLAIN_BYTES, room):
        yield f'"spans":{array}'
        return
    packed = _packed(array) if len(array) <= MAX_UNPACKED_BYTES else ""
    if packed and len(packed) <= room:
        yield f'"zlib":"{packed}"'
        return
    if len(texts) == 1:
        yield f'"spans":{array}'  # what was cut fits so
        return
    middle = len(texts) // 2
    yield from _bodies(texts[:middle], room)
    yield from _bodies(texts[middle:], room)


def _packed(array: str) -> str:
    return binascii.b2a_base64(zlib.compress(array.encode(), _LEVEL), newline=False).decode()
