"""Attribute values, and the semantic-convention keys that Spanfold itself reads.

An OTLP AnyValue maps to one Python type each way: string `str`, bool `bool`, int `int` (64-bit signed),
double `float` (NaN and infinities included), bytes `bytes`, array `list`, kvlist `dict`, and nothing set `None`.
`bool` is a subclass of `int` in Python, so look for it first. Keys are unique in a dict: where a sender repeats
one, OTLP leaves the meaning open and we let the last win (the stored bytes keep them all).
"""

from typing import Any

# Any, not a recursive alias: values come from outside, and every reader has to ask for the type anyway.
Value = Any
Attributes = dict[str, Value]

SERVICE_NAME = "service.name"
UNKNOWN_SERVICE = "unknown_service"  # semantic conventions: what a resource without service.name is called

EXCEPTION_EVENT = "exception"
EXCEPTION_TYPE = "exception.type"
EXCEPTION_MESSAGE = "exception.message"
EXCEPTION_STACKTRACE = "exception.stacktrace"

ERROR_TYPE = "error.type"
CLOSED_BY = "spanfold.closed_by"  # on a span that its function left open and we closed: what told us
COLD_START = "faas.coldstart"
HOST_ID = "host.id"
HOST_NAME = "host.name"
