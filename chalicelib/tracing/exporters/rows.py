"""A span as the array that a line has of it. codecs/function_lines/rows.py makes spans of these again.

    [span_id, parent_id, name, kind, start_ns, duration_ns, status_code, status_message, attributes, events, links,
     flags, trace_state, [dropped attributes, dropped events, dropped links], scope, trace_id]

Ids are hex, `parent_id` "" for a root, `duration_ns` null while the span is open and possibly negative; flags are
OTLP's. What stands at its default at the end is left out: no trace_state, nothing dropped, scope "spanfold", and a
trace_id only where it is not the line's. An event is [ns after the span's start, name, attributes], a link
[trace_id, span_id, trace_state, attributes, flags].

Values are JSON's; 1 and 1.0 differ. What JSON cannot say is an object with one member: {"float": "NaN"}, "Infinity"
or "-Infinity"; {"bytes": "<base64>"}; {"map": {…}}. null is the empty value.
"""

import binascii

from . import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..span import Span

NAME, STATUS_MESSAGE, ATTRIBUTES, EVENTS, LINKS, DROPPED = 2, 7, 8, 9, 10, 13
DEFAULT_SCOPE = "spanfold"

_DEFAULTS = ("", [0, 0, 0], DEFAULT_SCOPE, "")  # of the last four
_ALWAYS = 12
_MAX_DEPTH = 8
_INT64 = 1 << 63


def row(span: "Span", trace_id: str) -> "list[Any]":
    """The array of `span`, in a line of `trace_id`."""
    start_ns = span.start_ns
    whole: list[Any] = [
        span.span_id,
        span.parent_id,
        span.name,
        span.kind,
        start_ns,
        span.end_ns - start_ns if span.end_ns else None,
        span.status_code,
        span.status_message,
        attributes(span.attributes),
        [[event.time_ns - start_ns, event.name, attributes(event.attributes)] for event in span.events],
        [
            [
                link.context.trace_id,
                link.context.span_id,
                link.context.trace_state,
                attributes(link.attributes),
                flags.of_link(link.context),
            ]
            for link in span.links
        ],
        flags.of_span(span),
        span.trace_state,
        [span.dropped_attributes, span.dropped_events, span.dropped_links],
        span.scope,
        span.trace_id if span.trace_id != trace_id else "",
    ]
    while len(whole) > _ALWAYS and whole[-1] == _DEFAULTS[len(whole) - _ALWAYS - 1]:
        whole.pop()
    return whole


def attributes(given: "Mapping[str, Any]") -> "dict[str, Any]":
    """Attributes with values that JSON can say."""
    return {key: value if type(value) is str or type(value) is bool else said(value) for key, value in given.items()}


def said(value: "Any", depth: int = _MAX_DEPTH) -> "Any":
    """`value` in JSON. Integers of more than 64 bits, and whatever no attribute can be, become text."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return value if value * 0 == 0 else {"float": _NOT_FINITE[str(float(value))]}
    if isinstance(value, bytes | bytearray):
        return {"bytes": binascii.b2a_base64(value, newline=False).decode()}
    if depth > 1 and isinstance(value, list | tuple):
        return [said(one, depth - 1) for one in value]
    if depth > 1 and isinstance(value, dict):
        return {"map": {str(key): said(one, depth - 1) for key, one in value.items()}}
    return str(value)


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
