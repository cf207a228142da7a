"""Open spans that have to leave: a copy each, as they are now. The backend keeps the version that ended last."""

from .span import ERROR, Span

UNFINISHED = "spanfold.unfinished"  # "timeout", or "answered": the function was done with it, the span was not
TIMEOUT = "timeout"


def unfinished(span: Span, why: str) -> Span:
    """What `span` says so far, without an end, and why it has none. Of a time-out it is an error."""
    copy = Span(
        span.name,
        trace_id=span.trace_id,
        span_id=span.span_id,
        now_ns=span.now_ns,
        start_ns=span.start_ns,
        parent_id=span.parent_id,
        kind=span.kind,
        flags=span.flags,
        trace_state=span.trace_state,
        is_parent_remote=span.is_parent_remote,
        attributes={**span.attributes, UNFINISHED: why},
        scope=span.scope,
    )
    copy.events, copy.links = list(span.events), list(span.links)
    copy.dropped_attributes, copy.dropped_events = span.dropped_attributes, span.dropped_events
    copy.dropped_links = span.dropped_links
    copy.status_code, copy.status_message = span.status_code, span.status_message
    if why == TIMEOUT:
        copy.attributes["error.type"] = TIMEOUT
        copy.set_status(ERROR, "the function's time was nearly over")
    return copy
