"""Large traces of extreme shapes."""

import random

from chalicelib.model.span import Span
from tests.actors import CHECKOUT, NOON_NS, PAYMENTS, TRACE_ID

COUNT = 100_000

PARENTS = {
    "chain": lambda number, rnd: number - 1,
    "star": lambda number, rnd: 0,
    "random tree": lambda number, rnd: rnd.randrange(number),
}


def large(shape: str) -> list[Span]:
    """Spans that nest like their shape, in a shuffled order."""
    rnd = random.Random(7)
    spans = [Span(trace_id=TRACE_ID, span_id=f"{1:016x}", start_ns=NOON_NS, end_ns=NOON_NS + 2 * COUNT)]
    for number in range(1, COUNT):
        parent = spans[PARENTS[shape](number, rnd)]
        resource = PAYMENTS if number % 2 else CHECKOUT
        times = {"start_ns": parent.start_ns + 1, "end_ns": max(parent.start_ns + 1, parent.end_ns - 1)}
        ids = {"span_id": f"{number + 1:016x}", "parent_id": parent.span_id}
        spans.append(Span(trace_id=TRACE_ID, resource=resource, **ids, **times))
    rnd.shuffle(spans)
    return spans
