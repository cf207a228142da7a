"""When each span began and ended, as far as it can be believed on its own.

OTLP says that both times are required and that the end is not before the start (trace.proto); senders differ.
A span without an end is still running or was cut off with its function, and a negative length has no meaning:
both are shown without a length. A start of 0 is proto3 for "not set"; taken at its word it would stretch the trace
over half a century, so the span goes to its end, or to where the rest of the trace begins.
"""

import msgspec

from chalicelib.assembly.draft import Draft, add_warning
from chalicelib.assembly.vocabulary import END_BEFORE_START, END_MISSING, START_MISSING
from chalicelib.model.span import Span


def read_times(draft: Draft) -> Draft:
    """`draft` with starts and ends, end never before start, and no shifts yet."""
    spans = draft.spans
    earliest = min((span.start_ns for span in spans if span.start_ns), default=0)
    starts = [span.start_ns or span.end_ns or earliest for span in spans]
    ends = [max(start, span.end_ns) for start, span in zip(starts, spans, strict=True)]
    warnings = draft.warnings
    for code, applies in _ODDITIES.items():
        warnings = add_warning(warnings, code, [i for i, span in enumerate(spans) if applies(span)])
    return msgspec.structs.replace(draft, starts=starts, ends=ends, shifts=[0] * len(spans), warnings=warnings)


def _start_missing(span: Span) -> bool:
    return not span.start_ns


def _end_missing(span: Span) -> bool:
    return not span.end_ns


def _end_before_start(span: Span) -> bool:
    return 0 < span.end_ns < span.start_ns


_ODDITIES = {START_MISSING: _start_missing, END_MISSING: _end_missing, END_BEFORE_START: _end_before_start}
