"""Trace and span ids: lower-hex strings inside Spanfold, 32 digits and 16.

W3C Trace Context (section 3.2.2) and OTLP (trace.proto) agree: 16 and 8 bytes, all zero means invalid.
Zipkin and Jaeger also speak of 64-bit trace ids; those are the low half, with the high half zero.
"""

import re

from chalicelib.model.errors import QueryError

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8

_ASKED_FOR = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")


def parse_trace_id(text: str) -> str:
    """The id a reader asked for, in lower case: 32 hex digits, or 16 for "the low 64 bits, whatever the high ones".

    Raises QueryError for anything else, and for the all-zero id, which no trace can have.
    """
    lowered = text.lower()
    if not _ASKED_FOR.fullmatch(lowered):
        raise QueryError(f"trace id {text[:64]!r} is not 16 or 32 hex digits")
    if not lowered.strip("0"):
        raise QueryError(f"trace id {lowered!r} is all zero, which is invalid")
    return lowered


def low_half(trace_id: str) -> str:
    """The low 64 bits, as 16 hex digits, of an id of either width."""
    return trace_id[-16:]
