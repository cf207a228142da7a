"""Any traces: few services, names and ids, so that they meet; broken times, shared ids, loops and links; two hours."""

from hypothesis import strategies as st

from chalicelib.model.span import Event, Link, Span
from chalicelib.model.stored_trace import StoredTrace
from tests.actors import CHECKOUT, MS, NOON_NS, PAYMENTS, QUEUE, TRACE_ID, resource

ARRIVED_MS = NOON_NS // MS + 5000
HOUR_NS = 3600 * 10**9
SPAN_IDS = [f"{number:016x}" for number in range(1, 8)]

MOMENTS = st.integers(NOON_NS - 2, NOON_NS + 40) | st.sampled_from(
    [0, 2**64 - 1, NOON_NS - HOUR_NS // 2, NOON_NS + 61 * 10**9, NOON_NS + HOUR_NS + 1]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 1),
    st.floats(),
    st.text("ab\n\\", max_size=3),
    st.binary(max_size=2),
    st.lists(st.sampled_from(["a", 1, True, None]), max_size=2),
    st.sampled_from(["x" * 65, [["a"]], {"k": 1}]),
)
KEYS = [
    "peer.service",
    "db.system",
    "db.name",
    "messaging.system",
    "messaging.destination.name",
    "server.address",
    "http.url",
    "faas.trigger",
    "k",
]
ATTRIBUTES = st.dictionaries(st.sampled_from(KEYS), VALUES | st.sampled_from(["pubsub", "orders"]), max_size=4)
EVENTS = st.builds(Event, name=st.sampled_from(["exception", ""]), attributes=ATTRIBUTES)
LINKS = st.builds(Link, trace_id=st.sampled_from([TRACE_ID, "", "f" * 32]), span_id=st.sampled_from(SPAN_IDS))
RESOURCES = st.sampled_from([CHECKOUT, PAYMENTS, QUEUE, resource("checkout", "2")])
SPANS = st.builds(
    Span,
    trace_id=st.just(TRACE_ID),
    span_id=st.sampled_from(SPAN_IDS),
    parent_id=st.none() | st.sampled_from([*SPAN_IDS, "f" * 16]),
    name=st.sampled_from(["a", "b", "(other)", ""]),
    kind=st.integers(-1, 6),
    start_ns=MOMENTS,
    end_ns=MOMENTS,
    status_code=st.integers(0, 3),
    attributes=ATTRIBUTES,
    events=st.tuples() | st.tuples(EVENTS),
    links=st.tuples() | st.tuples(LINKS, LINKS),
    trace_state=st.sampled_from(["", "ot=th:8", "ot=th:fd70a4;rv:ffffffffffffff", "a=b"]),
    resource=RESOURCES,
)


def stored(spans: list[Span], arrived_ms: int = ARRIVED_MS, trace_id: str = TRACE_ID) -> StoredTrace:
    """The spans as the store gives them: exact repeats removed, by start and id."""
    distinct = {repr(span): span for span in spans}.values()
    return StoredTrace(
        trace_id=trace_id,
        spans=sorted(distinct, key=lambda span: (span.start_ns, span.span_id)),
        arrived_ms=arrived_ms,
    )


def traces(max_spans: int = 8) -> st.SearchStrategy[StoredTrace]:
    """One trace of any shape."""
    return st.lists(SPANS, min_size=1, max_size=max_spans).map(stored)
