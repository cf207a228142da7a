"""A trace by its id, as Tempo's two versions of the endpoint give it.

Version 1 answers a Trace (on the wire the same as OTLP's TracesData; in JSON its list is called `batches`), 404 when
there is none, 422 when it is too large. Version 2 answers a TraceByIDResponse: no trace is an empty one, which
Grafana's data source needs to be there, and one that is too large comes in part, with a word about it. JSON is
protobuf's own mapping, as in Tempo: ids in base64, enums by name.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from chalicelib.codecs import encodings
from chalicelib.codecs.tempo import wire
from chalicelib.codecs.tempo.messages import TRACE_BY_ID
from chalicelib.model.access import Principal
from chalicelib.model.errors import AnswerTooLarge, NoSuchTrace, QueryError
from chalicelib.model.ids import SPAN_ID_BYTES, TRACE_ID_BYTES
from chalicelib.routes.answers import JSON, Answer
from chalicelib.routes.request import Request
from chalicelib.routes.tempo.dialect import (
    PROTOBUF,
    count_of,
    packed,
    reader_of,
    seconds_of,
    takes_gzip,
    wants_protobuf,
)
from chalicelib.services import Services

if TYPE_CHECKING:
    from chalicelib.codecs.otlp.messages import TracesData
    from chalicelib.query.traces import TracePage

JSON_EXPANSION = 3.0  # bytes of protobuf's JSON per byte of protobuf
GZIP_EXPANSION = 0.25

_HEX = re.compile(r"[0-9a-fA-F]+")


def get_trace_v1(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The whole trace or nothing. Raises NoSuchTrace and AnswerTooLarge."""
    encode = _protobuf if wants_protobuf(request) else _batches
    page = _page(services, caller, request, encode)
    if page.next_cursor is not None:
        raise AnswerTooLarge(
            f"the trace is larger than one answer; /v1/traces/{request.path_params['trace_id']} gives it in pages"
        )
    return packed(request, page.body, _media_type(request))


def get_trace_v2(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The trace, or the part of it that one answer holds; with `q` the part that is asked for."""
    encode = _wrapped_protobuf if wants_protobuf(request) else _wrapped_json
    if request.find_one("q"):
        return packed(request, encode(_excerpt(services, caller, request), None), _media_type(request))
    try:
        page = _page(services, caller, request, lambda message: encode(message, None))
    except NoSuchTrace:
        from chalicelib.codecs.otlp.messages import TracesData  # noqa: PLC0415

        return packed(request, encode(TracesData(), None), _media_type(request))
    if page.next_cursor is None:
        return packed(request, page.body, _media_type(request))
    told = f"the first {page.span_count} spans; the trace is larger than one answer"
    return packed(request, encode(page.message, told), _media_type(request))


def find_trace_id(text: str) -> str:
    """Tempo's reading of an id: up to 32 hex digits, zeros in front left out; 16 or 32 of them as we have them.

    Raises QueryError for anything else.
    """
    digits = text.lower()
    if not _HEX.fullmatch(text):
        raise QueryError(f"trace id {text[:64]!r} is not hex digits")
    if len(digits) > 2 * TRACE_ID_BYTES:
        raise QueryError(f"trace id {text[:64]!r} is over 128 bits")
    return digits.zfill(2 * SPAN_ID_BYTES if len(digits) <= 2 * SPAN_ID_BYTES else 2 * TRACE_ID_BYTES)


def _page(
    services: Services, caller: Principal | None, request: Request, encode: "Callable[[TracesData], bytes]"
) -> "TracePage":
    from chalicelib.codecs.otlp.merge import Form  # noqa: PLC0415
    from chalicelib.query.traces import read_trace  # noqa: PLC0415

    tenant = reader_of(caller, request)
    seconds_of(request)  # Grafana sends a range; a trace is found without one, so it need only be a range
    expansion = 1.0 if wants_protobuf(request) else JSON_EXPANSION
    form = Form(encode, expansion)
    if takes_gzip(request):
        form = Form(lambda message: encodings.gzip(encode(message)), expansion * GZIP_EXPANSION)
    return read_trace(
        services,
        tenant,
        find_trace_id(request.path_params["trace_id"]),
        cursor=None,
        budget_bytes=services.settings.max_answer_bytes,
        deadline=request.deadline,
        form=form,
    )


def _excerpt(services: Services, caller: Principal | None, request: Request) -> "TracesData":
    """What `q` matches, `match_depth` below it, and with `keep_hierarchy` its ancestors (`ancestor_depth` of them)."""
    from chalicelib.codecs.otlp.messages import TracesData  # noqa: PLC0415
    from chalicelib.codecs.otlp.spans import from_spans  # noqa: PLC0415
    from chalicelib.query.excerpts import Excerpt, read_excerpt  # noqa: PLC0415

    tenant = reader_of(caller, request)
    seconds_of(request)
    above = count_of(request, "ancestor_depth", None) if request.find_one("keep_hierarchy") == "true" else 0
    asked = Excerpt(
        query=request.find_one("q") or "", levels_above=above, levels_below=count_of(request, "match_depth", 0) or 0
    )
    trace_id = find_trace_id(request.path_params["trace_id"]).zfill(2 * TRACE_ID_BYTES)
    try:
        spans = read_excerpt(services, tenant, trace_id, asked, request.deadline)
    except NoSuchTrace:
        return TracesData()
    message = from_spans(spans)
    size_bytes = message.ByteSize()
    if size_bytes > services.settings.max_answer_bytes // (1 if wants_protobuf(request) else JSON_EXPANSION):
        raise AnswerTooLarge(f"the spans that match weigh {size_bytes} bytes; ask for fewer")
    return message


def _media_type(request: Request) -> str:
    return PROTOBUF if wants_protobuf(request) else JSON


def _protobuf(message: "TracesData") -> bytes:
    return message.SerializeToString()


def _batches(message: "TracesData") -> bytes:
    return msgspec.json.encode({"batches": _resource_spans(message)})


def _wrapped_protobuf(message: "TracesData", partial: str | None) -> bytes:
    return wire.to_protobuf(TRACE_BY_ID, {"trace": message.SerializeToString(), **_partial(partial)})


def _wrapped_json(message: "TracesData", partial: str | None) -> bytes:
    trace = {"resourceSpans": _resource_spans(message)}
    return wire.to_json(TRACE_BY_ID, {"trace": trace, **_partial(partial)})


def _partial(told: str | None) -> dict[str, str]:
    return {} if told is None else {"status": "PARTIAL", "message": told}


def _resource_spans(message: "TracesData") -> object:
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415

    return MessageToDict(message).get("resourceSpans", [])
