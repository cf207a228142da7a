"""Writes, beside each OTLP capture that has none, what it decodes to now: `python -m tests.golden.record`.

A file that exists is never overwritten: it has been read against the capture by a person, and a difference is a
change in the decoder, to be explained. Read every new file before committing it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from chalicelib.codecs import encodings
from chalicelib.codecs.otlp import json, protobuf
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.responses import MediaType, media_type

OTLP = Path(__file__).parent / "otlp"
LIMIT_BYTES = 1_000_000


class Capture(NamedTuple):
    """A body as it came, and the headers that its file's name tells."""

    name: str
    content_type: str
    content_encoding: str
    body: bytes

    def __str__(self) -> str:
        return self.name

    @property
    def expected_file(self) -> Path:
        return OTLP / f"{self.name}.spans.json"


def captures() -> Iterator[Capture]:
    """Every OTLP capture, by name."""
    for file in sorted(OTLP.glob("*.body")):
        _, content_type, content_encoding = file.stem.rsplit(".", 2)
        yield Capture(file.stem, content_type.replace("_", "/"), content_encoding, file.read_bytes())


def decode(capture: Capture, body: bytes | None = None) -> Decoded:
    """What the capture, or another `body` in its place, decodes to. Raises PayloadError."""
    sent = capture.body if body is None else body
    plain = encodings.decompress(sent, capture.content_encoding, LIMIT_BYTES, "otlp")
    codec = protobuf if media_type(capture.content_type) is MediaType.PROTOBUF else json
    return codec.decode(plain, 32)


def readable(decoded: Decoded) -> bytes:
    """The decoded message as indented OTLP JSON."""
    return msgspec.json.format(json.encode(decoded.message), indent=1) + b"\n"


if __name__ == "__main__":
    for each in captures():
        if not each.expected_file.exists():
            each.expected_file.write_bytes(readable(decode(each)))
