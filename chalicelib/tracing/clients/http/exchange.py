"""One HTTP request and its answer, whichever library sends it.

Semantic conventions: http/http-spans, "HTTP client span" (1.44).
"""

import os

from ....propagation.headers import Headers
from ...span import CLIENT, ERROR
from ..switches import tracer_for
from .nesting import Held, is_held
from .urls import authority, is_signed, redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeVar

    from ...span import Span
    from ...tracer import Tracer

    Answer = TypeVar("Answer")
    Told = Callable[["Exchange", Any], None]

METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY"})
INJECT = "spanfold.inject"
RUNTIME_VARIABLE = "AWS_LAMBDA_RUNTIME_API"  # host and port of Lambda's own API: its calls are the invocations
_LOCAL_HOSTS = ("sandbox.localdomain",)  # of extensions and their telemetry


class Exchange:
    """A request that has its span. `added`: headers to be sent beside its own, {} for none; `headers`: all of them, a
    copy of the caller's, None where nothing is added.
    """

    __slots__ = ("added", "headers", "span")

    def __init__(self, tracer: "Tracer", method: str, url: str, headers: "Any") -> None:
        known = method.upper() if method.upper() in METHODS else "HTTP"
        self.span: Span = tracer.start_span(known, kind=CLIENT)
        self.added: dict[str, str] = {}
        self.headers: Any = None
        try:
            if self.span.is_recording:
                self._describe(known, method, url)
            self._inject(tracer, url, pairs_of(headers))
            self.headers = merged(headers, self.added) if self.added else None
        except Exception as error:  # headers of a kind we do not know
            self.added = {}
            tracer.swallow(error, "headers")

    def _describe(self, known: str, method: str, url: str) -> None:
        host, port = authority(url)
        self.span.set_attributes(
            {
                "http.request.method": "_OTHER" if known == "HTTP" else known,
                "http.request.method_original": None if method == known else method,
                "url.full": redacted(url),
                "server.address": host,
                "server.port": port or None,
            }
        )

    def _inject(self, tracer: "Tracer", url: str, headers: list[tuple[str, str]]) -> None:
        from .. import carried  # noqa: PLC0415  # and all formats with it: at the first request

        fields = carried.fields_of(self.span, tracer)
        held = Headers(headers)
        if not fields:
            return
        if any(held.all(name.lower()) for name in fields):
            found = carried.context_in(headers)
            if found is not None:
                self.span.add_link(found)
            self.span.set_attribute(INJECT, "skipped: it has a context already")
        elif is_aws_signed(held) or is_signed(url):
            self.span.set_attribute(INJECT, "skipped: the request is signed")
        else:
            self.added = fields

    def answered(self, status: int, resend_count: int = 0) -> None:
        """The beginning of the answer has come."""
        self.span.set_attributes(
            {"http.response.status_code": status, "http.request.resend_count": resend_count or None}
        )
        if status >= 400:
            self.span.set_attribute("error.type", str(status))
            self.span.set_status(ERROR)
        self.span.end()

    def failed(self, error: BaseException) -> None:
        """There is none."""
        self.span.fail(error)
        self.span.end()


def is_aws_signed(headers: Headers) -> bool:
    """Whether a signature of AWS covers the headers; another one might break it."""
    authorization = "".join(headers.all("authorization"))
    return authorization.startswith(("AWS4-", "AWS ")) or bool(headers.all("x-amz-content-sha256"))


def begin(client: str, method: object, url_of: "Callable[[], str]", headers: "Any") -> "Exchange | None":
    """The exchange that `client` is about to have; None if it is not to have a span of its own. Never raises.

    `headers`: whatever the library takes as such.
    """
    if is_held():
        return None
    tracer = tracer_for(client)
    if tracer is None:
        return None
    try:
        url = url_of()
        return None if _is_lambdas(url) else Exchange(tracer, _text(method), url, headers)
    except Exception as error:
        tracer.swallow(error, client)
        return None


def exchanged(exchange: "Exchange | None", send: "Callable[[], Answer]", told: "Told") -> "Answer":
    """What `send` answers or raises. The libraries beneath make no span of it; `told` ends the exchange."""
    if exchange is None:
        return send()
    try:
        with Held():
            answer = send()
    except BaseException as error:
        exchange.failed(error)
        raise
    _tell(exchange, told, answer)
    return answer


async def exchanged_later(
    exchange: "Exchange | None", send: "Callable[[], Awaitable[Answer]]", told: "Told"
) -> "Answer":
    """The same, awaited."""
    if exchange is None:
        return await send()
    try:
        with Held():
            answer = await send()
    except BaseException as error:
        exchange.failed(error)
        raise
    _tell(exchange, told, answer)
    return answer


def pairs_of(headers: "Any") -> list[tuple[str, str]]:
    """Names and values of whatever a library takes as headers."""
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    return [(_text(name), _text(value)) for name, value in pairs]


def merged(headers: "Any", added: dict[str, str]) -> "Any":
    """A copy of the caller's headers, of the same kind where that can be copied, with ours."""
    copied = headers.copy() if hasattr(headers, "copy") else dict(headers or ())
    for name, value in added.items():
        copied[name] = value
    return copied


def _tell(exchange: Exchange, told: "Told", answer: object) -> None:
    try:
        told(exchange, answer)
    except Exception:
        exchange.span.end()  # an answer of a kind we do not know


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes | bytearray) else str(value)


def _is_lambdas(url: str) -> bool:
    host, port = authority(url)
    return host in _LOCAL_HOSTS or f"{host}:{port}" == os.environ.get(RUNTIME_VARIABLE)
