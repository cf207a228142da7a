"""Traces for search: built from spans that a test names, or generated small, with everything that senders get wrong."""

from hypothesis import strategies as st

from chalicelib.model.span import Event, Link, Resource, Scope, Span
from chalicelib.model.stored_trace import StoredTrace
from tests.actors import MS, NOON_NS, TRACE_ID

NOON_MS = NOON_NS // MS


def stored(*spans, arrived_ms=NOON_MS, trace_id=TRACE_ID):
    """A trace of these spans, in the order that the store gives them."""
    return StoredTrace(
        trace_id=trace_id, spans=sorted(spans, key=lambda each: (each.start_ns, each.span_id)), arrived_ms=arrived_ms
    )


IDS = tuple(f"{number:016x}" for number in range(1, 8))
MISSING_ID = "f" * 16
NAMES = ("GET /", "POST /", "pay", "")
TEXTS = ("a", "b", "ab", "10", "")
NUMBERS = st.sampled_from((0, 1, 2, -3, 10, 500, 0.5, 1.0, 2.0, -3.5))
SCALARS = st.one_of(st.sampled_from(TEXTS), st.booleans(), NUMBERS)
ODDITIES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.sampled_from((None, b"\x00", {"inner": 1})))
USUAL = {
    "x": st.sampled_from(TEXTS),
    "y": NUMBERS,
    "tags": st.lists(st.sampled_from(TEXTS), max_size=3),
    "is.ok": st.booleans(),
}
KEYS = tuple(USUAL)


@st.composite
def attributes(draw):
    """Of each key mostly values of its usual type, now and then of any."""
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=4, unique=True))
    return {key: draw(ODDITIES if draw(st.integers(0, 5)) == 0 else USUAL[key]) for key in keys}


RESOURCES = (
    Resource(attributes={"service.name": "shop", "region": "eu", "x": 1}),
    Resource(attributes={"service.name": "bank", "region": "us"}),
    Resource(attributes={"y": "b"}),
)
SCOPES = (Scope(), Scope(name="lib", version="1.2", attributes={"x": "a"}))
TRACE_STATES = ("", "ot=th:8", "vendor=1,ot=rv:00000000000001;th:c", "ot=th:nonsense")


def _events(start_ns):
    return st.builds(
        Event,
        time_ns=st.sampled_from((start_ns, start_ns + MS, start_ns - MS)),
        name=st.sampled_from(("exception", "log")),
        attributes=attributes(),
    )


LINKS = st.builds(
    Link, trace_id=st.sampled_from((TRACE_ID, "0" * 32)), span_id=st.sampled_from(IDS[:2]), attributes=attributes()
)


@st.composite
def spans(draw):
    """One span with few ids to choose from, so that families, repeats, circles and orphans all come up."""
    start_ns = draw(st.sampled_from((*(NOON_NS + ms * MS for ms in (0, 1, 2, 5, 1500)), 0)))
    lasting = draw(st.sampled_from((0, 1, 2, 3, MS, 5 * MS, 1000 * MS, -MS)))
    return Span(
        trace_id=TRACE_ID,
        span_id=draw(st.sampled_from(IDS)),
        parent_id=draw(st.sampled_from((None, "0" * 16, MISSING_ID, *IDS))),
        name=draw(st.sampled_from(NAMES)),
        kind=draw(st.sampled_from((0, 1, 2, 3, 9))),
        start_ns=start_ns,
        end_ns=max(0, start_ns + lasting),
        status_code=draw(st.sampled_from((0, 1, 2, 7))),
        status_message=draw(st.sampled_from(("", "a"))),
        attributes=draw(attributes()),
        events=tuple(draw(st.lists(_events(start_ns), max_size=2))),
        links=tuple(draw(st.lists(LINKS, max_size=2))),
        trace_state=draw(st.sampled_from(TRACE_STATES)),
        resource=draw(st.sampled_from(RESOURCES)),
        scope=draw(st.sampled_from(SCOPES)),
    )


@st.composite
def traces(draw, max_size=8):
    """Small traces; some in good order, most in a state that no sender should have left them in."""
    size = draw(st.integers(1, max_size))
    return stored(*_without_repeats([draw(spans()) for _ in range(size)]))


def _without_repeats(found):
    return [span for i, span in enumerate(found) if span not in found[:i]]
