"""What Tempo's endpoints share: the tenant's header is checked, Accept is searched, answers are packed.

Tempo looks for media types inside Accept (protobuf, then JSON) and calls protobuf `application/protobuf`; Grafana's
backend sends exactly one. `X-Scope-OrgID` names a tenant in a Tempo of many; here the key does, so the header may
only say the same.
"""

import re
from collections.abc import Mapping
from typing import Any, overload

from chalicelib.codecs import encodings
from chalicelib.codecs.tempo import wire
from chalicelib.codecs.tempo.messages import Message
from chalicelib.model.access import Principal
from chalicelib.model.errors import QueryError, ScopeMissing
from chalicelib.routes.answers import JSON, Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.packing import within_limit
from chalicelib.routes.request import Request
from chalicelib.services import Services

PROTOBUF = "application/protobuf"
ORG_ID = "x-scope-orgid"

GZIP_FROM_BYTES = 1_024

_SECOND_NS = 1_000_000_000
_UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": _SECOND_NS,
    "m": 60 * _SECOND_NS,
    "h": 3_600 * _SECOND_NS,
    "d": 86_400 * _SECOND_NS,
    "w": 7 * 86_400 * _SECOND_NS,
}
_LONGEST_NS = 2**63 - 1  # a duration of Go's holds no more
_DURATION = re.compile(rf"(\d{{1,15}}(?:\.\d{{1,15}})?|\.\d{{1,15}})({'|'.join(sorted(_UNIT_NS, reverse=True))})")


def reader_of(caller: Principal | None, request: Request) -> str:
    """The tenant whose traces are asked for. Raises ScopeMissing when X-Scope-OrgID names another one."""
    tenant = tenant_of(caller)
    named = request.headers.get(ORG_ID)
    if named is not None and named != tenant:
        raise ScopeMissing(f"{ORG_ID} names tenant {named[:64]!r}, which this key may not read")
    return tenant


def seconds_of(request: Request) -> tuple[int | None, int | None]:
    """`start` and `end` in epoch seconds; 0 means not given, as in Tempo. Raises QueryError unless start < end."""
    start_s, end_s = _seconds(request, "start"), _seconds(request, "end")
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise QueryError(f"start must be before end: start={start_s} end={end_s}")
    return start_s, end_s


def _seconds(request: Request, name: str) -> int | None:
    text = request.find_one(name) or "0"
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise QueryError(f"{name}={text[:64]!r} is not a time in epoch seconds")
    return int(text) or None


@overload
def count_of(request: Request, name: str, default: int) -> int: ...
@overload
def count_of(request: Request, name: str, default: None) -> int | None: ...
def count_of(request: Request, name: str, default: int | None) -> int | None:
    """A count in the query, or `default`. Raises QueryError for what is none."""
    text = request.find_one(name)
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise QueryError(f"{name}={text[:64]!r} is not a count")
    return int(text)


def duration_of(request: Request, name: str) -> int | None:
    """A duration of Go's or Prometheus' ("1.5s", "1m30s", "2d") in nanoseconds. Raises QueryError for what is none."""
    text = request.find_one(name)
    if not text:
        return None
    parts = _DURATION.findall(text[:64])
    if "".join(number + unit for number, unit in parts) != text:
        raise QueryError(f"{name}={text[:64]!r} is not a duration such as 1.5s or 1m30s")
    length_ns = round(sum(float(number) * _UNIT_NS[unit] for number, unit in parts))
    if length_ns > _LONGEST_NS:
        raise QueryError(f"{name}={text[:64]!r} is longer than three centuries")
    return length_ns


def wants_protobuf(request: Request) -> bool:
    """Whether Accept mentions protobuf, which Tempo prefers over JSON wherever it stands."""
    return PROTOBUF in request.headers.get("accept", "")


def takes_gzip(request: Request) -> bool:
    """Whether the body may be packed."""
    return encodings.accepts_gzip(request.headers.get("accept-encoding"))


def answer_of(services: Services, request: Request, message: Message, answer: Mapping[str, Any]) -> Answer:
    """`answer` as JSON or protobuf, packed where the reader takes it and it is worth it.

    Raises AnswerTooLarge for more than may be returned.
    """
    protobuf = wants_protobuf(request)
    body = wire.to_protobuf(message, answer) if protobuf else wire.to_json(message, answer)
    answered = packed(request, body, PROTOBUF if protobuf else JSON)
    return within_limit(services, answered, "ask for a shorter range, a larger step or a lower limit")


def packed(request: Request, body: bytes, media_type: str) -> Answer:
    """`body`, which may be packed already."""
    if len(body) >= GZIP_FROM_BYTES and takes_gzip(request) and not body.startswith(encodings.GZIP_MAGIC):
        body = encodings.gzip(body)
    headers = {"content-encoding": "gzip"} if body.startswith(encodings.GZIP_MAGIC) else {}
    return Answer(body=body, media_type=media_type, headers=headers)
