"""conditions.py word by word, over all spans of a trace: slow, and what an index may never contradict."""

import operator
import re

from chalicelib.model.span import Kind, StatusCode
from chalicelib.search.conditions import AllOf, AnyOf, Anything, Both, Compare, Either, Exists, SpanMatch, TraceMatch
from chalicelib.search.syntax import AttributeScope, Intrinsic, Operator, StaticType

ORDERS = {
    Operator.GREATER: operator.gt,
    Operator.GREATER_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_EQUAL: operator.le,
}
COMPARISONS = ORDERS | {Operator.EQUAL: operator.eq, Operator.NOT_EQUAL: operator.ne}
NUMBERS = (StaticType.INT, StaticType.FLOAT, StaticType.DURATION)
TEXTS = (StaticType.STRING, StaticType.KIND, StaticType.STATUS)

SPAN_INTRINSICS = {
    Intrinsic.SPAN_NAME: lambda span: [span.name],
    Intrinsic.SPAN_STATUS_MESSAGE: lambda span: [span.status_message],
    Intrinsic.SPAN_KIND: lambda span: [Kind(span.kind).name.lower() if span.kind in range(6) else str(span.kind)],
    Intrinsic.SPAN_STATUS: lambda span: [StatusCode(span.status_code).name.lower()],
    Intrinsic.SPAN_DURATION: lambda span: [max(0, span.end_ns - span.start_ns)],
    Intrinsic.EVENT_NAME: lambda span: [event.name for event in span.events],
    Intrinsic.EVENT_TIME_SINCE_START: lambda span: [event.time_ns - span.start_ns for event in span.events],
    Intrinsic.LINK_TRACE_ID: lambda span: [link.trace_id for link in span.links],
    Intrinsic.LINK_SPAN_ID: lambda span: [link.span_id for link in span.links],
    Intrinsic.INSTRUMENTATION_NAME: lambda span: [span.scope.name],
    Intrinsic.INSTRUMENTATION_VERSION: lambda span: [span.scope.version],
}
ATTRIBUTES = {
    AttributeScope.ANY: lambda span: [span.attributes, span.resource.attributes],
    AttributeScope.SPAN: lambda span: [span.attributes],
    AttributeScope.RESOURCE: lambda span: [span.resource.attributes],
    AttributeScope.EVENT: lambda span: [event.attributes for event in span.events],
    AttributeScope.LINK: lambda span: [link.attributes for link in span.links],
    AttributeScope.INSTRUMENTATION: lambda span: [span.scope.attributes],
}


def compile_regex(pattern):
    return lambda text: re.fullmatch(pattern, text) is not None


def satisfies(trace, condition):
    """Whether a whole trace satisfies a plan."""
    match condition:
        case Both(parts):
            return all(satisfies(trace, part) for part in parts)
        case Either(parts):
            return any(satisfies(trace, part) for part in parts)
        case SpanMatch(wanted):
            return any(span_satisfies(span, wanted) for span in trace.spans)
        case TraceMatch(wanted):
            return any(compares(value, wanted) for value in trace_values(trace, wanted.field))
    raise TypeError(condition)


def span_satisfies(span, condition):
    match condition:
        case AllOf(parts):
            return all(span_satisfies(span, part) for part in parts)
        case AnyOf(parts):
            return any(span_satisfies(span, part) for part in parts)
        case Anything():
            return True
        case Exists(field):
            return bool(values(span, field))
        case Compare(field):
            return any(compares(value, condition) for value in values(span, field))
    raise TypeError(condition)


def values(span, field):
    if isinstance(field, Intrinsic):
        return SPAN_INTRINSICS[field](span)
    found = [attributes[field.name] for attributes in ATTRIBUTES[field.scope](span) if field.name in attributes]
    return [each for value in found for each in (value if isinstance(value, list) else [value]) if each is not None]


def trace_values(trace, field):
    match field:
        case Intrinsic.TRACE_ID:
            return [trace.trace_id]
        case Intrinsic.TRACE_DURATION:
            return [trace.extent().end_ns - trace.extent().start_ns]
    ids = {span.span_id for span in trace.spans}
    roots = [span for span in trace.spans if span.parent_id is None]
    roots += [span for span in trace.spans if span.parent_id not in ids]
    of_root = {
        Intrinsic.TRACE_ROOT_NAME: lambda span: span.name,
        Intrinsic.TRACE_ROOT_SERVICE: lambda span: span.resource.service_name,
    }
    return [of_root[field](root) for root in roots[:1]]


def compares(value, compare):
    asked, wanted = compare.value.value, compare.operator
    if isinstance(value, str) and compare.value.type in TEXTS:
        if wanted in (Operator.REGEX, Operator.NOT_REGEX):
            return compile_regex(asked)(value) is (wanted is Operator.REGEX)
        return COMPARISONS[wanted](value, asked)
    if isinstance(value, bool) and compare.value.type is StaticType.BOOL:
        return wanted not in ORDERS and COMPARISONS[wanted](value, asked)
    if isinstance(value, int | float) and not isinstance(value, bool) and compare.value.type in NUMBERS:
        both_whole = isinstance(value, int) and isinstance(asked, int)
        return COMPARISONS[wanted](value, asked) if both_whole else COMPARISONS[wanted](float(value), float(asked))
    return False
