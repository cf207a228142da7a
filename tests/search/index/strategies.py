"""Traces of few words and many values, and conditions that ask for them: small enough to meet, rich enough to miss."""

from hypothesis import strategies as st

from chalicelib.model.span import Event, Link, Resource, Scope, Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.conditions import AllOf, AnyOf, Anything, Both, Compare, Either, Exists, SpanMatch, TraceMatch
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Operator, Static, StaticType
from tests.actors import NOON_NS
from tests.search.index.naive import COMPARISONS, SPAN_INTRINSICS

NOON_MS = NOON_NS // 1_000_000
SERVICES = ["checkout", "payments", "a service " * 30, ""]
NAMES = ["GET /", "POST /orders", "", *(f"process the order with the number {number:032}" for number in range(12))]
TEXTS = ["", "200", "error", "é", "z" * 256, "z" * 257, *(f"{number:040}" for number in range(12))]
WHOLE_NUMBERS = [0, 1, 200, -5, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), *range(1000, 100_000, 9_000)]
FRACTIONS = [0.0, -0.0, 1.0, 0.5, -5.5, 1e300, float("inf"), float("nan"), float(2**53)]
DURATIONS_NS = [0, 1, 999, 1_000_000, 1_414_213, 2_000_000, 10**9]
KEYS = ["k", "http.route", "n", "k" * 300]
IDS = ["", "ab", "0123456789abcdef", "5b8efff798038103d269b633813fc60c"]

TRACE_INTRINSICS = [
    Intrinsic.TRACE_DURATION,
    Intrinsic.TRACE_ROOT_NAME,
    Intrinsic.TRACE_ROOT_SERVICE,
    Intrinsic.TRACE_ID,
]

_scalars = (
    st.sampled_from(TEXTS) | st.sampled_from(WHOLE_NUMBERS) | st.sampled_from(FRACTIONS) | st.booleans() | st.none()
)
_attributes = st.dictionaries(
    st.sampled_from(KEYS),
    _scalars | st.lists(_scalars, max_size=3) | st.just(b"bytes") | st.just({"k": "map"}),
    max_size=3,
)
_resources = st.builds(
    lambda service, attributes: Resource(attributes=attributes | {"service.name": service}),
    st.sampled_from(SERVICES),
    _attributes,
)
_scopes = st.builds(
    Scope, name=st.sampled_from(NAMES[:4]), version=st.sampled_from(["", "1.0"]), attributes=_attributes
)
_times = st.sampled_from(DURATIONS_NS)
_events = st.builds(
    lambda after_ns, **fields: Event(time_ns=NOON_NS + after_ns, **fields),
    _times,
    name=st.sampled_from(["exception", "retry"]),
    attributes=_attributes,
)
_links = st.builds(Link, trace_id=st.sampled_from(IDS), span_id=st.sampled_from(IDS), attributes=_attributes)


@st.composite
def spans(draw):
    start_ns = NOON_NS + draw(_times)
    return Span(
        trace_id="",
        span_id=draw(st.sampled_from(["a1", "b2", "c3", "d4"])) * 8,
        parent_id=draw(st.none() | st.sampled_from(["a1", "b2", "0a"]).map(lambda half: half * 8)),
        name=draw(st.sampled_from(NAMES)),
        kind=draw(st.integers(0, 6)),
        start_ns=start_ns,
        end_ns=draw(st.just(0) | _times.map(lambda length_ns: start_ns + length_ns)),
        status_code=draw(st.integers(0, 2)),
        status_message=draw(st.sampled_from(["", "card declined"])),
        attributes=draw(_attributes),
        events=tuple(draw(st.lists(_events, max_size=2))),
        links=tuple(draw(st.lists(_links, max_size=1))),
        resource=draw(_resources),
        scope=draw(_scopes),
    )


def stored(trace_id, its_spans):
    return StoredTrace(
        trace_id=trace_id, spans=sorted(its_spans, key=lambda span: (span.start_ns, span.span_id)), arrived_ms=NOON_MS
    )


def traces(max_size=6):
    """Several traces, with the same trace ids whenever there are as many."""
    return st.lists(st.lists(spans(), min_size=1, max_size=4), min_size=1, max_size=max_size).map(
        lambda found: [stored(f"{number * 0x9E3779B97F4A7C15:032x}", its) for number, its in enumerate(found, 1)]
    )


_literals = (
    st.sampled_from([*TEXTS, *NAMES, *SERVICES, *IDS]).map(lambda text: Static(StaticType.STRING, text))
    | st.sampled_from(WHOLE_NUMBERS).map(lambda number: Static(StaticType.INT, number))
    | st.sampled_from(FRACTIONS[:6]).map(lambda number: Static(StaticType.FLOAT, number))
    | st.sampled_from(DURATIONS_NS).map(lambda number: Static(StaticType.DURATION, number))
    | st.booleans().map(lambda truth: Static(StaticType.BOOL, truth))
    | st.sampled_from(["error", "unset"]).map(lambda name: Static(StaticType.STATUS, name))
    | st.sampled_from(["server", "6"]).map(lambda name: Static(StaticType.KIND, name))
)
_patterns = st.sampled_from(["", ".*", "GET.*", "z+", "[0-9]{40}", "checkout|payments", ".*order.*"])
_fields = st.sampled_from(list(SPAN_INTRINSICS)) | st.builds(
    Attribute, st.sampled_from(AttributeScope), st.sampled_from([*KEYS, "service.name"])
)


def _comparisons(fields):
    plain = st.builds(Compare, fields, st.sampled_from(list(COMPARISONS)), _literals)
    by_regex = st.builds(
        lambda field, wanted, pattern: Compare(field, wanted, Static(StaticType.STRING, pattern)),
        fields,
        st.sampled_from([Operator.REGEX, Operator.NOT_REGEX]),
        _patterns,
    )
    return plain | by_regex


def _together(parts, every, some):
    return st.lists(parts, max_size=3).map(lambda found: every(tuple(found))) | st.lists(parts, max_size=3).map(
        lambda found: some(tuple(found))
    )


_span_leaves = _comparisons(_fields) | st.builds(Exists, _fields) | st.just(Anything())
span_conditions = st.recursive(_span_leaves, lambda parts: _together(parts, AllOf, AnyOf), max_leaves=4)
trace_leaves = _comparisons(st.sampled_from(TRACE_INTRINSICS)).map(TraceMatch)
plans = st.recursive(
    span_conditions.map(SpanMatch) | trace_leaves, lambda parts: _together(parts, Both, Either), max_leaves=4
)
