"""What Jaeger's first API wraps its answers and errors in (jaegerquery/internal/http_handler.go)."""

from collections.abc import Sequence

import msgspec

_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error, of an answer or of one trace in it."""

    code: int = 0
    msg: str = ""
    trace_id: str = msgspec.field(default="", name="traceID")


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    data: object
    total: int = 0
    limit: int = 0
    offset: int = 0
    errors: Sequence[Problem] | None = None


def wrap(data: object, total: int = 0, errors: Sequence[Problem] | None = None) -> bytes:
    """An answer. `total` is told for names only; `errors` are null where there are none."""
    return _encode(_Envelope(data=data, total=total, errors=errors))


def failure(code: int, told: str) -> bytes:
    """An error alone, as http.Error sends it: a line."""
    return wrap(None, errors=[Problem(code=code, msg=told)]) + b"\n"
