"""Posts the largest body of one shape to the whole app, and prints status, peak MiB and CPU seconds.

A program of its own, because a process's peak cannot be reset: `python -m tests.routes.heavy_bodies SHAPE`. Bodies have
20 MiB once unpacked, the most that is accepted. DynamoDB's answers are canned; the SDK does all of its work.
"""

import base64
import gzip
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from itertools import count
from random import Random
from time import process_time

from benchmarks.measures import handler
from benchmarks.measures.processes import peak_mib
from benchmarks.workloads.posts import collector_post
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp import json_writer
from chalicelib.codecs.otlp.framing import delimited
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.parts import MAX_PIECES
from chalicelib.settings import Settings

SIZE = Settings().max_decompressed_bytes
MOST = MAX_PIECES - 100
ROOM = 64  # for what is around the many
IDS = b"\x0a\x10" + b"t" * 16 + b"\x12\x08" + b"s" * 8
FULL = IDS + b"\x2a\x04work\x39" + b"1" * 8 + b"\x41" + b"2" * 8  # 52 bytes: also a name and times
JSON_IDS = b'"traceId":"%s","spanId":"%s"' % (b"7" * 32, b"5" * 16)


def many(small: bytes, room: int = SIZE) -> bytes:
    """`small` over and over, until there is no room for more."""
    return small * ((room - ROOM - 100) // len(small))


def numbered_spans(span: bytes) -> bytes:
    """`span` over and over, each with another span id."""
    size = len(delimited(2, span))
    numbers = range((SIZE - ROOM) // size)
    return inside(
        1, 2, body=b"".join(delimited(2, span.replace(b"s" * 8, number.to_bytes(8, "big"))) for number in numbers)
    )


def inside(*numbers: int, body: bytes) -> bytes:
    """`body` as the field `numbers[-1]` of the field before it, and so on."""
    for number in reversed(numbers):
        body = delimited(number, body)
    return body


def in_span(body: bytes) -> bytes:
    return inside(1, 2, 2, body=IDS + body)


def listed(before: bytes, small: bytes, after: bytes) -> bytes:
    """JSON: `small` over and over, separated by commas."""
    return before + many(small + b",")[:-1] + after


def in_json_span(key: bytes, small: bytes) -> bytes:
    opened = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{%s,"%s":[' % (JSON_IDS, key)
    return listed(opened, small, b"]}]}]}]}")


def nested_lists(depth: int) -> bytes:
    """An attribute whose value is that many lists inside each other."""
    value = b""
    for _ in range(depth):
        value = delimited(5, delimited(1, value))
    return delimited(9, delimited(2, value))


def renamed(spans_per_trace: int, room: float = SIZE * 0.98) -> TracesData:
    """Ordinary ten-attribute spans, as many as have room, under ids of their own."""
    numbers = count(1)
    ordinary = collector_post(MEASURING, 7, 1000)
    whole = TracesData()
    while whole.ByteSize() + ordinary.ByteSize() < room:
        for resource_spans in ordinary.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    number = next(numbers)
                    span.trace_id = (number // spans_per_trace + 1).to_bytes(16, "big")
                    span.span_id = number.to_bytes(8, "big")
        whole.MergeFromString(ordinary.SerializeToString())
    return whole


def in_one_scope(message: TracesData) -> bytes:
    """The spans of `message`, all in one scope of one resource."""
    one = TracesData(resource_spans=message.resource_spans[:1])
    spans = one.resource_spans[0].scope_spans[0].spans
    del one.resource_spans[0].scope_spans[1:], spans[:]
    for resource_spans in message.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            spans.extend(scope_spans.spans)
    return one.SerializeToString()


def _beside(holder: bytes) -> bytes:
    """A request of one span, and one resource or scope: fields of ResourceSpans."""
    return inside(1, body=holder + inside(2, 2, body=IDS))


PROTOBUF: dict[str, Callable[[], bytes]] = {
    "empty spans": lambda: inside(1, 2, body=many(b"\x12\x00")),
    "empty resourceSpans": lambda: many(b"\x0a\x00"),
    "empty scopeSpans": lambda: inside(1, body=many(b"\x12\x00")),
    "empty scopeSpans of many resourceSpans": lambda: many(inside(1, body=b"\x12\x00" * 500_000)),
    "spans of one byte": lambda: inside(1, 2, body=many(b"\x12\x02\x30\x01")),
    "spans with ids and no more": lambda: inside(1, 2, body=many(delimited(2, IDS))),
    "empty attributes of a span": lambda: in_span(many(b"\x4a\x00")),
    "tiny attributes of a span": lambda: in_span(many(b"\x4a\x05\x0a\x01a\x12\x00")),
    "empty attributes of many spans": lambda: inside(1, 2, body=many(delimited(2, IDS + b"\x4a\x00" * 5000))),
    "empty attributes of a resource": lambda: _beside(inside(1, body=many(b"\x0a\x00"))),
    "empty attributes of a scope": lambda: inside(1, 2, body=inside(1, body=many(b"\x1a\x00")) + inside(2, body=IDS)),
    "a large resource for every part": lambda: inside(
        1, body=inside(1, 1, 1, body=b"k" * (SIZE // 2)) + inside(2, body=many(delimited(2, FULL), SIZE // 2))
    ),
    "a dense resource for every part": lambda: inside(
        1,
        body=inside(1, body=b"\x0a\x00" * MOST + inside(1, 1, body=b"k" * (SIZE // 2)))
        + inside(2, body=many(delimited(2, FULL), SIZE // 2 - 3 * MOST)),
    ),
    "as many spans as may be": lambda: numbered_spans(FULL),
    "as many rejections as may be": lambda: numbered_spans(FULL.replace(b"t" * 16, bytes(16))),
    "as many attributes as may be": lambda: in_span(b"\x4a\x00" * MOST + inside(5, body=b"n" * (SIZE - 3 * MOST))),
    "bad text in every ordinary span": lambda: numbered_spans(FULL + b"\x1a\x01\xff"),
    "empty events": lambda: in_span(many(b"\x5a\x00")),
    "empty attributes of an event": lambda: in_span(inside(11, body=many(b"\x1a\x00"))),
    "empty attributes of a link": lambda: in_span(inside(13, body=many(b"\x22\x00"))),
    "values of a list": lambda: in_span(inside(9, 2, 5, body=many(b"\x0a\x00"))),
    "nested lists": lambda: inside(1, 2, body=many(delimited(2, IDS + nested_lists(30) * 200))),
    "bad text among tiny fields": lambda: in_span(b"\x2a\x01\xff" + many(b"\x08\x00")),
    "bad text in every span": lambda: inside(1, 2, body=many(delimited(2, IDS + b"\x2a\x01\xff"))),
    "a group of tiny fields": lambda: in_span(b"\x2a\x01\xff" + b"\xa3\x06" + many(b"\x08\x00") + b"\xa4\x06"),
    "noise": lambda: Random(1).randbytes(4_000_000),
}

JSON: dict[str, Callable[[], bytes]] = {
    "JSON objects": lambda: listed(b"[", b"{}", b"]"),
    "JSON arrays": lambda: listed(b"[", b"[]", b"]"),
    "JSON numbers": lambda: listed(b"[", b"0", b"]"),
    "JSON brackets": lambda: many(b"["),
    "JSON keys": lambda: b"{" + b",".join(b'"%x":0' % number for number in range(SIZE * 98 // 1100)) + b"}",
    "JSON keys of an unknown member": lambda: (
        b'{"resourceSpans":[],"x":{' + b",".join(b'"%x":0' % number for number in range(SIZE * 98 // 1100)) + b"}}"
    ),
    "JSON resourceSpans": lambda: listed(b'{"resourceSpans":[', b"{}", b"]}"),
    "JSON scopeSpans": lambda: listed(b'{"resourceSpans":[{"scopeSpans":[', b"{}", b"]}]}"),
    "JSON spans": lambda: listed(b'{"resourceSpans":[{"scopeSpans":[{"spans":[', b"{}", b"]}]}]}"),
    "JSON spans that are numbers": lambda: listed(b'{"resourceSpans":[{"scopeSpans":[{"spans":[', b"123456", b"]}]}]}"),
    "JSON attributes": lambda: in_json_span(b"attributes", b"{}"),
    "JSON attributes with long keys": lambda: in_json_span(b"attributes", b'{"key":"%s"}' % (b"k" * 50)),
    "JSON spans with ids": lambda: listed(
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[',
        b'{%s,"attributes":[%s]}' % (JSON_IDS, b'{"k":1}'),
        b"]}]}]}",
    ),
    "JSON escapes": lambda: b'{"x":"\\ud800' + many(b"\\n") + b'"}',
    "JSON surrogates": lambda: b'{"x":"' + many(b"\\ud800") + b'"}',
}

HONEST: dict[str, Callable[[], bytes]] = {
    "ordinary spans, protobuf": lambda: renamed(10).SerializeToString(),
    "ordinary spans, JSON": lambda: json_writer.encode(renamed(10, room=SIZE * 0.5)),
    "a trace to every three spans": lambda: renamed(3).SerializeToString(),
    "one resource": lambda: in_one_scope(renamed(10)),
    "one large value": lambda: in_span(inside(5, body=b"n" * (SIZE - 2 * ROOM))),
}

SHAPES = PROTOBUF | JSON | HONEST


def _post(shape: str) -> tuple[int, float]:
    """The status of the answer, and the CPU seconds it took."""
    body = SHAPES[shape]()
    assert SIZE * 0.9 < len(body) <= SIZE or shape == "noise"
    media_type = "application/json" if "JSON" in shape else "application/x-protobuf"
    event = handler.post(gzip.compress(body, 6), media_type, "gzip")
    del body
    app = handler.import_app_for_writing()
    started = process_time()
    with redirect_stdout(StringIO()):
        answer = app(event, handler.Context())
    sys.stderr.write(base64.b64decode(answer["body"])[:300].decode(errors="replace") + "\n")
    return answer["statusCode"], process_time() - started


if __name__ == "__main__":
    status, seconds = _post(sys.argv[1])
    sys.stdout.write(f"{status} {peak_mib():.0f} {seconds:.1f}\n")
