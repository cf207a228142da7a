"""`POST /jaeger/api/traces`: 202 once the spans are durable.

What the collector says about a post that it cannot take is said in its words. `?format=jaeger.thrift`, which clients
add, is not looked at: there is one format.
"""

import re

from chalicelib.codecs import encodings
from chalicelib.codecs.jaeger import DIALECT, batch
from chalicelib.codecs.jaeger.span import JaegerSpan
from chalicelib.codecs.jaeger.to_otlp import to_spans
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.collector.collect import collect
from chalicelib.model.access import Principal
from chalicelib.model.errors import PayloadError, PayloadTooLarge
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.request import Request
from chalicelib.services import Services

MEDIA_TYPES = (
    "application/x-thrift", "application/vnd.apache.thrift.binary", "application/vnd.apache.thrift.compact",
)  # fmt: skip
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~\w-]+(/[!#$%&'*+.^_`|~\w-]+)?", re.ASCII)


def post_batch(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Keep the spans of a Batch."""
    tenant = tenant_of(caller)
    services.telemetry.count({"bytes_received": len(request.body)})
    _check_media_type(request.headers.get("content-type"))
    spans = to_spans(_read(services, request))
    if spans:
        collect(services, tenant, [Decoded(from_spans(spans))], request.deadline)
    return Answer(status=202, media_type=None)


def _check_media_type(header: str | None) -> None:
    media_type = (header or "").partition(";")[0].strip().lower()
    if not media_type:
        raise PayloadError(DIALECT, "Cannot parse content type: mime: no media type")
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise PayloadError(DIALECT, "Cannot parse content type: mime: invalid media type")
    if media_type not in MEDIA_TYPES:
        raise PayloadError(DIALECT, f"Unsupported content type: {media_type[:128]}")


def _read(services: Services, request: Request) -> list[JaegerSpan]:
    encoding = request.headers.get("content-encoding")
    limit_bytes = services.settings.max_decompressed_bytes
    try:
        return batch.read(encodings.decompress(request.body, encoding, limit_bytes, DIALECT))
    except PayloadTooLarge:
        raise
    except PayloadError as error:
        raise PayloadError(DIALECT, f"Unable to process request body: {error.detail}") from error
