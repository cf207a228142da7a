"""What went wrong in a trace, where it began, and the exceptions that tell why.

A span failed when its status is ERROR, and nothing else makes it fail: the dialects that say so otherwise have
been translated. Exceptions are `exception` events (OpenTelemetry, "Recording exceptions") and, since some senders
put them there, exception.* attributes of the span itself.
"""

from collections.abc import Iterator, Sequence

from chalicelib.assembly.draft import NO_PARENT, Draft
from chalicelib.model.attributes import (
    ERROR_TYPE,
    EXCEPTION_EVENT,
    EXCEPTION_MESSAGE,
    EXCEPTION_STACKTRACE,
    EXCEPTION_TYPE,
    Attributes,
)
from chalicelib.model.span import Span, StatusCode
from chalicelib.model.trace import RecordedException, SpanError


def errors_below(draft: Draft) -> list[int]:
    """For each span the number of failed spans among its descendants. Needs pre-order."""
    counts = [0] * len(draft.spans)
    for i in range(len(counts) - 1, -1, -1):
        if (parent := draft.parents[i]) != NO_PARENT:
            counts[parent] += counts[i] + failed(draft.spans[i])
    return counts


def failed(span: Span) -> bool:
    """Whether the span's operation failed."""
    return span.status_code == StatusCode.ERROR


def span_errors(draft: Draft, below: Sequence[int]) -> tuple[SpanError, ...]:
    """The spans that failed or recorded an exception, in reading order."""
    return tuple(
        SpanError(
            index=i,
            span_id=span.span_id,
            service=draft.services[draft.processes[i]],
            name=span.name,
            status_message=span.status_message,
            error_type=_text(span.attributes, ERROR_TYPE),
            handled=not failed(span),
            origin=failed(span) and not below[i],
            exceptions=exceptions,
        )
        for i, span in enumerate(draft.spans)
        if (exceptions := tuple(_exceptions(span, draft.shifts[i]))) or failed(span)
    )


def _exceptions(span: Span, shift_ns: int) -> Iterator[RecordedException]:
    for event in span.events:
        if event.name == EXCEPTION_EVENT:
            yield _exception(event.attributes, str(max(event.time_ns + shift_ns, 0)))
    if EXCEPTION_TYPE in span.attributes or EXCEPTION_MESSAGE in span.attributes:
        yield _exception(span.attributes, None)


def _exception(attributes: Attributes, time_unix_nano: str | None) -> RecordedException:
    return RecordedException(
        type=_text(attributes, EXCEPTION_TYPE),
        message=_text(attributes, EXCEPTION_MESSAGE),
        stacktrace=_text(attributes, EXCEPTION_STACKTRACE),
        time_unix_nano=time_unix_nano,
    )


def _text(attributes: Attributes, key: str) -> str:
    """The attribute as text; "" when it is missing or empty."""
    value = attributes.get(key)
    return "" if value is None else str(value)
