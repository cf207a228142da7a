"""Spanfold's own way to read a trace: as the OTLP that was sent, or assembled for a person.

`GET /v1/traces/{trace_id}` answers a TracesData message. Past what one Lambda answer may weigh it comes in pages:
`x-spanfold-cursor`, `Link: <?cursor=…>; rel="next"`, and in JSON a top-level "cursor" beside "resourceSpans". The
pages' resourceSpans, one after the other, are the whole trace. `/assembly` is paged by the same headers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from chalicelib.codecs import encodings
from chalicelib.model.access import Principal, Scope
from chalicelib.routes.answers import JSON, NATIVE, Answer
from chalicelib.routes.endpoint import Endpoint, tenant_of
from chalicelib.routes.negotiation import preferred
from chalicelib.routes.packing import is_packed, packed, takes_gzip, within_limit
from chalicelib.routes.request import Request
from chalicelib.services import Services

if TYPE_CHECKING:
    from chalicelib.codecs.otlp.merge import Form
    from chalicelib.codecs.otlp.messages import TracesData

PROTOBUF = "application/x-protobuf"
OFFERS = (JSON, PROTOBUF, "application/protobuf")

HOW_TO_ASK_FOR_LESS = "application/x-protobuf"  # only one span or entry too large for a page needs to know

# Bytes of answer per byte of stored protobuf: what a page is first cut by, before it is measured.
JSON_EXPANSION = 2.2
GZIP_EXPANSION = 0.25

CURSOR_BYTES = 1_024  # room for the cursor in JSON, which is put in after the page was measured


def get_trace(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One page of a trace, as OTLP."""
    from chalicelib.query.traces import read_trace  # noqa: PLC0415  # functions that only take spans never need it

    media_type = preferred(request.headers.get("accept"), OFFERS)
    page = read_trace(
        services,
        tenant_of(caller),
        request.path_params["trace_id"],
        cursor=request.find_one("cursor"),
        budget_bytes=max(1, services.settings.max_answer_bytes - CURSOR_BYTES),
        deadline=request.deadline,
        form=_form(media_type, request),
    )
    body = page.body
    if page.next_cursor is not None and media_type == JSON:
        plain = _encoder(JSON)(page.message) if is_packed(body) else body
        body = packed(_with_cursor(plain, page.next_cursor), request)
    return within_limit(services, _answer(body, media_type, page.next_cursor), HOW_TO_ASK_FOR_LESS)


def get_assembly(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The trace a person reads: roots, children, times, errors, warnings."""
    from chalicelib.query.assembly import read_assembly_page  # noqa: PLC0415

    trace_id, cursor = request.path_params["trace_id"], request.find_one("cursor")
    pack = encodings.gzip if takes_gzip(request) else None
    page = read_assembly_page(services, tenant_of(caller), trace_id, cursor, request.deadline, pack=pack)
    return within_limit(services, _answer(page.body, JSON, page.cursor), HOW_TO_ASK_FOR_LESS)


def _form(media_type: str, request: Request) -> "Form":
    """How read_trace is to measure a page: in the bytes that leave, packed if the reader takes gzip."""
    from chalicelib.codecs.otlp.merge import Form  # noqa: PLC0415

    encode = _encoder(media_type)
    expansion = JSON_EXPANSION if media_type == JSON else 1.0
    if not takes_gzip(request):
        return Form(encode, expansion)
    return Form(lambda message: packed(encode(message), request), expansion * GZIP_EXPANSION)


def _encoder(media_type: str) -> "Callable[[TracesData], bytes]":
    if media_type != JSON:
        from chalicelib.codecs.otlp import protobuf  # noqa: PLC0415

        return protobuf.encode
    from chalicelib.codecs.otlp import json  # noqa: PLC0415

    return json.encode


def _with_cursor(body: bytes, cursor: str) -> bytes:
    """A JSON object with one member more."""
    comma = b"," if len(body) > len(b"{}") else b""
    return body[:-1] + comma + b'"cursor":' + msgspec.json.encode(cursor) + b"}"


def _answer(body: bytes, media_type: str, cursor: str | None) -> Answer:
    headers: dict[str, str] = {}
    if is_packed(body):
        headers["content-encoding"] = "gzip"
    if cursor is not None:
        headers["x-spanfold-cursor"] = cursor
        # Relative to the request's own address: stages and custom domains put different things before our paths.
        headers["link"] = f'<?cursor={cursor}>; rel="next"'  # cursors are base64url: nothing to escape
    return Answer(body=body, media_type=media_type, headers=headers)


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/traces/{trace_id}", scope=Scope.READ, dialect=NATIVE, view=get_trace),
    Endpoint(method="GET", path="/v1/traces/{trace_id}/assembly", scope=Scope.READ, dialect=NATIVE, view=get_assembly),
)
