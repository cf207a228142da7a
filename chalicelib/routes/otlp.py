"""OTLP/HTTP ingest (opentelemetry-proto, docs/specification.md, "OTLP/HTTP").

Success is 200 with no bytes (protobuf) or `{}` (JSON), in the request's type. Every error is a google.rpc.Status in
the request's type; for a type that OTLP does not have it is JSON, where the Collector answers text/plain, so that
one form of error is enough for a client to know. `POST /` is there because an exporter whose
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT has no path posts to it.
"""

from collections.abc import Mapping, Sequence

from chalicelib.codecs import encodings
from chalicelib.codecs.otlp import responses
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.collector.collect import Collected, collect
from chalicelib.model.access import Principal, Scope
from chalicelib.model.errors import NoSuchPath, TracingError, UnknownMediaType
from chalicelib.routes.answers import Answer, Dialect
from chalicelib.routes.endpoint import Endpoint, tenant_of
from chalicelib.routes.request import Request
from chalicelib.services import Services
from chalicelib.settings import Settings

NAME = "otlp"
MAX_REASONS = 10
MAX_MESSAGE_CHARS = 2_000  # a client's limit for the whole answer is 4 MiB; ten reasons are enough to see the fault

# google.rpc.Code by HTTP status, as the Collector's receiver pairs them. Clients go by the HTTP status alone.
STATUS_TO_RPC = {400: 3, 401: 16, 403: 7, 404: 12, 405: 12, 413: 3, 415: 3, 429: 8, 500: 13, 503: 14}


def post_traces(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Keep the spans of an ExportTraceServiceRequest; answered once they are durable."""
    tenant = tenant_of(caller)
    media_type = responses.media_type(request.headers.get("content-type"))
    services.telemetry.count({"bytes_received": len(request.body)})
    decoded = _decode(services.settings, media_type, request)
    collected = collect(services, tenant, decoded, request.deadline)
    _report(services, collected)
    return Answer(body=_success(media_type, collected), media_type=media_type)


def post_other_signal(services: Services, caller: Principal | None, request: Request) -> Answer:
    """404: what exporters call Unimplemented, and do not repeat."""
    del services
    tenant_of(caller)
    raise NoSuchPath(f"{request.path}: Spanfold takes traces only, on /v1/traces")


def _decode(settings: Settings, media_type: str, request: Request) -> Decoded:
    encoding = request.headers.get("content-encoding")
    payload = encodings.decompress(request.body, encoding, settings.max_decompressed_bytes, NAME)
    if media_type == responses.PROTOBUF:
        from chalicelib.codecs.otlp import protobuf  # noqa: PLC0415  # a container seldom sees both forms

        return protobuf.decode(payload, settings.max_nesting_depth)
    from chalicelib.codecs.otlp import json  # noqa: PLC0415

    return json.decode(payload, settings.max_nesting_depth)


def _report(services: Services, collected: Collected) -> None:
    rejected = len(collected.rejections)
    services.telemetry.count(
        {
            "spans_received": collected.received,
            "spans_stored": collected.stored,
            "spans_rejected": rejected,
            "spans_duplicate": collected.duplicate,
        }
    )
    if rejected:
        services.telemetry.note("spans were rejected", {"spans_rejected": rejected, "spans_stored": collected.stored})


def _success(media_type: str, collected: Collected) -> bytes:
    said = [rejection.reason for rejection in collected.rejections] + list(collected.notes)
    if not said:
        return responses.success(media_type)
    return responses.partial_success(media_type, len(collected.rejections), join_reasons(said))


def join_reasons(reasons: Sequence[str]) -> str:
    """Each different reason once, with how often, in order of appearance; bounded in number and length."""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    said = [f"{reason} ({n} times)" if n > 1 else reason for reason, n in list(counts.items())[:MAX_REASONS]]
    if len(counts) > MAX_REASONS:
        said.append(f"and {len(counts) - MAX_REASONS} more")
    return "; ".join(said)[:MAX_MESSAGE_CHARS]


def _refuse(headers: Mapping[str, str], error: TracingError) -> Answer:
    try:
        media_type = responses.media_type(headers.get("content-type"))
    except UnknownMediaType:
        media_type = responses.JSON
    code = STATUS_TO_RPC.get(error.status, 2)
    body = responses.status(media_type, code, error.detail[:MAX_MESSAGE_CHARS])
    return Answer(status=error.status, body=body, media_type=media_type)


OTLP = Dialect(NAME, _refuse)

ENDPOINTS = (
    Endpoint(method="POST", path="/v1/traces", scope=Scope.INGEST, dialect=OTLP, view=post_traces),
    Endpoint(method="POST", path="/", scope=Scope.INGEST, dialect=OTLP, view=post_traces),
    Endpoint(method="POST", path="/v1/metrics", scope=Scope.INGEST, dialect=OTLP, view=post_other_signal),
    Endpoint(method="POST", path="/v1/logs", scope=Scope.INGEST, dialect=OTLP, view=post_other_signal),
)
