"""The object that otlp-stdout-span-exporter (Python, Node, Rust) and otlp-stdout-client write to a log.

    {"__otel_otlp_stdout":"<writer>@<version>","source":…,"endpoint":…,"method":"POST","headers":{…},
     "content-type":"application/x-protobuf","content-encoding":"gzip","payload":"<base64>","base64":true}

Read in dev7a/serverless-otlp-forwarder, 514e85a (23 Apr 2026). The span exporters write protobuf in gzip; the older
clients also JSON, where the payload is the object itself unless it is compressed, and leave out content-encoding for
none. Where it came from and where it should go says nothing to us: source, endpoint, method and headers are ignored.
"""

from typing import Any

import msgspec

from chalicelib.codecs import encodings
from chalicelib.codecs.function_lines import values
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.json_values import FaultError
from chalicelib.codecs.otlp.responses import MediaType, media_type
from chalicelib.model.errors import PayloadError

DIALECT = "otlp-stdout"


def decode(members: dict[str, Any], limit_bytes: int, max_depth: int) -> Decoded:
    """The spans of such an object, of at most `limit_bytes` when unpacked.

    Raises PayloadError, also for a payload that is no OTLP, and PayloadTooLarge.
    """
    try:
        media = media_type(values.text(members.get("content-type")))
        encoding = members.get("content-encoding")
        names = None if encoding is None else values.text(encoding)
        payload = _payload(members)
    except FaultError as fault:
        raise PayloadError(DIALECT, f"not an otlp-stdout line: {fault}") from fault
    return _DECODE[media](encodings.decompress(payload, names, limit_bytes, DIALECT), max_depth)


def _payload(members: dict[str, Any]) -> bytes:
    payload = members.get("payload")
    if members.get("base64") is True:
        try:
            return values.base64_bytes(payload)
        except FaultError as fault:
            raise fault.inside("payload") from None
    if type(payload) is dict:
        return msgspec.json.encode(payload)
    if type(payload) is str:
        return payload.encode(errors="replace")
    raise FaultError(f"payload: {values.shown(payload)} is neither text nor an object")


def _protobuf(body: bytes, max_depth: int) -> Decoded:
    from chalicelib.codecs.otlp import protobuf  # noqa: PLC0415  # a container seldom sees both forms

    return protobuf.decode(body, max_depth)


def _json(body: bytes, max_depth: int) -> Decoded:
    from chalicelib.codecs.otlp import json  # noqa: PLC0415

    return json.decode(body, max_depth)


_DECODE = {MediaType.PROTOBUF: _protobuf, MediaType.JSON: _json}
