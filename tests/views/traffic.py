"""Spans for the pipeline: small traces of a few services, some of whose spans began hours before they came."""

from chalicelib.model.span import Kind, Span, StatusCode
from tests.actors import CHECKOUT, FRONTEND, PAYMENTS, resource, span_id
from tests.views.pipeline import HALF_OF, trace_id_of

RESOURCES = (FRONTEND, CHECKOUT, PAYMENTS, resource("queue"))
MS = 1_000_000
S = 1000 * MS


def spans_of(trace: str, names: list[str], start_ns: int, step_ns: int = 20 * MS) -> list[Span]:
    """One span for each name, each the child of the one before it in the trace's chain a, b, c…"""
    return [made_span(trace, name, start_ns + number * step_ns) for number, name in enumerate(names)]


def made_span(trace: str, name: str, start_ns: int) -> Span:
    """The span `name` (one letter) of `trace`: its parent, kind and service follow from the name.

    Spans of "half of one" have the ids of those of "one".
    """
    number = ord(name) - ord("a")
    whole = trace.removeprefix(HALF_OF)
    parent = span_id(f"{whole}{chr(ord(name) - 1)}") if number else None
    return Span(
        trace_id=trace_id_of(trace),
        span_id=span_id(f"{whole}{name}"),
        parent_id=parent,
        name=f"operation {name}",
        kind=(Kind.SERVER, Kind.CLIENT)[number % 2],
        start_ns=start_ns,
        end_ns=start_ns + (number + 1) * 7 * MS,
        status_code=StatusCode.ERROR if number == 3 else StatusCode.UNSET,
        attributes={"letter": name, "trace": trace},
        resource=RESOURCES[(number + 1) // 2 % len(RESOURCES)],
    )
