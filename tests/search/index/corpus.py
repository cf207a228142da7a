"""A seeded corpus: the traces of the benchmarks' measured world, and questions about what is in them."""

from random import Random

from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.conditions import AllOf, Compare, Exists
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Operator, Static, StaticType
from tests.search.index.naive import COMPARISONS, values

ARRIVED_MS = 1_795_370_400_000  # 2026-11-22, 18:00 UTC: after every span of the workload

FIELDS = [
    Intrinsic.SPAN_NAME,
    Intrinsic.SPAN_KIND,
    Intrinsic.SPAN_STATUS,
    Intrinsic.SPAN_DURATION,
    Intrinsic.EVENT_NAME,
    Intrinsic.INSTRUMENTATION_NAME,
]


def messages(count, seed=7):
    """(trace id, message) of as many ten-span posts."""
    for post in ten_span_posts(MEASURING, seed, count):
        message = TracesData.FromString(post.SerializeToString())
        yield message.resource_spans[0].scope_spans[0].spans[0].trace_id.hex(), message


def corpus(count, seed=7):
    return [
        StoredTrace(trace_id=trace_id, spans=to_spans(message), arrived_ms=ARRIVED_MS)
        for trace_id, message in messages(count, seed)
    ]


def questions(traces, count, seed=7):
    """Conditions about fields and values that some span of `traces` has, mostly."""
    random = Random(seed)
    return [_question(random.choice(random.choice(traces).spans), random) for _ in range(count)]


def _question(span, random):
    one = _leaf(span, random)
    return AllOf((one, _leaf(span, random))) if random.random() < 0.3 else one


def _leaf(span, random):
    field = random.choice([*FIELDS, *_attributes_of(span)])
    found = values(span, field)
    if not found or random.random() < 0.1:
        return Exists(field)
    value = random.choice(found)
    operator = random.choice([Operator.EQUAL, *COMPARISONS, Operator.REGEX, Operator.NOT_REGEX])
    if operator in (Operator.REGEX, Operator.NOT_REGEX):
        return Compare(field, operator, Static(StaticType.STRING, "." * random.randint(0, 3) + ".*e.*"))
    return Compare(field, operator, _static(value))


def _attributes_of(span):
    scoped = [(AttributeScope.SPAN, span.attributes), (AttributeScope.RESOURCE, span.resource.attributes)]
    scoped += [(AttributeScope.EVENT, event.attributes) for event in span.events]
    scoped += [(AttributeScope.ANY, span.attributes)]
    return [Attribute(scope, name) for scope, attributes in scoped for name in attributes]


def _static(value):
    types = {str: StaticType.STRING, bool: StaticType.BOOL, int: StaticType.INT, float: StaticType.FLOAT}
    return Static(types[type(value)], value)
