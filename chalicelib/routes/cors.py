"""Browsers from other origins: the Fetch standard's CORS protocol, for the origins in the settings.

Answered here and not by Chalice's `cors=`, which knows one fixed origin and leaves error answers out. There are no
cookies, hence no Access-Control-Allow-Credentials.
"""

from collections.abc import Mapping, Sequence

ALLOWED_HEADERS = "content-type, content-encoding, authorization, x-api-key, traceparent, tracestate, accept"
EXPOSED_HEADERS = "retry-after, link, x-spanfold-cursor"
MAX_AGE_S = 86_400


def answer_headers(origins: Sequence[str], headers: Mapping[str, str]) -> dict[str, str]:
    """What any answer carries so that a page of an allowed origin may read it; nothing when no origin is allowed."""
    if not origins:
        return {}
    origin = _allowed(origins, headers)
    if origin is None:
        return {"vary": "origin"}
    return {
        "vary": "origin",
        "access-control-allow-origin": origin,
        "access-control-expose-headers": EXPOSED_HEADERS,
    }


def preflight_headers(origins: Sequence[str], headers: Mapping[str, str], methods: Sequence[str]) -> dict[str, str]:
    """What the answer to an OPTIONS request says beyond `answer_headers`; nothing for an origin that is not allowed."""
    if _allowed(origins, headers) is None:
        return {}
    return {
        "access-control-allow-methods": ", ".join(methods),
        "access-control-allow-headers": ALLOWED_HEADERS,
        "access-control-max-age": str(MAX_AGE_S),
    }


def _allowed(origins: Sequence[str], headers: Mapping[str, str]) -> str | None:
    origin = headers.get("origin")
    if not origin or not (origin.isascii() and origin.isprintable()):  # it is echoed: nothing that could end a line
        return None
    return origin if origin in origins or "*" in origins else None
