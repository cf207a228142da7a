"""TraceQL once more, slow and obvious: what the search and the metrics of Spanfold are held against.

A walk over the syntax tree for every span, with every rule written where it applies. Values carry their type by name;
relations between spans are found by walking; nothing is compiled, cached (but for one trace) or shared with
chalicelib beyond the tree, the model and the labels. Time grows with the square of the spans of a trace.
"""

import itertools
import json
import math
import re
from base64 import b64encode
from collections import defaultdict
from functools import cached_property

from chalicelib.model.errors import QueryError
from chalicelib.model.span import Event, Kind, Link, StatusCode
from chalicelib.search.evaluation.labels import field_label
from chalicelib.search.syntax import (
    Aggregate,
    AggregateFunction,
    Attribute,
    AttributeScope,
    Binary,
    Coalesce,
    Compare,
    GroupBy,
    Intrinsic,
    MetricsFunction,
    MetricsQuery,
    Operator,
    Pipeline,
    ScalarFilter,
    ScalarOperation,
    Select,
    SeriesOperation,
    SpansetFilter,
    SpansetOperator,
    Static,
    StaticType,
    TopBottom,
    Unary,
)

NIL = ("nil", None)
NUMERIC = ("int", "float", "duration")
ARITHMETIC = (
    Operator.ADD,
    Operator.SUBTRACT,
    Operator.MULTIPLY,
    Operator.DIVIDE,
    Operator.MODULO,
    Operator.POWER,
)


def search(query, trace):
    """The spansets of a search: [([spans], [what stages said of them, as (type, value)])]."""
    traced = Traced(trace)
    found = traced.run(query.root.stages, [(list(range(len(trace.spans))), {})])
    return [([trace.spans[i] for i in positions], list(said.values())) for positions, said in found]


def matches(query, trace):
    """Whether a search finds the trace."""
    return bool(search(query, trace))


def typed(value):
    if value is None or value == []:
        return NIL
    if isinstance(value, list):
        return ("array", [typed(each) for each in value])
    names = {bool: "bool", int: "int", float: "float", str: "string"}
    return (names.get(type(value), "opaque"), value)


def compare(operator, left, right):
    """One comparison of two typed values."""
    if left[0] == "array" and right[0] == "array":
        raise QueryError("arrays")
    if left[0] == "array":
        return compare_array(operator, left[1], lambda op, element: compare(op, element, right))
    if right[0] == "array":
        return compare_array(operator, right[1], lambda op, element: compare(op, left, element))
    if left[0] != right[0] and not (left[0] in NUMERIC and right[0] in NUMERIC):
        return False
    if left[0] in ("nil", "opaque"):
        return False
    if operator not in (Operator.EQUAL, Operator.NOT_EQUAL) and left[0] not in (*NUMERIC, "string"):
        return False
    a, b = left[1], right[1]
    if left[0] != right[0]:
        a, b = float(a), float(b)
    return {
        Operator.EQUAL: a == b,
        Operator.NOT_EQUAL: a != b,
        Operator.LESS: a < b,
        Operator.LESS_EQUAL: a <= b,
        Operator.GREATER: a > b,
        Operator.GREATER_EQUAL: a >= b,
    }[operator]


def compare_array(operator, elements, holds):
    flat = [element for element in elements if element[0] != "array"]
    if operator is Operator.NOT_EQUAL:
        comparable = [e for e in flat if holds(Operator.EQUAL, e) or holds(Operator.NOT_EQUAL, e)]
        return bool(comparable) and not any(holds(Operator.EQUAL, e) for e in comparable)
    return any(holds(operator, element) for element in flat)


def matches_regex(operator, value, pattern):
    texts = [value] if value[0] == "string" else value[1] if value[0] == "array" else []
    texts = [each[1] for each in texts if each[0] == "string"]
    if not texts:
        return False
    some = any(re.fullmatch(pattern, text, re.DOTALL) for text in texts)
    return some if operator is Operator.REGEX else not some


def whole(number):
    """What an integer calculation gives, kept within 64 bits."""
    if -(2**63) <= number < 2**63:
        return ("int", number)
    return ("float", float(number))


def calculate(operator, left, right):
    """Arithmetic between two typed values."""
    if left[0] not in NUMERIC or right[0] not in NUMERIC:
        return NIL
    a, b = left[1], right[1]
    if left[0] == right[0] == "int":
        return calculate_whole(operator, a, b)
    return ("float", calculate_real(operator, float(a), float(b)))


def calculate_whole(operator, a, b):
    if operator in (Operator.DIVIDE, Operator.MODULO):
        if b == 0:
            raise QueryError("division by zero")
        quotient = abs(a) // abs(b) * (1 if (a >= 0) == (b >= 0) else -1)
        return whole(quotient if operator is Operator.DIVIDE else a - quotient * b)
    if operator is Operator.POWER:
        if b < 0 or (abs(a) > 1 and b * a.bit_length() > 1000):
            return ("float", calculate_real(operator, float(a), float(b)))
        return whole(a**b if abs(a) > 1 else a ** (b % 2 + 2) if b else 1)
    return whole({Operator.ADD: a + b, Operator.SUBTRACT: a - b, Operator.MULTIPLY: a * b}[operator])


def calculate_real(operator, a, b):
    try:
        match operator:
            case Operator.ADD:
                return a + b
            case Operator.SUBTRACT:
                return a - b
            case Operator.MULTIPLY:
                return a * b
            case Operator.DIVIDE:
                return a / b
            case Operator.MODULO:
                return math.fmod(a, b)
            case Operator.POWER:
                return math.pow(a, b)
    except ZeroDivisionError:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.inf if operator is Operator.POWER and a == 0 else math.nan


def is_condition(expression):
    return isinstance(expression, Binary) and expression.operator not in ARITHMETIC


def is_not(expression):
    return isinstance(expression, Unary) and expression.operator is Operator.NOT


def mentions(expression, scope, intrinsics):
    """Whether a value depends on which event (or link) is looked at; conditions within it look at their own."""
    match expression:
        case Attribute():
            return expression.scope is scope
        case Intrinsic():
            return expression in intrinsics
        case Unary():
            return mentions(expression.operand, scope, intrinsics)
        case Binary() if not is_condition(expression):
            return any(mentions(side, scope, intrinsics) for side in (expression.left, expression.right))
    return False


class Traced:
    """One trace under the slow eye."""

    def __init__(self, trace):
        self.trace = trace
        self.spans = trace.spans
        self._sets = None

    # who is whose parent

    @cached_property
    def parents(self):
        return [None if self.opens_circle(i) else self.named_parent(i) for i in range(len(self.spans))]

    def names_parent(self, i):
        parent_id = self.spans[i].parent_id
        return parent_id is not None and set(parent_id) != {"0"} and parent_id not in ("", self.spans[i].span_id)

    def named_parent(self, i):
        if not self.names_parent(i):
            return None
        ids = [span.span_id for span in self.spans]
        return ids.index(self.spans[i].parent_id) if self.spans[i].parent_id in ids else None

    def opens_circle(self, i):
        trail = [i]
        above = self.named_parent(i)
        while above is not None and above not in trail:
            trail.append(above)
            above = self.named_parent(above)
        return above == i and i == min(trail)

    def is_orphan(self, i):
        return self.names_parent(i) and self.named_parent(i) is None

    def ancestors(self, i):
        found = []
        while self.parents[i] is not None:
            i = self.parents[i]
            found.append(i)
        return found

    def children(self, i):
        return [child for child in range(len(self.spans)) if self.parents[child] == i]

    def root(self):
        everyone = range(len(self.spans))
        for candidates in (
            [i for i in everyone if not self.names_parent(i)],
            [i for i in everyone if self.is_orphan(i)],
        ):
            if candidates:
                return self.spans[candidates[0]]
        return None

    def nested_set(self, i):
        if self._sets is None:
            self._sets = {}
            count = itertools.count(1)
            for top in range(len(self.spans)):
                if self.parents[top] is None and not self.is_orphan(top):
                    self.number(top, -1, count)
        return self._sets.get(i, (0, 0, 0))

    def number(self, i, parent_left, count):
        left = next(count)
        for child in self.children(i):
            self.number(child, left, count)
        self._sets[i] = (left, next(count), parent_left)

    def stands(self, relation, left, right):
        """Whether `left relation right` holds of two spans."""
        match relation:
            case ">":
                return self.parents[right] == left
            case "<":
                return self.parents[left] == right
            case ">>":
                return left in self.ancestors(right)
            case "<<":
                return right in self.ancestors(left)
            case "~":
                return left != right and self.have_same_parent(left, right)

    def have_same_parent(self, left, right):
        if self.parents[left] is not None or self.parents[right] is not None:
            return self.parents[left] == self.parents[right]
        orphans = self.is_orphan(left) and self.is_orphan(right)
        return orphans and self.spans[left].parent_id == self.spans[right].parent_id

    # what a span has

    def field(self, field, i, event, link):
        span = self.spans[i]
        if isinstance(field, Intrinsic):
            return self.intrinsic(field, i, span, event, link)
        if field.parent:
            above = self.parents[i]
            return NIL if above is None else self.field(Attribute(field.scope, field.name), above, Event(), Link())
        places = {
            AttributeScope.ANY: [span, span.resource],
            AttributeScope.SPAN: [span],
            AttributeScope.RESOURCE: [span.resource],
            AttributeScope.INSTRUMENTATION: [span.scope],
            AttributeScope.EVENT: [event],
            AttributeScope.LINK: [link],
        }[field.scope]
        values = [typed(place.attributes.get(field.name)) for place in places]
        return next((value for value in values if value != NIL), NIL)

    def intrinsic(self, field, i, span, event, link):
        texts = {
            Intrinsic.SPAN_NAME: span.name,
            Intrinsic.SPAN_STATUS_MESSAGE: span.status_message,
            Intrinsic.SPAN_ID: span.span_id,
            Intrinsic.TRACE_ID: self.trace.trace_id,
            Intrinsic.EVENT_NAME: event.name,
            Intrinsic.LINK_TRACE_ID: link.trace_id,
            Intrinsic.LINK_SPAN_ID: link.span_id,
            Intrinsic.INSTRUMENTATION_NAME: span.scope.name,
            Intrinsic.INSTRUMENTATION_VERSION: span.scope.version,
        }
        if field in texts:
            return ("string", texts[field])
        match field:
            case Intrinsic.SPAN_DURATION:
                return ("duration", max(0, span.end_ns - span.start_ns))
            case Intrinsic.SPAN_KIND:
                return ("kind", {kind.value: kind.name.lower() for kind in Kind}.get(span.kind, str(span.kind)))
            case Intrinsic.SPAN_STATUS:
                names = {code.value: code.name.lower() for code in StatusCode}
                return ("status", names.get(span.status_code, str(span.status_code)))
            case Intrinsic.SPAN_PARENT_ID:
                return typed(span.parent_id if span.parent_id and set(span.parent_id) != {"0"} else None)
            case Intrinsic.EVENT_TIME_SINCE_START:
                return ("duration", event.time_ns - span.start_ns)
        return self.intrinsic_of_place(field, i)

    def intrinsic_of_place(self, field, i):
        """Those that the other spans of the trace have a say in."""
        match field:
            case Intrinsic.TRACE_DURATION:
                return ("duration", self.duration_ns())
            case Intrinsic.TRACE_ROOT_NAME:
                return typed(self.root() and self.root().name)
            case Intrinsic.TRACE_ROOT_SERVICE:
                return typed(self.root() and self.root().resource.service_name)
            case Intrinsic.SPAN_CHILD_COUNT:
                return ("int", len(self.children(i)))
        order = (Intrinsic.NESTED_SET_LEFT, Intrinsic.NESTED_SET_RIGHT, Intrinsic.NESTED_SET_PARENT)
        return ("int", self.nested_set(i)[order.index(field)])

    def duration_ns(self):
        starts = [self.trace.time_ns(span) for span in self.spans]
        lasting = [max(0, span.end_ns - span.start_ns) for span in self.spans]
        return max(map(sum, zip(starts, lasting, strict=True))) - min(starts)

    # expressions

    def views(self, i, *values):
        """(event, link) for each event and link that the values could be about."""
        span = self.spans[i]
        about_event = any(
            mentions(value, AttributeScope.EVENT, (Intrinsic.EVENT_NAME, Intrinsic.EVENT_TIME_SINCE_START))
            for value in values
        )
        about_link = any(
            mentions(value, AttributeScope.LINK, (Intrinsic.LINK_TRACE_ID, Intrinsic.LINK_SPAN_ID)) for value in values
        )
        events = span.events if about_event else [Event()]
        links = span.links if about_link else [Link()]
        return list(itertools.product(events, links))

    def holds(self, expression, i):
        """Whether a span satisfies a condition."""
        match expression:
            case None:
                return True
            case Binary(operator=Operator.AND):
                return self.holds(expression.left, i) and self.holds(expression.right, i)
            case Binary(operator=Operator.OR):
                return self.holds(expression.left, i) or self.holds(expression.right, i)
            case Unary(operator=Operator.NOT, operand=inner) if is_not(inner):
                return self.holds(inner.operand, i)
            case Unary(operator=Operator.NOT, operand=inner) if is_condition(inner):
                return not self.holds(inner, i)
            case Binary() if is_condition(expression):
                return self.compares(expression, i)
        return any(self.value(expression, i, *view) == ("bool", True) for view in self.views(i, expression))

    def compares(self, expression, i):
        left, right, operator = expression.left, expression.right, expression.operator
        if Static(StaticType.NIL) in (left, right):
            other = left if right == Static(StaticType.NIL) else right
            is_there = any(self.value(other, i, *view) != NIL for view in self.views(i, other))
            return {Operator.EQUAL: not is_there, Operator.NOT_EQUAL: is_there}.get(operator, False)
        if operator in (Operator.REGEX, Operator.NOT_REGEX):
            return any(matches_regex(operator, self.value(left, i, *view), right.value) for view in self.views(i, left))
        return any(
            compare(operator, self.value(left, i, *view), self.value(right, i, *view))
            for view in self.views(i, left, right)
        )

    def value(self, expression, i, event, link):
        match expression:
            case Static():
                return (expression.type.value, expression.value)
            case Attribute() | Intrinsic():
                return self.field(expression, i, event, link)
            case Unary(operator=Operator.SUBTRACT):
                kind, number = self.value(expression.operand, i, event, link)
                return NIL if kind not in NUMERIC else whole(-number) if kind == "int" else (kind, -number)
            case Unary(operand=inner) if not is_condition(inner):
                kind, truth = self.value(inner, i, event, link)
                return ("bool", not truth) if kind == "bool" else NIL
            case Binary(operator=operator) if operator in ARITHMETIC:
                left = self.value(expression.left, i, event, link)
                return calculate(operator, left, self.value(expression.right, i, event, link))
        return ("bool", self.holds(expression, i))

    def first_value(self, expression, i):
        """What a span is grouped or counted by: of several events, the first that has it."""
        values = [self.value(expression, i, *view) for view in self.views(i, expression)]
        return next((value for value in values if value != NIL), NIL)

    # pipelines

    def run(self, stages, groups):
        """`groups` is [(positions, {name: typed value})]."""
        for stage in stages:
            groups = self.stage(stage, groups)
        return groups

    def stage(self, stage, groups):
        match stage:
            case Select():
                return groups
            case Pipeline():
                return self.run(stage.stages, groups)
            case Coalesce():
                return [(self.union(groups), {})] if groups else []
            case GroupBy():
                return [part for group in groups for part in self.split(stage, *group)]
            case ScalarFilter():
                kept = [self.filter_group(stage, *group) for group in groups]
                return [group for group in kept if group is not None]
        kept = [(self.select(stage, positions, said), said) for positions, said in groups]
        return [(positions, said) for positions, said in kept if positions]

    def union(self, groups):
        return sorted({i for positions, _ in groups for i in positions})

    def select(self, stage, positions, said):
        if isinstance(stage, SpansetFilter):
            return [i for i in positions if self.holds(stage.expression, i)]
        left = self.union(self.stage(stage.left, [(positions, said)]))
        right = self.union(self.stage(stage.right, [(positions, said)]))
        if stage.operator is SpansetOperator.AND:
            return sorted({*left, *right}) if left and right else []
        if stage.operator is SpansetOperator.OR:
            return sorted({*left, *right})
        relation = stage.operator.value.lstrip("!&")
        if stage.operator.value.startswith("!"):
            return [r for r in right if not any(self.stands(relation, each, r) for each in left)]
        pairs = [(each, r) for each in left for r in right if self.stands(relation, each, r)]
        both = stage.operator.value.startswith("&")
        return sorted({r for _, r in pairs} | ({each for each, _ in pairs} if both else set()))

    def split(self, stage, positions, said):
        parts = {}
        for i in positions:
            key = label_value(self.first_value(stage.expression, i))
            parts.setdefault(key, []).append(i)
        return [(members, {**said, stage.expression: key}) for key, members in parts.items()]

    def filter_group(self, stage, positions, said):
        left, right = self.scalar(stage.left, positions), self.scalar(stage.right, positions)
        if not compare(stage.operator, left, right):
            return None
        aggregates = [each for side in (stage.left, stage.right) for each in aggregates_in(side)]
        return positions, {**said, **{each: label_value(self.scalar(each, positions)) for each in aggregates}}

    def scalar(self, scalar, positions):
        match scalar:
            case Static():
                return (scalar.type.value, scalar.value)
            case ScalarOperation():
                left = self.scalar(scalar.left, positions)
                return calculate(scalar.operator, left, self.scalar(scalar.right, positions))
            case Pipeline():
                kept = self.run(scalar.stages[:-1], [(positions, {})])
                return self.scalar(scalar.stages[-1], self.union(kept)) if kept else NIL
            case Aggregate(function=AggregateFunction.COUNT):
                return ("int", len(positions))
        values = [self.first_value(scalar.expression, i) for i in positions]
        return fold(scalar.function, [value for value in values if value[0] in NUMERIC])


def aggregates_in(scalar):
    if isinstance(scalar, ScalarOperation):
        return aggregates_in(scalar.left) + aggregates_in(scalar.right)
    return [scalar] if isinstance(scalar, Aggregate) else []


def fold(function, values):
    if not values:
        return NIL
    kinds = {kind for kind, _ in values}
    kind = kinds.pop() if len(kinds) == 1 else "float"
    numbers = [float(number) if kind == "float" else number for _, number in values]
    if function is AggregateFunction.AVG:
        if kind == "duration":
            return (kind, sum(numbers) // len(numbers))
        return ("float", sum(numbers) / len(numbers))
    folded = {AggregateFunction.MIN: min, AggregateFunction.MAX: max, AggregateFunction.SUM: sum}[function](numbers)
    return whole(folded) if kind == "int" else (kind, folded)


def label_value(value):
    """A typed value as something to group by. Arrays and the like become their text."""
    kind, plain = value
    if kind == "array":
        return ("string", "[" + ",".join(json_text(element) for element in plain) + "]")
    if kind == "opaque":
        return (
            "string",
            json.dumps(plain if isinstance(plain, dict) else b64encode(plain).decode(), separators=(",", ":")),
        )
    if kind == "float":
        return ("string", "NaN") if math.isnan(plain) else (kind, 0.0 if plain == 0 else plain)
    return value


def json_text(element):
    kind, plain = element
    if kind == "string":
        return f'"{plain}"'
    return {"bool": str(plain).lower(), "nil": "null"}.get(kind, str(plain))


# metrics


def metrics(query, window, step_ns, traces, look=Traced):
    """The samples of a metrics query: {((label, typed value), ...): {timestamp in ms: sample}}, empty series left out.

    `step_ns` None is the instant form: one interval that is the window. `look` makes a Traced of a trace.
    """
    if step_ns is None:
        start_ns, step_ns, count = window.start_ns, window.end_ns - window.start_ns, 1
    else:
        start_ns = window.start_ns - window.start_ns % step_ns
        count = math.ceil((window.end_ns - start_ns) / step_ns)
    extrapolated = any(hint.name == "extrapolate" and hint.value.value is True for hint in query.hints)
    board = Board(start_ns, step_ns, count, [look(trace) for trace in traces], extrapolated)
    result = board.work_out(query.root)
    return result if isinstance(result, dict) else {}


class Board:
    """The intervals and the traces of one metrics query."""

    def __init__(self, start_ns, step_ns, count, traces, extrapolated):
        self.step_s = step_ns / 1e9
        self.starts = [start_ns + number * step_ns for number in range(count)]
        self.end_ns = start_ns + count * step_ns
        self.traces = traces
        self.extrapolated = extrapolated

    def work_out(self, expression):
        match expression:
            case Static():
                return expression.value / 1e9 if expression.type is StaticType.DURATION else float(expression.value)
            case MetricsQuery(aggregate=Compare()):
                result = self.compared(expression)
            case MetricsQuery():
                result = self.aggregated(expression)
            case SeriesOperation():
                left, right = self.work_out(expression.left), self.work_out(expression.right)
                result = combined(expression.operator, left, right)
        for second in expression.seconds if isinstance(result, dict) else ():
            result = ranked(result, second) if isinstance(second, TopBottom) else within(result, second)
        return result

    def matched(self, query):
        """(trace, position, time, interval start in ms, weight) of each matched span in the intervals."""
        for traced in self.traces:
            trace = traced.trace
            for i in traced.union(traced.run(query.pipeline.stages, [(list(range(len(trace.spans))), {})])):
                time_ns = trace.time_ns(trace.spans[i])
                if self.starts[0] <= time_ns < self.end_ns:
                    interval = max(start for start in self.starts if start <= time_ns)
                    weight = stands_for(trace.spans[i].trace_state) if self.extrapolated else 1.0
                    yield traced, i, time_ns, interval // 1_000_000, weight

    def aggregated(self, query):
        aggregate = query.aggregate
        collected = defaultdict(lambda: defaultdict(list))
        for traced, i, _, interval, weight in self.matched(query):
            value = NIL if aggregate.field is None else traced.first_value(aggregate.field, i)
            if aggregate.field is not None and (value[0] not in NUMERIC or not abs(value[1]) < 1e270):
                continue
            labels = tuple((field_label(f), label_value(traced.first_value(f, i))) for f in aggregate.by)
            collected[labels][interval].append((value, weight))
        result = {}
        for labels, intervals in collected.items():
            for ending, samples in self.curves(aggregate, intervals):
                named = labels + ending or (("__name__", ("string", aggregate.function.value)),)
                if samples:
                    result[named] = samples
        return result

    def curves(self, aggregate, intervals):
        every = [start // 1_000_000 for start in self.starts]
        match aggregate.function:
            case MetricsFunction.RATE:
                counts = {time: math.fsum(weight for _, weight in intervals.get(time, ())) for time in every}
                return [((), {time: count / self.step_s for time, count in counts.items()})]
            case MetricsFunction.COUNT_OVER_TIME:
                return [((), {time: math.fsum(weight for _, weight in intervals.get(time, ())) for time in every})]
            case MetricsFunction.HISTOGRAM_OVER_TIME:
                bounds = {bound_of(value) for values in intervals.values() for value, _ in values} - {None}
                return [
                    (
                        (("__bucket", ("float", bound)),),
                        {
                            time: math.fsum(w for value, w in intervals.get(time, ()) if bound_of(value) == bound)
                            for time in every
                        },
                    )
                    for bound in bounds
                ]
            case MetricsFunction.QUANTILE_OVER_TIME:
                return [
                    (
                        (("p", ("float", q)),),
                        {time: height for time, v in intervals.items() if (height := estimate(v, q)) is not None},
                    )
                    for q in aggregate.quantiles
                ]
        return [((), {time: summed_up(aggregate.function, values) for time, values in intervals.items()})]

    def compared(self, query):
        compare_, counts = query.aggregate, defaultdict(lambda: defaultdict(float))
        for traced, i, time_ns, interval, weight in self.matched(query):
            after = not compare_.start_ns or time_ns >= compare_.start_ns
            before = not compare_.end_ns or time_ns < compare_.end_ns
            chosen = after and before and traced.holds(compare_.selection.expression, i)
            side = "selection" if chosen else "baseline"
            for name, value in shown_to_compare(traced, i):
                counts[side, name, value][interval] += weight
                counts[f"{side}_total", name, NIL][interval] += weight
        return {
            ((("__meta_type", ("string", side)), (name, value))): self.filled(counts[side, name, value])
            for side, name, value in self.most_frequent(counts, compare_.top_n)
        }

    def most_frequent(self, counts, top_n):
        by_attribute = defaultdict(list)
        for side, name, value in counts:
            by_attribute[side, name].append(value)
        for (side, name), values in by_attribute.items():
            values.sort(key=lambda value: (-sum(counts[side, name, value].values()), value))
            yield from ((side, name, value) for value in values[:top_n])

    def filled(self, samples):
        return {start // 1_000_000: samples.get(start // 1_000_000, 0.0) for start in self.starts}


def shown_to_compare(traced, i):
    intrinsics = {
        "name": Intrinsic.SPAN_NAME,
        "kind": Intrinsic.SPAN_KIND,
        "status": Intrinsic.SPAN_STATUS,
        "statusMessage": Intrinsic.SPAN_STATUS_MESSAGE,
        "rootName": Intrinsic.TRACE_ROOT_NAME,
        "rootServiceName": Intrinsic.TRACE_ROOT_SERVICE,
        "instrumentation:name": Intrinsic.INSTRUMENTATION_NAME,
        "instrumentation:version": Intrinsic.INSTRUMENTATION_VERSION,
    }
    span = traced.spans[i]
    found = [(name, traced.first_value(intrinsic, i)) for name, intrinsic in intrinsics.items()]
    found = [(name, value) for name, value in found if value[1] not in (None, "")]
    found += [(f"span.{key}", typed(value)) for key, value in span.attributes.items()]
    found += [(f"resource.{key}", typed(value)) for key, value in span.resource.attributes.items()]
    return [(name, label_value(value)) for name, value in found if value != NIL]


def seconds(value):
    kind, number = value
    return number / 1e9 if kind == "duration" else float(number)


def summed_up(function, values):
    numbers = [(seconds(value), weight) for value, weight in values]
    match function:
        case MetricsFunction.MIN_OVER_TIME:
            return min(number for number, _ in numbers)
        case MetricsFunction.MAX_OVER_TIME:
            return max(number for number, _ in numbers)
    total = math.fsum(number * weight for number, weight in numbers)
    if function is MetricsFunction.SUM_OVER_TIME:
        return total
    return total / math.fsum(weight for _, weight in numbers)


def bound_of(value):
    """The power of two that a number is not above, found by trying; durations in nanoseconds, then told in seconds."""
    kind, number = value
    if number <= (1 if kind == "duration" else 0):
        return None
    bound = 1.0
    while bound < number:
        bound *= 2
    while bound / 2 >= number:
        bound /= 2
    return bound / 1e9 if kind == "duration" else bound


def estimate(values, q):
    """A quantile from the counts of buckets, between their bounds on a logarithmic scale."""
    weights = defaultdict(list)
    for value, weight in values:
        if bound_of(value) is not None:
            weights[bound_of(value)].append(weight)
    counts = {bound: math.fsum(weights[bound]) for bound in sorted(weights)}
    wanted, before = q * math.fsum(counts.values()), 0.0
    for bound, count in counts.items():
        if wanted <= before + count:
            share = (wanted - before) / count
            return math.exp(math.log(bound / 2) + share * math.log(2))
        before += count
    return max(counts, default=None)


def stands_for(trace_state):
    """The inverse of the probability with which a span was kept, from `ot=th:`."""
    members = dict(member.strip().split("=", 1) for member in trace_state.split(",") if "=" in member)
    pairs = dict(pair.split(":", 1) for pair in members.get("ot", "").split(";") if ":" in pair)
    threshold = pairs.get("th", "")
    if not re.fullmatch("[0-9a-f]{1,14}", threshold):
        return 1.0
    return 2**56 / (2**56 - int((threshold + "0" * 14)[:14], 16))


def nameless(labels):
    return tuple(label for label in labels if label[0] != "__name__")


def combined(operator, left, right):
    if not isinstance(left, dict) and not isinstance(right, dict):
        return calculate_real(operator, left, right)
    series = left if isinstance(left, dict) else right
    lefts = {nameless(k): v for k, v in left.items()} if isinstance(left, dict) else None
    rights = {nameless(k): v for k, v in right.items()} if isinstance(right, dict) else None
    result = {}
    for labels in map(nameless, series):
        samples = {}
        for time in (lefts or rights)[labels] if lefts is None or rights is None else lefts[labels]:
            a = left if lefts is None else lefts[labels].get(time)
            b = right if rights is None else rights.get(labels, {}).get(time)
            if a is not None and b is not None:
                samples[time] = calculate_real(operator, a, b)
        samples = {time: sample for time, sample in samples.items() if math.isfinite(sample)}
        if samples:
            result[labels] = samples
    return result


def within(series, second):
    bound = second.value.value / 1e9 if second.value.type is StaticType.DURATION else second.value.value
    kept = {
        labels: {
            time: sample
            for time, sample in samples.items()
            if compare(second.operator, ("float", sample), ("float", float(bound)))
        }
        for labels, samples in series.items()
    }
    return {labels: samples for labels, samples in kept.items() if samples}


def ranked(series, second):
    sign = -1 if second.is_top else 1
    result = defaultdict(dict)
    for time in {time for samples in series.values() for time in samples}:
        present = [labels for labels in series if time in series[labels]]
        present.sort(key=lambda labels: (sign * series[labels][time], labels))
        for labels in present[: second.count]:
            result[labels][time] = series[labels][time]
    return dict(result)
