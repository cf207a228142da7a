"""`POST /jaeger/api/transform`: a file of OTLP JSON, or of Jaeger's own, as traces that the UI can show.

Nothing is kept. The UI posts OTLP alone; Jaeger's own JSON, which it reads by itself, is for programs.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from chalicelib.codecs import encodings
from chalicelib.codecs.jaeger import DIALECT, envelope
from chalicelib.codecs.jaeger.to_otlp import to_spans
from chalicelib.codecs.jaeger.ui_model import read_traces, write_trace
from chalicelib.codecs.otlp import json_reader
from chalicelib.codecs.otlp.spans import to_spans as spans_of
from chalicelib.model.access import Principal
from chalicelib.model.errors import PayloadError
from chalicelib.model.ids import SPAN_ID_BYTES, TRACE_ID_BYTES
from chalicelib.model.span import Span
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.fitting import fitting, piece_of, rows_of
from chalicelib.routes.request import Request
from chalicelib.services import Services


class _Looks(msgspec.Struct):
    """What tells the two formats apart."""

    data: msgspec.Raw = msgspec.Raw()


def post_transform(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The traces of a file."""
    tenant_of(caller)
    encoding = request.headers.get("content-encoding")
    body = encodings.decompress(request.body, encoding, services.settings.max_decompressed_bytes, DIALECT)
    traces = _traces(body, services.settings.max_nesting_depth)
    pieces = [piece_of(services, request, one[0].trace_id, write_trace(rows_of(one, raw=False))) for one in traces]
    kept, problems = fitting(services, pieces)
    return json_of(services, request, envelope.wrap(kept, errors=problems or None))


def _traces(body: bytes, max_depth: int) -> list[list[Span]]:
    try:
        looks = msgspec.json.decode(body, type=_Looks)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(DIALECT, f"cannot read the file: {error}") from error
    if len(looks.data):
        return _by_trace(span for trace in read_traces(body) for span in to_spans(trace))
    decoded = json_reader.decode(body, max_depth)
    if decoded.rejections:
        raise PayloadError(DIALECT, decoded.rejections[0].reason)
    return _by_trace(spans_of(decoded.message))


def _by_trace(spans: Iterable[Span]) -> list[list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for number, span in enumerate(spans):
        if not _names_it(span.trace_id, TRACE_ID_BYTES) or not _names_it(span.span_id, SPAN_ID_BYTES):
            raise PayloadError(DIALECT, f"span {number} has no valid trace and span id")
        found[span.trace_id].append(span)
    return list(found.values())


def _names_it(found: str, size_bytes: int) -> bool:
    return len(found) == 2 * size_bytes and bool(found.strip("0"))
