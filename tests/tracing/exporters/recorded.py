"""Spans as the library records them, and what the backend is to make of each, field by field.

`as_model` is written from OTLP's definitions, not from the code of either side.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from chalicelib.model import span as model
from chalicelib.propagation.context import TraceContext
from chalicelib.tracing.exporters.port import Batch
from chalicelib.tracing.span import Event, Link, Span

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
NOON_NS = 1_767_268_800_000_000_000
RESOURCE = {"service.name": "orders", "faas.name": "orders-dev", "faas.max_memory": 536_870_912}


def span(name: str = "GET /orders", number: int = 1, **fields: Any) -> Span:
    """A finished span of a millisecond."""
    given = {"trace_id": TRACE_ID, "span_id": f"{number:016x}", "now_ns": lambda: NOON_NS, "flags": 1} | fields
    made = Span(name, **given)
    made.end_ns = made.start_ns + 1_000_000
    return made


def five_attributes(number: int) -> dict[str, Any]:
    return {
        "http.request.method": "GET",
        "url.full": f"https://api.example.com/orders/{number}",
        "http.response.status_code": 200,
        "server.address": "api.example.com",
        "aws.request_id": f"c6af9ac6-7b61-11e6-9a41-{number:012d}",
    }


def spans(count: int) -> list[Span]:
    """Ordinary ones, of five attributes."""
    return [
        span(f"GET /orders/{n % 7}", n, parent_id=f"{n - 1:016x}" if n > 1 else "", attributes=five_attributes(n))
        for n in range(1, count + 1)
    ]


def batch(*given: Span, **fields: Any) -> Batch:
    return Batch(given, **({"resource": RESOURCE, "request_id": "8f5e0c1e", "until_ns": NOON_NS + 10**10} | fields))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRACE_IDS = st.sampled_from([TRACE_ID, "11" * 16]) | st.binary(min_size=16, max_size=16).filter(any).map(bytes.hex)
SPAN_IDS = st.binary(min_size=8, max_size=8).filter(any).map(bytes.hex)
UINT32 = st.sampled_from([0, 1, 2**32 - 1]) | st.integers(0, 2**32 - 1)
DOUBLES = st.floats().map(lambda number: math.nan if math.isnan(number) else number)  # one NaN of the many
SCALARS = st.one_of(
    st.none(),
    TEXT,
    st.booleans(),
    st.sampled_from([0, 1, 2**53 + 1, -(2**63), 2**63 - 1, 2**63, -(10**30)]) | st.integers(),
    st.sampled_from([0.0, -0.0, 1.0, 1e22, 5e-324, math.inf, -math.inf, math.nan]) | DOUBLES,
    st.binary(max_size=5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXT, inner, max_size=2)
    ),
    max_leaves=4,
)
ATTRIBUTES = st.dictionaries(TEXT, VALUES, max_size=4)
CONTEXTS = st.builds(
    TraceContext,
    TRACE_IDS | st.just(""),
    SPAN_IDS | st.just(""),
    sampled=st.sampled_from([True, False, None]),
    random=st.booleans(),
    trace_state=TEXT,
    format=st.sampled_from(["", "w3c"]),
)
TIMES_NS = st.integers(1, 2**64 - 1)


@st.composite
def any_spans(draw: st.DrawFn) -> Span:
    """A span with anything in it that the library can have recorded."""
    made = Span(
        draw(TEXT),
        trace_id=draw(TRACE_IDS),
        span_id=draw(SPAN_IDS),
        now_ns=lambda: NOON_NS,
        start_ns=draw(TIMES_NS),
        parent_id=draw(SPAN_IDS | st.just("")),
        kind=draw(st.integers(0, 5)),
        flags=draw(st.integers(0, 255)),
        trace_state=draw(TEXT),
        is_parent_remote=draw(st.booleans()),
        attributes=draw(ATTRIBUTES),
        scope=draw(st.sampled_from(["spanfold", "", "spanfold.botocore"])),
    )
    made.end_ns = draw(st.just(0) | TIMES_NS)
    made.status_code = draw(st.integers(0, 2))
    made.status_message = draw(TEXT)
    made.events = draw(st.lists(st.builds(Event, TIMES_NS, TEXT, ATTRIBUTES), max_size=2))
    made.links = draw(st.lists(st.builds(Link, CONTEXTS, ATTRIBUTES), max_size=2))
    made.dropped_attributes, made.dropped_events, made.dropped_links = draw(st.tuples(UINT32, UINT32, UINT32))
    return made


def as_models(given: Iterable[Span], resource: Mapping[str, Any]) -> list[model.Span]:
    """The spans as the backend knows them; they share the resource, and scopes by name."""
    shared = model.Resource(attributes=_attributes(resource))
    scopes: dict[str, model.Scope] = {}
    return [_as_model(one, shared, scopes.setdefault(one.scope, model.Scope(name=one.scope))) for one in given]


def _as_model(one: Span, resource: model.Resource, scope: model.Scope) -> model.Span:
    return model.Span(
        trace_id=one.trace_id,
        span_id=one.span_id,
        parent_id=one.parent_id or None,
        name=one.name,
        kind=one.kind,
        start_ns=one.start_ns,
        end_ns=one.end_ns,
        status_code=one.status_code,
        status_message=one.status_message,
        attributes=_attributes(one.attributes),
        events=tuple(
            model.Event(time_ns=event.time_ns, name=event.name, attributes=_attributes(event.attributes))
            for event in one.events
        ),
        links=tuple(
            model.Link(
                trace_id=link.context.trace_id,
                span_id=link.context.span_id,
                trace_state=link.context.trace_state,
                attributes=_attributes(link.attributes),
                flags=link.context.flags + (0x300 if link.context.format else 0),
            )
            for link in one.links
        ),
        flags=one.flags + 0x100 + (0x200 if one.is_parent_remote else 0),
        trace_state=one.trace_state,
        dropped_attributes_count=one.dropped_attributes,
        dropped_events_count=one.dropped_events,
        dropped_links_count=one.dropped_links,
        resource=resource,
        scope=scope,
    )


def _attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(value) for key, value in given.items()}


def _value(value: Any) -> Any:
    match value:
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**63:
            return str(value)
        case list() | tuple():
            return [_value(one) for one in value]
        case dict():
            return _attributes(value)
        case _:
            return value
