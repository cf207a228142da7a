"""A trace by its id: its blocks read, merged, and given out in pages or as spans.

A cursor is base64url of a version byte, the trace id that was asked for, and the position of the last span given.
It belongs to a trace, not to a tenant: another tenant's blocks are not read whatever the cursor says.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.codecs.otlp.merge import POSITION_BYTES, Form, Merged, merge, page
from chalicelib.codecs.otlp.messages import DecodeError, TracesData
from chalicelib.codecs.stored import spans_of
from chalicelib.model.block import held_bytes
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import AnswerTooLarge, NoSuchTrace, QueryError, StoreError
from chalicelib.model.ids import parse_trace_id
from chalicelib.model.span import Span
from chalicelib.services import Services

_VERSION = b"\x01"


@dataclass(frozen=True, kw_only=True)
class TracePage:
    """Part of a trace: as a message, and as `body` in the form asked for. `next_cursor` is None on the last page."""

    message: TracesData
    body: bytes
    span_count: int
    next_cursor: str | None


def read_trace(  # noqa: PLR0913  # who asks, for what, how to answer, and until when: each goes its own way
    services: Services,
    tenant: str,
    trace_id: str,
    *,
    cursor: str | None,
    budget_bytes: int,
    deadline: Deadline,
    form: Form,
) -> TracePage:
    """The page of the trace that starts at `cursor` (None: the first), of at most `budget_bytes` as encoded.

    With an id of 16 digits, of all traces with these low 64 bits. Blocks that arrive between two pages are in the
    later one if their spans started after the last one given. Raises QueryError for a malformed id, or a cursor
    that is malformed or of another trace; NoSuchTrace; AnswerTooLarge for a trace past `max_trace_bytes`, of
    which no part can be given; StoreError.
    """
    asked = parse_trace_id(trace_id)
    after = None if cursor is None else _position(cursor, asked)
    found = page(_merged(services, tenant, asked, deadline), after, budget_bytes, form)
    return TracePage(
        message=found.message,
        body=found.body,
        span_count=found.span_count,
        next_cursor=None if found.position is None else _cursor(asked, found.position),
    )


def read_spans(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> list[Span]:
    """Every span of the trace, exact repeats removed, by start time and id. Raises as `read_trace` does."""
    return spans_of(_merged(services, tenant, parse_trace_id(trace_id), deadline))


def _merged(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> Merged:
    limit_bytes = services.settings.max_trace_bytes

    def payloads() -> Iterator[bytes]:
        sum_bytes = 0
        for block in services.blocks.read(tenant, trace_id, deadline):
            sum_bytes += held_bytes(block)
            if sum_bytes > limit_bytes:
                raise AnswerTooLarge(f"trace {trace_id} is larger than can be read at once ({limit_bytes} bytes)")
            yield block.payload

    try:
        merged = merge(payloads())
    except DecodeError as broken:
        raise StoreError(f"a block of trace {trace_id} is not OTLP: {broken}") from broken
    if not merged.entries:
        raise NoSuchTrace(trace_id)
    return merged


def _cursor(trace_id: str, position: bytes) -> str:
    return base64.urlsafe_b64encode(_VERSION + bytes.fromhex(trace_id) + position).rstrip(b"=").decode()


def _position(cursor: str, trace_id: str) -> bytes:
    """The position inside `cursor`. Raises QueryError unless it is one that `_cursor` made for `trace_id`."""
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        told = b""
    about, position = told[1:-POSITION_BYTES], told[-POSITION_BYTES:]
    if told[:1] != _VERSION or len(about) not in (8, 16) or _cursor(about.hex(), position) != cursor:
        raise QueryError(f"cursor {cursor[:64]!r} is not one that was given out")
    if about.hex() != trace_id:
        raise QueryError(f"cursor {cursor[:64]!r} is of trace {about.hex()}, not {trace_id}")
    return position
