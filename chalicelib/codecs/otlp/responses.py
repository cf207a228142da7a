"""What OTLP/HTTP answers are made of: the media type, the success bodies and google.rpc.Status for failures.

opentelemetry-proto, docs/specification.md, "OTLP/HTTP Response": the answer has the type of the request; full success
is an empty message; partial success counts the rejected spans and says why; every 4xx and 5xx carries a
google.rpc.Status, a 400 with a BadRequest detail. These messages are three fields each, so the bytes are made here:
importing googleapis-common-protos would cost a cold start some 100 ms.
"""

from enum import Enum

import msgspec

from chalicelib.codecs.otlp.decoded import DIALECT
from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.model.errors import UnknownMediaType


class MediaType(Enum):
    """The two types a body may have; the value is the Content-Type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


# google.rpc.Code by HTTP status, as the Collector's receiver maps them, where it does. Clients go by the HTTP status.
# 413 and 415 blame what was sent (INVALID_ARGUMENT), and not a quota (RESOURCE_EXHAUSTED), which suggests a retry.
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 3, 415: 3, 429: 8, 500: 13, 503: 14}
_UNKNOWN_CODE = 2

# Clients read at most 4 MiB of answer, and people less.
_MAX_MESSAGE_BYTES = 2048

_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


def media_type(content_type: str | None) -> MediaType:
    """The type a Content-Type names; case and parameters do not matter. Raises UnknownMediaType."""
    name = (content_type or "").partition(";")[0].strip().lower()
    try:
        return MediaType(name)
    except ValueError:
        given = f"Content-Type {name[:100]!r}" if name else "a body without Content-Type"
        raise UnknownMediaType(
            DIALECT, f"{given} is not one of {MediaType.PROTOBUF.value}, {MediaType.JSON.value}"
        ) from None


def success(media: MediaType) -> bytes:
    """An ExportTraceServiceResponse that has nothing to say: every span was taken."""
    return b"" if media is MediaType.PROTOBUF else b"{}"


def partial_success(media: MediaType, rejected_spans: int, message: str) -> bytes:
    """An ExportTraceServiceResponse about `rejected_spans`; with 0 of them, a warning about spans all taken.

    Without either it is the same as `success`, as the specification has it. `message` is cut to 2 KiB.
    """
    message = _cut(message)
    if not rejected_spans and not message:
        return success(media)
    if media is MediaType.PROTOBUF:
        return _field(1, _number(1, rejected_spans) + _field(2, message.encode()))
    partial = {"rejectedSpans": str(rejected_spans)} if rejected_spans else {}
    return msgspec.json.encode({"partialSuccess": partial | {"errorMessage": message}})


def status(media: MediaType, http_status: int, message: str) -> bytes:
    """A google.rpc.Status for an HTTP status; `message` is cut to 2 KiB, and repeated in the detail of a 400."""
    code = CODES.get(http_status, _UNKNOWN_CODE)
    message = _cut(message)
    if media is MediaType.PROTOBUF:
        violation = _field(1, _field(2, message.encode()))
        detail = _field(3, _field(1, _BAD_REQUEST.encode()) + _field(2, violation)) if http_status == 400 else b""
        return _number(1, code) + _field(2, message.encode()) + detail
    details = [{"@type": _BAD_REQUEST, "fieldViolations": [{"description": message}]}]
    body: dict[str, object] = {"code": code, "message": message}
    return msgspec.json.encode(body | {"details": details} if http_status == 400 else body)


def _cut(message: str) -> str:
    """`message` in at most 2 KiB of UTF-8, ending in … if it was longer; halves of surrogate pairs become ?."""
    encoded = message.encode(errors="replace")
    if len(encoded) <= _MAX_MESSAGE_BYTES:
        return encoded.decode()
    return encoded[: _MAX_MESSAGE_BYTES - 3].decode(errors="ignore") + "…"


def _field(number: int, body: bytes) -> bytes:
    """A length-delimited protobuf field; nothing when there is nothing in it."""
    return bytes([number << 3 | 2]) + write_varint(len(body)) + body if body else b""


def _number(number: int, value: int) -> bytes:
    """A varint protobuf field; nothing for 0."""
    return bytes([number << 3]) + write_varint(value) if value else b""
