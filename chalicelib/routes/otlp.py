"""OTLP/HTTP ingest (opentelemetry-proto, docs/specification.md, "OTLP/HTTP").

Success is 200 with no bytes (protobuf) or `{}` (JSON), in the request's type. Every error is a google.rpc.Status in
the request's type; for a type that OTLP does not have it is JSON, where the Collector answers text/plain, so that
one form of error is enough for a client to know. `POST /` is there because an exporter whose
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT has no path posts to it.
"""

from collections.abc import Iterator, Mapping, Sequence

from chalicelib.codecs import encodings
from chalicelib.codecs.otlp import responses
from chalicelib.codecs.otlp.decoded import DIALECT, Decoded
from chalicelib.codecs.otlp.responses import MediaType
from chalicelib.collector.collect import Collected, collect
from chalicelib.model.access import Principal, Scope
from chalicelib.model.errors import NoSuchPath, TracingError, UnknownMediaType
from chalicelib.routes.answers import Answer, Dialect
from chalicelib.routes.endpoint import Endpoint, tenant_of
from chalicelib.routes.request import Request
from chalicelib.services import Services
from chalicelib.settings import Settings

MAX_REASONS = 10  # enough to see the fault


def post_traces(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Keep the spans of an ExportTraceServiceRequest; answered once they are durable."""
    tenant = tenant_of(caller)
    media = responses.media_type(request.headers.get("content-type"))
    services.telemetry.count({"bytes_received": len(request.body)})
    collected = collect(services, tenant, _decode(services.settings, media, request), request.deadline)
    if collected.rejections:
        counts = {"spans_rejected": len(collected.rejections), "spans_stored": collected.stored}
        services.telemetry.note("spans were rejected", counts)
    return Answer(body=_success(media, collected), media_type=media.value)


def post_other_signal(services: Services, caller: Principal | None, request: Request) -> Answer:
    """404: what exporters call Unimplemented, and do not repeat."""
    del services
    tenant_of(caller)
    raise NoSuchPath(f"{request.path}: Spanfold takes traces only, on /v1/traces")


def _decode(settings: Settings, media: MediaType, request: Request) -> Iterator[Decoded]:
    encoding = request.headers.get("content-encoding")
    payload = encodings.decompress(request.body, encoding, settings.max_decompressed_bytes, DIALECT)
    if media is MediaType.PROTOBUF:
        from chalicelib.codecs.otlp import protobuf  # noqa: PLC0415  # a container seldom sees both forms

        return protobuf.decode_in_parts(payload, settings.max_nesting_depth)
    from chalicelib.codecs.otlp import json  # noqa: PLC0415

    return json.decode_in_parts(payload, settings.max_nesting_depth)


def _success(media: MediaType, collected: Collected) -> bytes:
    said = [rejection.reason for rejection in collected.rejections] + list(collected.notes)
    if not said:
        return responses.success(media)
    return responses.partial_success(media, len(collected.rejections), join_reasons(said))


def join_reasons(reasons: Sequence[str]) -> str:
    """Each different reason once, with how often, in order of appearance; bounded in number, not in length."""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    said = [f"{reason} ({n} times)" if n > 1 else reason for reason, n in list(counts.items())[:MAX_REASONS]]
    if len(counts) > MAX_REASONS:
        said.append(f"and {len(counts) - MAX_REASONS} more")
    return "; ".join(said)


def _refuse(headers: Mapping[str, str], error: TracingError) -> Answer:
    try:
        media = responses.media_type(headers.get("content-type"))
    except UnknownMediaType:
        media = MediaType.JSON
    body = responses.status(media, error.status, error.detail)
    return Answer(status=error.status, body=body, media_type=media.value)


OTLP = Dialect(DIALECT, _refuse)

ENDPOINTS = (
    Endpoint(method="POST", path="/v1/traces", scope=Scope.INGEST, dialect=OTLP, view=post_traces),
    Endpoint(method="POST", path="/", scope=Scope.INGEST, dialect=OTLP, view=post_traces),
    Endpoint(method="POST", path="/v1/metrics", scope=Scope.INGEST, dialect=OTLP, view=post_other_signal),
    Endpoint(method="POST", path="/v1/logs", scope=Scope.INGEST, dialect=OTLP, view=post_other_signal),
)
