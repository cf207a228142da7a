"""Whether a condition holds for a trace. What a span's resource says counts as said by the span."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from chalicelib.model.attributes import Value
from chalicelib.model.span import Span
from chalicelib.model.span import StatusCode as SpanStatus
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.sampling.rules import (
    AlwaysSample,
    BooleanAttribute,
    Condition,
    Latency,
    NumericAttribute,
    SpanCount,
    StatusCode,
    StringAttribute,
    TraceFlags,
    TraceQL,
    TraceState,
)

NS_PER_MS = 1_000_000
SAMPLED_FLAG = 0x01  # W3C Trace Context, 3.2.2.5.1


class Instruments(NamedTuple):
    """What a decision needs and only the layers above can do."""

    matches: Callable[[str, StoredTrace], bool]  # whether a TraceQL query finds something in a trace
    finds: Callable[[str, str], bool]  # whether a regular expression (RE2) is found anywhere in a text
    size_bytes: Callable[[StoredTrace], int]  # what a trace weighs as serialised OTLP


def holds(condition: Condition, trace: StoredTrace, instruments: Instruments) -> bool:
    """Whether `condition`, its invert_match included, holds for `trace`. Raises what `instruments` do."""
    return _HOLDS[type(condition)](condition, trace, instruments)


def _always(_condition: AlwaysSample, _trace: StoredTrace, _instruments: Instruments) -> bool:
    return True


def _latency(condition: Latency, trace: StoredTrace, _instruments: Instruments) -> bool:
    extent = trace.extent()
    took_ms = (extent.end_ns - extent.start_ns) // NS_PER_MS
    if not condition.upper_threshold_ms:
        return took_ms >= condition.threshold_ms
    return condition.threshold_ms < took_ms <= condition.upper_threshold_ms  # exclusive below, as in the Collector


def _status_code(condition: StatusCode, trace: StoredTrace, _instruments: Instruments) -> bool:
    wanted = {SpanStatus[name] for name in condition.status_codes}
    return any(span.status_code in wanted for span in trace.spans)


def _numeric_attribute(condition: NumericAttribute, trace: StoredTrace, _instruments: Instruments) -> bool:
    low = float("-inf") if condition.min_value is None else condition.min_value
    high = float("inf") if condition.max_value is None else condition.max_value
    found = any(
        low <= value <= high
        for value in _values(trace, condition.key)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    )
    return found is not condition.invert_match


def _string_attribute(condition: StringAttribute, trace: StoredTrace, instruments: Instruments) -> bool:
    texts = {value for value in _values(trace, condition.key) if isinstance(value, str)}
    if condition.enabled_regex_matching:
        found = any(instruments.finds(pattern, text) for text in texts for pattern in condition.values)
    else:
        found = not texts.isdisjoint(condition.values)
    return found is not condition.invert_match


def _boolean_attribute(condition: BooleanAttribute, trace: StoredTrace, _instruments: Instruments) -> bool:
    found = any(value is condition.value for value in _values(trace, condition.key))
    return found is not condition.invert_match


def _span_count(condition: SpanCount, trace: StoredTrace, _instruments: Instruments) -> bool:
    count = len(trace.spans)
    return condition.min_spans <= count <= (condition.max_spans or count)


def _trace_state(condition: TraceState, trace: StoredTrace, _instruments: Instruments) -> bool:
    return any(
        key == condition.key and value in condition.values
        for text in {span.trace_state for span in trace.spans if span.trace_state}
        for key, value in _members(text)
    )


def _trace_flags(_condition: TraceFlags, trace: StoredTrace, _instruments: Instruments) -> bool:
    return any(span.flags & SAMPLED_FLAG for span in trace.spans)


def _traceql(condition: TraceQL, trace: StoredTrace, instruments: Instruments) -> bool:
    return instruments.matches(condition.query, trace)


_HOLDS: dict[type[Condition], Callable[[Any, StoredTrace, Instruments], bool]] = {
    AlwaysSample: _always,
    BooleanAttribute: _boolean_attribute,
    Latency: _latency,
    NumericAttribute: _numeric_attribute,
    SpanCount: _span_count,
    StatusCode: _status_code,
    StringAttribute: _string_attribute,
    TraceFlags: _trace_flags,
    TraceQL: _traceql,
    TraceState: _trace_state,
}


def _values(trace: StoredTrace, key: str) -> Iterator[Value]:
    for span in trace.spans:
        yield from _said(span, key)


def _said(span: Span, key: str) -> Iterator[Value]:
    if key in span.resource.attributes:
        yield span.resource.attributes[key]
    if key in span.attributes:
        yield span.attributes[key]


def _members(trace_state: str) -> Iterator[tuple[str, str]]:
    for member in trace_state.split(","):
        key, _, value = member.strip().partition("=")
        yield key, value
