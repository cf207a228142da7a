"""`POST /api/v2/spans` and `/api/v1/spans`: 202 once the spans are durable.

Zipkin answers 202 before it stores, and so loses what it cannot store; here a store that is away is 503, which
clients may repeat.
"""

from collections.abc import Callable, Mapping

from chalicelib.codecs import encodings
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.codecs.zipkin import DIALECT
from chalicelib.codecs.zipkin.span import ZipkinSpan
from chalicelib.codecs.zipkin.to_otlp import to_spans
from chalicelib.collector.collect import collect
from chalicelib.model.access import Principal
from chalicelib.model.errors import PayloadError
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.request import Request
from chalicelib.services import Services

Read = Callable[[bytes], list[ZipkinSpan]]

_PROTOBUF, _THRIFT = "application/x-protobuf", "application/x-thrift"
_ACCEPTED = Answer(status=202, media_type=None)


def post_v2(services: Services, caller: Principal | None, request: Request) -> Answer:
    """JSON, whatever the Content-Type says, unless it says protobuf."""
    if _media_type(request.headers) == _PROTOBUF:
        from chalicelib.codecs.zipkin import proto3  # noqa: PLC0415  # a container seldom sees all encodings

        return _post(services, caller, request, proto3.read)
    from chalicelib.codecs.zipkin import json_v2  # noqa: PLC0415

    return _post(services, caller, request, json_v2.read)


def post_v1(services: Services, caller: Principal | None, request: Request) -> Answer:
    """JSON, unless the Content-Type says Thrift."""
    if _media_type(request.headers) == _THRIFT:
        from chalicelib.codecs.zipkin import thrift_v1  # noqa: PLC0415

        return _post(services, caller, request, thrift_v1.read)
    from chalicelib.codecs.zipkin import json_v1  # noqa: PLC0415

    return _post(services, caller, request, json_v1.read)


def _post(services: Services, caller: Principal | None, request: Request, read: Read) -> Answer:
    tenant = tenant_of(caller)
    services.telemetry.count({"bytes_received": len(request.body)})
    body = _unpacked(services, request)
    spans = to_spans(read(body)) if body else []
    if spans:
        collect(services, tenant, [Decoded(from_spans(spans))], request.deadline)
    return _ACCEPTED


def _unpacked(services: Services, request: Request) -> bytes:
    encoding = request.headers.get("content-encoding")
    try:
        return encodings.decompress(request.body, encoding, services.settings.max_decompressed_bytes, DIALECT)
    except PayloadError as error:
        if error.status == PayloadError.status and "gzip" in (encoding or ""):
            raise PayloadError(DIALECT, "Cannot gunzip spans") from error
        raise


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
