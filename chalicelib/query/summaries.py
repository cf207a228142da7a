"""What a search shows of a trace that matched."""

from collections import defaultdict
from collections.abc import Sequence

from chalicelib.model.attributes import Attributes, Value
from chalicelib.model.found import Field, FoundSpan, FoundSpanset, FoundTrace, ServiceCounts
from chalicelib.model.span import Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.evaluation import MatchedSpan, Spanset
from chalicelib.search.evaluation.tree import find_root

MAX_SERVICES = 50
MAX_SPANSETS = 100
MAX_FIELDS = 64
MAX_TEXT_CHARS = 1024
CUT_MARK = "…"


def summary(trace: StoredTrace, spansets: Sequence[Spanset], spans_per_spanset: int) -> FoundTrace:
    """The trace in short, with the first `spans_per_spanset` spans of each spanset.

    Bounded, whatever was sent: MAX_SERVICES services, MAX_SPANSETS spansets, MAX_FIELDS fields of a span or spanset,
    and texts of MAX_TEXT_CHARS; longer ones end in CUT_MARK.
    """
    root = find_root(trace.spans)
    extent = trace.extent()
    services = _services(trace.spans)
    return FoundTrace(
        trace_id=trace.trace_id,
        root_service=None if root is None else shown_text(root.resource.service_name),
        root_name=None if root is None else shown_text(root.name),
        start_time_unix_nano=str(extent.start_ns),
        duration_ns=extent.end_ns - extent.start_ns,
        span_count=len(trace.spans),
        error_count=sum(each.error_count for each in services),
        service_count=len(services),
        services=tuple(services[:MAX_SERVICES]),
        span_sets=tuple(_spanset(each, spans_per_spanset) for each in spansets[:MAX_SPANSETS]),
    )


def fields_of(attributes: Attributes) -> tuple[Field, ...]:
    """Attributes as an answer shows them, the first MAX_FIELDS."""
    return tuple(_field(key, value) for key, value in list(attributes.items())[:MAX_FIELDS])


def shown_duration_ns(span: Span) -> int:
    """How long the span took; 0 where its end is unknown or before its start."""
    return max(0, span.end_ns - span.start_ns)


def _services(spans: Sequence[Span]) -> list[ServiceCounts]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for span in spans:
        count = counts[span.resource.service_name]
        count[0] += 1
        count[1] += span.status_code == StatusCode.ERROR
    told = [ServiceCounts(service=shown_text(name), span_count=n, error_count=bad) for name, (n, bad) in counts.items()]
    return sorted(told, key=lambda each: (-each.span_count, each.service))


def _spanset(spanset: Spanset, spans_per_spanset: int) -> FoundSpanset:
    return FoundSpanset(
        matched=len(spanset.spans),
        spans=tuple(_span(each) for each in spanset.spans[:spans_per_spanset]),
        attributes=tuple(_field(name, static.value) for name, static in spanset.attributes[:MAX_FIELDS]),
    )


def _span(matched: MatchedSpan) -> FoundSpan:
    span = matched.span
    return FoundSpan(
        span_id=span.span_id,
        name=shown_text(span.name),
        service=shown_text(span.resource.service_name),
        start_time_unix_nano=str(span.start_ns),
        duration_ns=shown_duration_ns(span),
        fields=tuple(_field(name, value) for name, value in matched.fields[:MAX_FIELDS]),
    )


def _field(key: str, value: Value) -> Field:
    return Field(key=shown_text(key), value=_shown(value))


def _shown(value: Value) -> Value:
    """The value itself, or, for what is large, the beginning of its text."""
    match value:
        case str():
            return shown_text(value)
        case bytes():
            return value[:MAX_TEXT_CHARS]
        case list() | dict():
            text = repr(value)
            return value if len(text) <= MAX_TEXT_CHARS else shown_text(text)
        case _:
            return value


def shown_text(text: str) -> str:
    """The text itself, or its beginning and CUT_MARK."""
    return text if len(text) <= MAX_TEXT_CHARS else text[:MAX_TEXT_CHARS] + CUT_MARK
