"""Queries about traces that are there: fields and values are taken from spans, so that most queries find something.

For whole corpora, where the small vocabulary of queries.py would find nothing. The same corpus and the same seed give
the same queries, each of which the checker lets pass and Tempo would take.
"""

import random

from chalicelib.search.syntax import (
    Aggregate,
    AggregateFunction,
    Attribute,
    AttributeScope,
    Binary,
    GroupBy,
    Intrinsic,
    MetricsAggregate,
    MetricsFunction,
    MetricsQuery,
    Operator,
    Pipeline,
    Query,
    ScalarFilter,
    SpansetFilter,
    SpansetOperation,
    SpansetOperator,
    Static,
    StaticType,
    TopBottom,
)
from tests.search import naive
from tests.search.queries import passes_check

ORDER = (Operator.LESS, Operator.LESS_EQUAL, Operator.GREATER, Operator.GREATER_EQUAL)
EQUALITY = (Operator.EQUAL, Operator.EQUAL, Operator.EQUAL, Operator.NOT_EQUAL)
TYPES = {str: StaticType.STRING, bool: StaticType.BOOL, int: StaticType.INT, float: StaticType.FLOAT}
OVER_TIME = (
    MetricsFunction.MIN_OVER_TIME,
    MetricsFunction.MAX_OVER_TIME,
    MetricsFunction.AVG_OVER_TIME,
    MetricsFunction.SUM_OVER_TIME,
    MetricsFunction.HISTOGRAM_OVER_TIME,
)


def searches_about(traces, count, seed=1):
    """`count` searches."""
    return _queries(count, _Asker(traces, seed).search)


def metrics_about(traces, count, seed=1):
    """`count` metrics queries."""
    return _queries(count, _Asker(traces, seed).metrics)


def _queries(count, ask):
    found = []
    while len(found) < count:
        query = ask()
        if passes_check(query):
            found.append(query)
    return found


class _Asker:
    def __init__(self, traces, seed):
        self.traces = traces
        self.rnd = random.Random(seed)

    def search(self):
        """One search, about spans of one trace."""
        trace = self.rnd.choice(self.traces)
        stages = [self.spanset(trace, depth=self.rnd.choice((0, 0, 0, 1, 1, 2)))]
        if self.rnd.random() < 0.25:
            stages.append(GroupBy(self.label(trace)))
        if self.rnd.random() < 0.25:
            stages.append(self.scalar_filter())
        return Query(Pipeline(tuple(stages)))

    def metrics(self):
        """One metrics query without arithmetic between series."""
        trace = self.rnd.choice(self.traces)
        pipeline = Pipeline((self.spanset(trace, depth=self.rnd.choice((0, 0, 1))),))
        by = tuple(self.label(trace) for _ in range(self.rnd.choice((0, 1, 1, 2))))
        seconds = (TopBottom(self.rnd.random() < 0.5, 2),) if self.rnd.random() < 0.2 else ()
        return Query(MetricsQuery(pipeline, self.measure(tuple(dict.fromkeys(by))), seconds))

    def measure(self, by):
        kind = self.rnd.randrange(3)
        if kind == 0:
            return MetricsAggregate(self.rnd.choice((MetricsFunction.RATE, MetricsFunction.COUNT_OVER_TIME)), by=by)
        if kind == 1:
            return MetricsAggregate(self.rnd.choice(OVER_TIME), Intrinsic.SPAN_DURATION, by=by)
        return MetricsAggregate(MetricsFunction.QUANTILE_OVER_TIME, Intrinsic.SPAN_DURATION, (0.5, 0.99), by)

    def spanset(self, trace, depth):
        if depth == 0:
            return SpansetFilter(None if self.rnd.random() < 0.1 else self.condition(trace))
        sides = self.spanset(trace, depth - 1), self.spanset(trace, 0)
        return SpansetOperation(self.rnd.choice(list(SpansetOperator)), *sides)

    def condition(self, trace):
        """Of one span of the trace, mostly such that it holds; sometimes with another beside it."""
        i = self.rnd.randrange(len(trace.spans))
        condition = self.comparison(trace, i)
        for _ in range(self.rnd.choice((0, 0, 1, 2))):
            operator = self.rnd.choice((Operator.AND, Operator.AND, Operator.OR))
            condition = Binary(operator, condition, self.comparison(trace, i))
        return condition

    def comparison(self, trace, i):
        field, (kind, value) = self.rnd.choice(self.fields(trace, i))
        literal = Static(StaticType(kind), value)
        if kind == "string" and self.rnd.random() < 0.3:
            return Binary(
                self.rnd.choice((Operator.REGEX, Operator.REGEX, Operator.NOT_REGEX)), field, self.pattern(value)
            )
        ordered = kind in (*naive.NUMERIC, "string") and self.rnd.random() < 0.5
        return Binary(self.rnd.choice(ORDER if ordered else EQUALITY), field, literal)

    def pattern(self, text):
        """One that a text matches: its letters and digits, and anything for the rest."""
        plain = "".join(each if each.isascii() and each.isalnum() else "." for each in text)
        start = self.rnd.randrange(len(plain) + 1)
        return Static(StaticType.STRING, self.rnd.choice((plain, plain[:start] + ".*", ".*" + plain[start:])))

    def fields(self, trace, i):
        """(field, typed value) of what the span has."""
        span, traced = trace.spans[i], naive.Traced(trace)
        places = {
            AttributeScope.SPAN: [span],
            AttributeScope.ANY: [span, span.resource],
            AttributeScope.RESOURCE: [span.resource],
            AttributeScope.EVENT: span.events,
            AttributeScope.LINK: span.links,
            AttributeScope.INSTRUMENTATION: [span.scope],
        }
        found = [
            (Attribute(scope, key), (TYPES[type(value)].value, value))
            for scope, holders in places.items()
            for holder in holders
            for key, value in holder.attributes.items()
            if type(value) in TYPES
        ]
        intrinsics = [(field, traced.first_value(field, i)) for field in Intrinsic]
        return found + [(field, value) for field, value in intrinsics if value != naive.NIL and self.is_literal(value)]

    def is_literal(self, value):
        return not (value[0] in ("kind", "status") and value[1].isdigit())

    def label(self, trace):
        i = self.rnd.randrange(len(trace.spans))
        few = [field for field, (kind, _) in self.fields(trace, i) if kind in ("string", "kind", "status", "bool")]
        return self.rnd.choice(few)

    def scalar_filter(self):
        functions = (AggregateFunction.AVG, AggregateFunction.MAX, AggregateFunction.SUM)
        by_duration = Aggregate(self.rnd.choice(functions), Intrinsic.SPAN_DURATION)
        number = Static(StaticType.INT, self.rnd.choice((1, 2, 5)))
        time = Static(StaticType.DURATION, self.rnd.choice((10**6, 10**8)))
        left, right = self.rnd.choice(((Aggregate(AggregateFunction.COUNT), number), (by_duration, time)))
        return ScalarFilter(self.rnd.choice(ORDER), left, right)
