"""Traces as pieces of an answer: what each weighs as it leaves, and which of them fit."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from chalicelib.codecs.jaeger.adjusters import Row, adjusted
from chalicelib.codecs.jaeger.envelope import Problem
from chalicelib.codecs.jaeger.ui_model import shown_trace_id
from chalicelib.model.span import Span
from chalicelib.routes.jaeger.answering import leaves_as
from chalicelib.routes.request import Request
from chalicelib.services import Services

_ENVELOPE_BYTES = 16 * 1024  # what an answer may weigh besides its traces: notes, headers, compression of the joints


class Piece(NamedTuple):
    """A trace in an answer: written, or else why not."""

    trace_id: str
    written: msgspec.Raw | None
    weight_bytes: int

    @property
    def problem(self) -> Problem | None:
        """Why it is not written."""
        if self.written is not None:
            return None
        return Problem(msg=too_large(self.trace_id), trace_id=shown_trace_id(self.trace_id))


def too_large(trace_id: str) -> str:
    """What is said of a trace that no answer can hold."""
    return f"the trace is larger than one answer may be; /v1/traces/{trace_id} gives it in pages"


def budget_bytes(services: Services) -> int:
    """What the traces of an answer may weigh together."""
    return max(1, services.settings.max_answer_bytes - _ENVELOPE_BYTES)


def piece_of(services: Services, request: Request, trace_id: str, written: msgspec.Raw) -> Piece:
    """A trace as a piece; one that no answer can hold is left out of its own piece."""
    weight_bytes = len(leaves_as(request, bytes(written)))
    if weight_bytes > budget_bytes(services):
        return Piece(trace_id, None, 0)
    return Piece(trace_id, written, weight_bytes)


def fitting(services: Services, pieces: Iterable[Piece]) -> tuple[list[msgspec.Raw], list[Problem]]:
    """Those that fit together, the first first, and a word on each of the others."""
    room_bytes = budget_bytes(services)
    kept: list[msgspec.Raw] = []
    problems: list[Problem] = []
    for piece in pieces:
        if piece.written is not None and piece.weight_bytes <= room_bytes:
            room_bytes -= piece.weight_bytes
            kept.append(piece.written)
        else:
            left_out = Problem(msg="left out of an answer that is full", trace_id=shown_trace_id(piece.trace_id))
            problems.append(piece.problem or left_out)
    return kept, problems


def rows_of(spans: Sequence[Span], *, raw: bool) -> list[Row]:
    """The spans as they are to be shown: adjusted, unless they are wanted as they are stored."""
    return [Row(span) for span in spans] if raw else adjusted(spans)
