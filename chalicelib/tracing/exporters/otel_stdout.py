"""The line format of otlp-stdout-span-exporter (Python, Node and Rust), for logs that an otlp-forwarder reads.

    {"__otel_otlp_stdout":"<version>","source":"<service>","endpoint":"…","method":"POST",
     "content-type":"application/x-protobuf","content-encoding":"gzip","payload":"<base64>","base64":true}

Read in dev7a/serverless-otlp-forwarder, 514e85a (23 Apr 2026): its forwarders and livetrace take a `payload` of
protobuf or JSON, but require every one of these members. The SDKs' own exporters write protobuf, so this does.
"""

import binascii
import os
import time
import zlib

from . import lines, otlp_protobuf
from .errors import ExportError, Losses
from .stdout import STDOUT, filtered_level, level_members, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..span import Span, Value
    from .port import Batch

VERSION = "spanfold@1"
DEFAULT_ENDPOINT = "http://localhost:4318/v1/traces"

_LEVEL = 6


class OtelStdoutExporter:
    """Writes such lines, each of at most 60,000 bytes."""

    def __init__(
        self,
        *,
        source: str,
        endpoint: str = "",
        descriptor: int = STDOUT,
        environ: "Mapping[str, str]" = os.environ,
        now_ns: "Callable[[], int]" = time.time_ns,
    ) -> None:
        self._before = (
            f'{{"__otel_otlp_stdout":"{VERSION}","source":{lines.encode(source or "unknown-service")},'
            f'"endpoint":{lines.encode(endpoint or DEFAULT_ENDPOINT)},"method":"POST",'
            '"content-type":"application/x-protobuf","content-encoding":"gzip","payload":"'
        )
        self._descriptor = descriptor
        self._level = filtered_level(environ)
        self._now_ns = now_ns

    def start(self, batch: "Batch") -> None:
        """Nothing: the format has no word for it."""

    def export(self, batch: "Batch") -> None:
        """Write the spans. Raises OSError when the log is closed, ExportError for spans that no line can hold."""
        more = level_members(self._level, self._now_ns()) if self._level else ""
        after = f'","base64":true{more}}}'
        losses = Losses()
        room = lines.MAX_LINE_BYTES - len(self._before) - len(after)
        payloads = _payloads(_encoded(batch.spans, losses), batch.resource, room, losses)
        put([f"{self._before}{payload}{after}" for payload in payloads], self._descriptor)
        losses.raise_any()


def _encoded(spans: "Iterable[Span]", losses: Losses) -> "list[tuple[str, bytes]]":
    encoded = []
    for span in spans:
        try:
            encoded.append((span.scope, otlp_protobuf.span_of(span)))
        except Exception as error:
            losses.add(error)
    return encoded


def _payloads(
    spans: "list[tuple[str, bytes]]", resource: "Mapping[str, Value]", room: int, losses: Losses
) -> "Iterator[str]":
    """All spans at once if a line holds them, else in as many halves as it takes."""
    if not spans:
        return
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    packed = packer.compress(otlp_protobuf.request(spans, resource)) + packer.flush()
    payload = binascii.b2a_base64(packed, newline=False).decode()
    if len(payload) <= room:
        yield payload
    elif len(spans) == 1:
        losses.add(ExportError(f"a span takes {len(payload)} bytes of a line that has {room}"))
    else:
        middle = len(spans) // 2
        yield from _payloads(spans[:middle], resource, room, losses)
        yield from _payloads(spans[middle:], resource, room, losses)
