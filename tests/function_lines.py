"""What a traced function writes to its log, made by the library's own writer."""

from collections.abc import Sequence
from typing import Any

from chalicelib.tracing.exporters import lines
from chalicelib.tracing.exporters.port import Batch
from chalicelib.tracing.span import SERVER, Span
from tests.clocks import NOON_NS

TRACE_ID = "5b8efff798038103d269b633813fc60c"
REQUEST = "8a1c6f2e-0000-4000-8000-000000000001"
INVOCATION = "00f067aa0ba902b7"
MS = 1_000_000


def made(
    name: str = "checkout",
    *,
    span_id: str = INVOCATION,
    parent_id: str = "",
    at_ms: float = 0,
    took_ms: float | None = 20,
    kind: int = SERVER,
    trace_id: str = TRACE_ID,
    **attributes: Any,
) -> Span:
    """A span that began `at_ms` past noon; open if it `took_ms` None."""
    start_ns = NOON_NS + round(at_ms * MS)
    span = Span(
        name,
        trace_id=trace_id,
        span_id=span_id,
        parent_id=parent_id,
        now_ns=lambda: NOON_NS,
        start_ns=start_ns,
        kind=kind,
        attributes=attributes,
    )
    span.end_ns = 0 if took_ms is None else start_ns + round(took_ms * MS)
    return span


def line(spans: Sequence[Span], *, kind: str = "spans", request: str = REQUEST, service: str = "checkout") -> str:
    """The one line that says these spans."""
    batch = Batch(spans, {"service.name": service, "faas.name": service}, request, until_ns=0)
    [text] = lines.write(batch, "a1b2c3d4e5f60718", kind=kind).lines
    return text


def start(span: Span | None = None, *, request: str = REQUEST) -> str:
    """The line with which an invocation begins."""
    return line([span or made(took_ms=None)], kind="start", request=request)


def end(*spans: Span, request: str = REQUEST) -> str:
    """The line with which it ends."""
    return line(spans or (made(),), request=request)


def report(status: str = "", *, request: str = REQUEST, used_mb: int = 64) -> str:
    """The platform's line about an invocation: `status` is "timeout", or "error" with a type after a tab."""
    figures = f"Duration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: {used_mb} MB\t"
    return f"REPORT RequestId: {request}\t{figures}Init Duration: 250.12 ms\t{status and 'Status: ' + status}\n"


TIMED_OUT = report("timeout")
EXITED = f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"
KILLED = f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
