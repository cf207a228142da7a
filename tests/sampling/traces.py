"""Traces to judge: whatever a test does not say is as in actors.py."""

import random
from typing import Any

from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.sampling.conditions import Instruments
from tests import actors

ARRIVED_MS = actors.NOON_NS // 1_000_000


def trace_id(randomness: int = 0) -> str:
    """An id whose low 56 bits are these."""
    return f"{1 << 120 | randomness:032x}"


def stored(*spans: Span, identity: str = actors.TRACE_ID) -> StoredTrace:
    own = [actors.with_fields(span, trace_id=identity) for span in spans]
    return StoredTrace(trace_id=identity, spans=own, arrived_ms=ARRIVED_MS)


def trace(randomness: int = 0, span_count: int = 1, **fields: Any) -> StoredTrace:
    """`span_count` spans of one service, the first of them a root, in a trace of this randomness."""
    root = actors.span("root", **fields)
    others = [actors.span(f"child {number}", parent=root, **fields) for number in range(1, span_count)]
    return stored(root, *others, identity=trace_id(randomness))


def random_trace(chance: random.Random, span_count: int = 1, **fields: Any) -> StoredTrace:
    return trace(chance.getrandbits(56), span_count, **fields)


def instruments(**known: Any) -> Instruments:
    """Instruments for tests that need none, or only those that are `known`."""

    def unknown(*asked: object) -> Any:
        raise AssertionError(asked)

    return Instruments(**{name: known.get(name, unknown) for name in Instruments._fields})
