"""Trace and span ids as the formats write them: hex of either case and width, or decimal.

Inside, a trace id is 32 lower hex digits and a span id 16; "" stands for none, and so does an id of zeros, which every
format calls invalid. A 64-bit trace id is the low half of 128 bits (W3C Trace Context level 2, 4.3; b3-propagation,
"TraceId").
"""

from .patterns import Pattern

TRACE_DIGITS = 32
SPAN_DIGITS = 16
MAX_ID = (1 << 64) - 1

_HEX = Pattern(r"[0-9a-fA-F]+")
_DECIMAL = Pattern(r"[0-9]{1,20}")


def trace_id_of(text: str) -> str:
    """Of one to 32 hex digits, padded on the left; "" for anything else."""
    return _padded(text, TRACE_DIGITS)


def span_id_of(text: str) -> str:
    """Of one to 16 hex digits, padded on the left; "" for anything else."""
    return _padded(text, SPAN_DIGITS)


def span_id_of_decimal(text: str) -> str:
    """Of an unsigned 64-bit number in decimal, as Google and Datadog write it; "" for anything else."""
    number = int(text) if _DECIMAL.fullmatch(text) else 0
    return f"{number:016x}" if 0 < number <= MAX_ID else ""


def _padded(text: str, digits: int) -> str:
    if len(text) > digits or not _HEX.fullmatch(text):
        return ""
    padded = text.lower().rjust(digits, "0")
    return padded if padded.strip("0") else ""
