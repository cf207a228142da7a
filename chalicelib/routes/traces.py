"""Spanfold's own way to read a trace: as the OTLP that was sent, or assembled for a person.

`GET /v1/traces/{trace_id}` answers a TracesData message. Past what one Lambda answer may weigh it comes in pages:
`x-spanfold-cursor`, `Link: <?cursor=…>; rel="next"`, and in JSON a top-level "cursor" beside "resourceSpans". The
pages' resourceSpans, one after the other, are the whole trace.
"""

import msgspec

from chalicelib.codecs import encodings
from chalicelib.model.access import Principal, Scope
from chalicelib.model.errors import AnswerTooLarge
from chalicelib.routes.answers import JSON, NATIVE, Answer
from chalicelib.routes.endpoint import Endpoint, tenant_of
from chalicelib.routes.negotiation import preferred
from chalicelib.routes.request import Request
from chalicelib.services import Services

PROTOBUF = "application/x-protobuf"
OFFERS = (JSON, PROTOBUF, "application/protobuf")

GZIP_FROM_BYTES = 1_024  # below this the gzip header and the reader's work outweigh what is saved
JSON_GROWTH = 2  # OTLP JSON is about twice its protobuf
GZIP_SHRINKAGE = 4  # spans gzip to a fifth or less; a page that does not is read again, smaller
MAX_TRIES = 6


def get_trace(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One page of a trace, as OTLP."""
    from chalicelib.query.traces import read_trace  # noqa: PLC0415  # functions that only take spans never need it

    tenant = tenant_of(caller)
    trace_id, cursor = request.path_params["trace_id"], request.find_one("cursor")
    media_type = preferred(request.headers.get("accept"), OFFERS)
    limit_bytes = services.settings.max_answer_bytes
    budget_bytes = _first_budget(limit_bytes, media_type, request)
    for _ in range(MAX_TRIES):
        page = read_trace(services, tenant, trace_id, cursor, budget_bytes, request.deadline)
        answer = _packed(_written(page.message, page.cursor, media_type), media_type, request)
        if len(answer.body) <= limit_bytes:
            return _with_cursor(answer, page.cursor)
        budget_bytes = max(1, budget_bytes * limit_bytes // len(answer.body) * 3 // 4)
    raise AnswerTooLarge(f"a page of trace {trace_id} is over {limit_bytes} bytes; ask for {PROTOBUF} and gzip")


def get_assembly(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The trace a person reads: roots, children, times, errors, warnings."""
    from chalicelib.query.assembly import read_assembly  # noqa: PLC0415

    body = read_assembly(services, tenant_of(caller), request.path_params["trace_id"], request.deadline)
    answer = _packed(body, JSON, request)
    if len(answer.body) > services.settings.max_answer_bytes:
        raise AnswerTooLarge(
            f"this assembly is over {services.settings.max_answer_bytes} bytes; accept gzip, or read the trace in pages"
        )
    return answer


def _first_budget(limit_bytes: int, media_type: str, request: Request) -> int:
    growth = JSON_GROWTH if media_type == JSON else 1
    shrinkage = GZIP_SHRINKAGE if _takes_gzip(request) else 1
    return limit_bytes * shrinkage // growth


def _written(message: object, cursor: str | None, media_type: str) -> bytes:
    if media_type != JSON:
        from chalicelib.codecs.otlp import protobuf  # noqa: PLC0415

        return protobuf.encode(message)
    from chalicelib.codecs.otlp import json  # noqa: PLC0415

    body = json.encode(message)
    if cursor is None:
        return body
    comma = b"," if len(body) > len(b"{}") else b""
    return body[:-1] + comma + b'"cursor":' + msgspec.json.encode(cursor) + b"}"


def _packed(body: bytes, media_type: str, request: Request) -> Answer:
    if len(body) < GZIP_FROM_BYTES or not _takes_gzip(request):
        return Answer(body=body, media_type=media_type)
    return Answer(body=encodings.gzip(body), media_type=media_type, headers={"content-encoding": "gzip"})


def _takes_gzip(request: Request) -> bool:
    return encodings.accepts_gzip(request.headers.get("accept-encoding"))


def _with_cursor(answer: Answer, cursor: str | None) -> Answer:
    if cursor is None:
        return answer
    # The reference is relative to the request's own address: stages and custom domains put different things before it.
    from urllib.parse import quote  # noqa: PLC0415

    headers = {"x-spanfold-cursor": cursor, "link": f'<?cursor={quote(cursor, safe="")}>; rel="next"'}
    return msgspec.structs.replace(answer, headers={**answer.headers, **headers})


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/traces/{trace_id}", scope=Scope.READ, dialect=NATIVE, view=get_trace),
    Endpoint(method="GET", path="/v1/traces/{trace_id}/assembly", scope=Scope.READ, dialect=NATIVE, view=get_assembly),
)
