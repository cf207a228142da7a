"""Jaeger's API v3 as its HTTP gateway writes it (jaeger-idl, proto/api_v3; jaegerquery/internal/apiv3).

Traces are OTLP JSON, several of them one after the other in one `result`. 64-bit numbers are decimal strings, zeros
are left out; `services`, `operations` and `summaries` are always there, because the UI's schema wants them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.codecs.jaeger.from_otlp import service_of
from chalicelib.model.span import Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace

INTERNAL = "internal"  # what an operation without a kind is called here

_encode = msgspec.json.Encoder().encode


class ServiceSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How many spans one service has, and how many of them failed."""

    name: str
    span_count: int = 0
    error_span_count: int = 0


class TraceSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A trace in short. Its id has 32 digits always. An orphan is a span whose parent is not in the trace."""

    trace_id: str
    root_service_name: str = ""
    root_operation_name: str = ""
    min_start_time_unix_nano: str
    max_end_time_unix_nano: str
    span_count: int = 0
    error_span_count: int = 0
    orphan_span_count: int = 0
    services: tuple[ServiceSummary, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", order=True):
    """An operation with its kind."""

    name: str
    span_kind: str


def services(names: Sequence[str]) -> bytes:
    """The answer to /services."""
    return _encode({"services": names})


def operations(found: Iterable[tuple[str, str]]) -> bytes:
    """The answer to /operations, of (name, kind) pairs; "" for no kind."""
    return _encode({"operations": [Operation(name=name, span_kind=kind or INTERNAL) for name, kind in found]})


def summaries(found: Sequence[msgspec.Raw]) -> bytes:
    """The answer to /trace-summaries."""
    return _encode({"summaries": found})


def traces(resource_spans: Sequence[msgspec.Raw]) -> bytes:
    """The answer to /traces, of the `resourceSpans` of OTLP JSON, each a list's inside."""
    return b'{"result":{"resourceSpans":[' + b",".join(resource_spans) + b"]}}"


def failure(code: int, told: str) -> bytes:
    """An error."""
    return _encode({"error": {"httpCode": code, "message": told}})


def summary(trace: StoredTrace) -> msgspec.Raw:
    """A trace in short, of all its spans."""
    ids = {span.span_id for span in trace.spans}
    root = next((span for span in trace.spans if span.parent_id is None), None)
    failed = [span for span in trace.spans if span.status_code == StatusCode.ERROR]
    told = TraceSummary(
        trace_id=trace.trace_id,
        root_service_name="" if root is None else service_of(root.resource),
        root_operation_name="" if root is None else root.name,
        min_start_time_unix_nano=str(min(span.start_ns for span in trace.spans)),
        max_end_time_unix_nano=str(max(max(span.end_ns, span.start_ns) for span in trace.spans)),
        span_count=len(trace.spans),
        error_span_count=len(failed),
        orphan_span_count=sum(span.parent_id is not None and span.parent_id not in ids for span in trace.spans),
        services=tuple(_services(trace.spans)),
    )
    return msgspec.Raw(_encode(told))


def _services(spans: Iterable[Span]) -> Iterable[ServiceSummary]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for span in spans:
        count = counts[service_of(span.resource)]
        count[0] += 1
        count[1] += span.status_code == StatusCode.ERROR
    for name, (span_count, error_count) in sorted(counts.items()):
        yield ServiceSummary(name=name, span_count=span_count, error_span_count=error_count)
