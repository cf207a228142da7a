"""Small worlds in which generated queries meet traces often enough: few names, few values, every operator.

`satisfies` reads a plan over spans in the plainest way, for what an index would have to let through.
"""

from hypothesis import strategies as st

from chalicelib.model.span import Event, Kind, Link, Resource, Scope, Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search import regex
from chalicelib.search.conditions import AllOf, AnyOf, Anything, Both, Compare, Either, Exists, SpanMatch, TraceMatch
from chalicelib.search.evaluation.tree import find_root
from chalicelib.search.parser import parse
from chalicelib.search.syntax import AttributeScope, Intrinsic, StaticType

STARTS = st.integers(1_000, 1_003)
NAMES = ["a", "b", "ok"]
VALUES = st.sampled_from([0, 1, 2, 1.0, 0.5, True, False, "a", "b", "", "ab", [], ["a"], ["a", "b"], [1, 2], b"x", {}])
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2)
RESOURCES = st.builds(lambda attributes: Resource(attributes=attributes), ATTRIBUTES)
EVENTS = st.builds(Event, time_ns=STARTS, name=st.sampled_from(["a", "b"]), attributes=ATTRIBUTES)
LINKS = st.builds(Link, trace_id=st.sampled_from(["a", "b"]), span_id=st.just("1"), attributes=ATTRIBUTES)
SPANS = st.builds(
    Span,
    trace_id=st.just("a"),
    span_id=st.sampled_from("1234"),
    parent_id=st.sampled_from([None, "1", "2", "9"]),
    name=st.sampled_from(["a", "b", "ab"]),
    kind=st.sampled_from([Kind.UNSPECIFIED, Kind.SERVER, Kind.CLIENT, 7]),
    start_ns=STARTS,
    end_ns=STARTS,
    status_code=st.sampled_from(StatusCode),
    status_message=st.sampled_from(["", "a"]),
    attributes=ATTRIBUTES,
    events=st.lists(EVENTS, max_size=2).map(tuple),
    links=st.lists(LINKS, max_size=1).map(tuple),
    resource=RESOURCES,
    scope=st.builds(Scope, name=st.sampled_from(["", "a"]), version=st.just("1"), attributes=ATTRIBUTES),
)
TRACES = st.builds(
    lambda spans: StoredTrace(trace_id="a", spans=sorted(spans, key=lambda s: (s.start_ns, s.span_id)), arrived_ms=0),
    st.lists(SPANS, min_size=1, max_size=4),
)

_ATTRIBUTE = st.builds(
    "{}{}".format,
    st.sampled_from([".", "span.", "resource.", "event.", "link.", "instrumentation.", "parent.", "parent.span."]),
    st.sampled_from(NAMES),
)
_NUMBER = st.sampled_from(["0", "1", "2", "-1", "0.5", "2ns", "1 + 1", "-(1)", "3 / 2", "2 ^ 2"])
_TEXT = st.sampled_from(['"a"', '"b"', '""'])
_REGEX = st.sampled_from(['"a|b"', '"a.*"', '"[ab]+"', '".*b"', '""'])
_ORDER = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_EQUALITY = st.sampled_from(["=", "!="])
_MATCHING = st.sampled_from(["=~", "!~"])
_NUMBERS = _ATTRIBUTE | st.sampled_from(
    ["duration", "trace:duration", "childCount", "nestedSetParent", "event:timeSinceStart", "(.a + span.b)", "-.a", "1"]
)
_TEXTS = _ATTRIBUTE | st.sampled_from(
    [
        *("name", "statusMessage", "rootName", "rootServiceName", "trace:id", "span:id", "span:parentID"),
        *("event:name", "link:traceID", "instrumentation:name", '"a"'),
    ]
)
_TESTS = st.one_of(
    _ATTRIBUTE,
    st.sampled_from(
        ["true", "false", "status = error", "status != ok", "kind = server", "server != kind", ".a = error"]
    ),
    st.builds("{} {} {}".format, _NUMBERS, _ORDER, _NUMBER),
    st.builds("{} {} {}".format, _NUMBER, _ORDER, _NUMBERS),
    st.builds("{} {} {}".format, _NUMBERS, _ORDER, _NUMBERS),
    st.builds("{} {} {}".format, _TEXTS, _ORDER, _TEXT),
    st.builds("{} {} {}".format, _TEXT, _ORDER, _TEXTS),
    st.builds("{} {} {}".format, _TEXTS, _MATCHING, _REGEX),
    st.builds("{} {} nil".format, st.sampled_from([".a", "span.b", "event.a", "parent.a"]), _EQUALITY),
    st.builds("{} {} {}".format, _ATTRIBUTE, _EQUALITY, st.sampled_from(["true", "false"])),
)


def _nested_tests(parts):
    return st.one_of(
        st.builds("({}) {} ({})".format, parts, st.sampled_from(["&&", "||"]), parts),
        st.builds("!({})".format, parts),
        st.builds("({}) {} {}".format, parts, _EQUALITY, st.sampled_from(["true", "false"])),
    )


_FILTERS = st.recursive(_TESTS, _nested_tests, max_leaves=4).map("{{ {} }}".format) | st.just("{ }")
_STRUCTURE = [f"{prefix}{operator}" for prefix in ("", "!", "&") for operator in (">", "<", ">>", "<<", "~")]
_SCALARS = st.sampled_from(["count()", "avg(.a)", "sum(duration)", "max(.a + .b)", "({ .a } | count())"])
_SCALAR_FILTERS = st.builds("{} {} {}".format, _SCALARS, _ORDER, st.sampled_from(["0", "1", "2"]) | _SCALARS)
_OTHER_STAGES = st.sampled_from(["by(.a)", "by(name)", "select(.a)"])


def _nested_spansets(parts):
    return st.one_of(
        st.builds("({}) {} ({})".format, parts, st.sampled_from(["&&", "||", *_STRUCTURE]), parts),
        st.builds("({} | {})".format, parts, _SCALAR_FILTERS),
        st.builds("({} | {})".format, parts, parts),
    )


_SPANSETS = st.recursive(_FILTERS, _nested_spansets, max_leaves=4)
_STAGES = _SPANSETS | _SCALAR_FILTERS | _OTHER_STAGES
QUERIES = st.lists(_STAGES, min_size=1, max_size=3).map(" | ".join).map(parse)

_KINDS = {0: "unspecified", 2: "server", 3: "client"}
_SPAN_VALUES = {
    Intrinsic.SPAN_DURATION: lambda span: [max(0, span.end_ns - span.start_ns)],
    Intrinsic.SPAN_NAME: lambda span: [span.name],
    Intrinsic.SPAN_KIND: lambda span: [_KINDS.get(span.kind, str(span.kind))],
    Intrinsic.SPAN_STATUS: lambda span: [StatusCode(span.status_code).name.lower()],
    Intrinsic.SPAN_STATUS_MESSAGE: lambda span: [span.status_message],
    Intrinsic.EVENT_NAME: lambda span: [event.name for event in span.events],
    Intrinsic.EVENT_TIME_SINCE_START: lambda span: [event.time_ns - span.start_ns for event in span.events],
    Intrinsic.LINK_TRACE_ID: lambda span: [link.trace_id for link in span.links],
    Intrinsic.LINK_SPAN_ID: lambda span: [link.span_id for link in span.links],
    Intrinsic.INSTRUMENTATION_NAME: lambda span: [span.scope.name],
    Intrinsic.INSTRUMENTATION_VERSION: lambda span: [span.scope.version],
}
_ATTRIBUTES_OF = {
    AttributeScope.SPAN: lambda span: [span.attributes],
    AttributeScope.RESOURCE: lambda span: [span.resource.attributes],
    AttributeScope.INSTRUMENTATION: lambda span: [span.scope.attributes],
    AttributeScope.EVENT: lambda span: [event.attributes for event in span.events],
    AttributeScope.LINK: lambda span: [link.attributes for link in span.links],
}
_HOLDS = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "=~": lambda left, right: regex.compile(right)(left),
    "!~": lambda left, right: not regex.compile(right)(left),
}
_LIKE = {
    **dict.fromkeys([StaticType.INT, StaticType.FLOAT, StaticType.DURATION], (int, float)),
    **dict.fromkeys([StaticType.STRING, StaticType.STATUS, StaticType.KIND], (str,)),
    StaticType.BOOL: (bool,),
}


def satisfies(trace, condition):
    """Whether the trace satisfies the plan, each word of conditions.py taken as narrowly as it allows."""
    match condition:
        case Both(parts=parts):
            return all(satisfies(trace, part) for part in parts)
        case Either(parts=parts):
            return any(satisfies(trace, part) for part in parts)
        case SpanMatch(condition=part):
            return any(_span_satisfies(span, part) for span in trace.spans)
        case TraceMatch(condition=compare):
            return _some(_trace_values(trace, compare.field), compare)
    raise TypeError(condition)


def _span_satisfies(span, condition):
    match condition:
        case AllOf(parts=parts):
            return all(_span_satisfies(span, part) for part in parts)
        case AnyOf(parts=parts):
            return any(_span_satisfies(span, part) for part in parts)
        case Anything():
            return True
        case Exists(field=field):
            return bool(_values(span, field))
        case Compare(field=field):
            return _some(_values(span, field), condition)
    raise TypeError(condition)


def _values(span, field):
    """Of an array, its elements."""
    if field in _SPAN_VALUES:
        return _SPAN_VALUES[field](span)
    found = [attributes[field.name] for attributes in _ATTRIBUTES_OF[field.scope](span) if field.name in attributes]
    return [element for value in found for element in (value if isinstance(value, list) else [value])]


def _trace_values(trace, field):
    extent, root = trace.extent(), find_root(trace.spans)
    values = {
        Intrinsic.TRACE_ID: [trace.trace_id],
        Intrinsic.TRACE_DURATION: [extent.end_ns - extent.start_ns],
        Intrinsic.TRACE_ROOT_NAME: [root.name] if root else [],
        Intrinsic.TRACE_ROOT_SERVICE: [root.resource.service_name] if root else [],
    }
    return values[field]


def _some(values, compare):
    like = _LIKE[compare.value.type]
    comparable = [value for value in values if isinstance(value, like) and isinstance(value, bool) == (like == (bool,))]
    return any(_HOLDS[compare.operator](value, compare.value.value) for value in comparable)
