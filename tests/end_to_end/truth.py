"""What was sent, and what a naive reader of all of it answers. Nothing here is read from a store or by our codecs.

Times follow the rule of docs/adr/008 once more: a span counts as started when it says, unless that is more than
30 days before or a day after its trace first arrived; then it counts as started at that arrival.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.model.errors import QueryError
from chalicelib.model.span import Event, Link, Span
from chalicelib.model.windows import Window
from chalicelib.search.parser import parse
from chalicelib.search.syntax import (
    Attribute,
    AttributeScope,
    Binary,
    Intrinsic,
    Operator,
    Pipeline,
    Query,
    SpansetFilter,
    SpansetOperation,
    Static,
    Unary,
)
from tests.end_to_end.corpus import DAY, MS, Post
from tests.search.naive import NIL, Traced, metrics

Samples = dict[Any, dict[int, float]]  # by labels, by time in ms
ONE_VIEW = ((Event(), Link()),)
REMEMBERED = 5000  # an answer of more traces is not kept for the next time
_written = msgspec.msgpack.encode  # tells 1 from 1.0 and True, which are equal in Python


class SentTrace:
    """The different spans of a trace that were sent, by start and id, and when the first of them came."""

    def __init__(self, blocks: dict[tuple[bytes, ...], tuple[int, Sequence[Span]]]) -> None:
        different = {_written(span): span for _, spans in blocks.values() for span in spans}
        self.spans = sorted(different.values(), key=lambda span: (span.start_ns, span.span_id))
        self.trace_id = self.spans[0].trace_id
        self.arrived_ns = min(at_ns for at_ns, _ in blocks.values()) // MS * MS
        times = [self.time_ns(span) for span in self.spans]
        self.start_ns = min(times)
        self.end_ns = max(
            time_ns + max(0, span.end_ns - span.start_ns) for time_ns, span in zip(times, self.spans, strict=True)
        )

    def time_ns(self, span: Span) -> int:
        is_believed = self.arrived_ns - 30 * DAY <= span.start_ns <= self.arrived_ns + DAY
        return span.start_ns if is_believed else self.arrived_ns


class Answer(NamedTuple):
    """What is right to find of one trace: for each spanset how many spans match and what stages said of them."""

    trace: SentTrace
    spansets: list[tuple[list[str], list[Any]]]


class Truth:
    """Everything that was sent so far."""

    def __init__(self, memory: "Memory | None" = None) -> None:
        self._blocks: defaultdict[str, dict[tuple[bytes, ...], tuple[int, Sequence[Span]]]] = defaultdict(dict)
        self._traces: dict[str, SentTrace] = {}
        self._memory = memory or Memory()
        self._crowd: Crowd | None = None
        self._answers: dict[str, list[Answer]] = {}

    def fork(self) -> "Truth":
        """Another one, which knows the same and goes on by itself."""
        other = Truth(self._memory)
        other._blocks.update({trace_id: dict(blocks) for trace_id, blocks in self._blocks.items()})
        other._traces.update(self._traces)
        return other

    def tell(self, post: Post) -> None:
        """A post came. A block that came before, byte for byte, is there once, and as if it had only come now."""
        by_trace: defaultdict[str, list[Span]] = defaultdict(list)
        for span in post.spans:
            by_trace[span.trace_id].append(span)
        for trace_id, spans in by_trace.items():
            self._blocks[trace_id][tuple(map(_written, spans))] = (post.at_ns, spans)
            self._traces.pop(trace_id, None)
        self._crowd = None
        self._answers.clear()

    def traces(self) -> list[SentTrace]:
        for trace_id, blocks in self._blocks.items():
            if trace_id not in self._traces:
                self._traces[trace_id] = SentTrace(blocks)
        return list(self._traces.values())

    def search(self, text: str) -> list[Answer]:
        """The traces that match, newest first. Raises QueryError if the query has no answer for one of them."""
        if text in self._answers:
            return self._answers[text]
        found = self._everyone().search(self._memory.parsed(text or "{ }"))
        found.sort(key=lambda answer: (answer.trace.start_ns, answer.trace.trace_id), reverse=True)
        if len(found) < REMEMBERED:
            self._answers[text] = found
        return found

    def series(self, query: Query, window: Window, step_ns: int | None) -> Samples:
        """What the query says of the spans in the window. Raises QueryError as `search` does."""
        return self._everyone().series(query, window, step_ns)

    def _everyone(self) -> "Crowd":
        self._crowd = self._crowd or Crowd(self.traces(), self._memory)
        return self._crowd


def within(answers: Iterable[Answer], window: Window) -> list[Answer]:
    """Those that begin in the window."""
    return [answer for answer in answers if window.start_ns <= answer.trace.start_ns < window.end_ns]


def is_answerable(truth: Truth, text: str) -> bool:
    """Whether every trace has an answer: two arrays cannot be compared, nor an integer divided by zero."""
    try:
        truth.search(text)
    except QueryError:
        return False
    return True


class Condition:
    """A condition with no `&&`, `||` or `!` around its parts: what it mentions, and for which values it holds."""

    def __init__(self, expression: Any) -> None:
        self.fields = list(dict.fromkeys(mentioned(expression)))
        self.holds: dict[tuple[int, ...], bool] = {}


class Memory:
    """What was found out before, whichever trace it was about."""

    def __init__(self) -> None:
        self._values: dict[str, int] = {}
        self._queries: dict[str, Query] = {}
        self._conditions: dict[str, Condition] = {}

    def parsed(self, text: str) -> Query:
        if text not in self._queries:
            self._queries[text] = parse(text)
        return self._queries[text]

    def condition(self, expression: Any) -> Condition:
        """The same one for the same words."""
        return self._conditions.setdefault(repr(expression), Condition(expression))

    def number(self, values: Any) -> int:
        """The same number for the same values."""
        return self._values.setdefault(repr(values), len(self._values))


class Crowd:
    """The naive evaluator before many traces, which are asked hundreds of things. What it saves is only repetition:

    - Whether a span satisfies a condition depends on nothing but its values of the fields that the condition mentions.
      So of all spans with the same values one is asked.
    - What values a span has of a field is asked once, and not at all of spans that do not have the attribute.
    - A trace is not looked at if none of its spans satisfies any filter of the query's first stage.
    """

    def __init__(self, traces: Iterable[SentTrace], memory: Memory) -> None:
        self._memory = memory
        self._looks: list[Look] = []
        self._owners: list[Look] = []
        self._columns: dict[Attribute | Intrinsic, list[int]] = {}
        self._truths: dict[int, list[bool]] = {}
        for trace in traces:
            self._looks.append(Look(trace, self, len(self._owners)))
            self._owners += [self._looks[-1]] * len(trace.spans)

    def search(self, query: Query) -> list[Answer]:
        self._truths.clear()
        found = []
        for look in self._concerned(query.root.stages[0]):
            groups = look.run(query.root.stages, [(list(range(len(look.spans))), {})])
            if groups:
                spansets = [([look.spans[i].span_id for i in at], list(said.values())) for at, said in groups]
                found.append(Answer(look.trace, spansets))
        return found

    def series(self, query: Query, window: Window, step_ns: int | None) -> Samples:
        self._truths.clear()
        return metrics(query, window, step_ns, self._looks, look=lambda look: look)

    def truths(self, expression: Any) -> list[bool]:
        """For every span of all traces whether the expression holds."""
        if id(expression) not in self._truths:
            self._truths[id(expression)] = self._find_truths(expression)
        return self._truths[id(expression)]

    def _concerned(self, stage: Any) -> "Iterable[Look]":
        filters = filters_of(stage)
        if filters is None:
            return self._looks
        columns = zip(*map(self.truths, filters), strict=True)
        return dict.fromkeys(look for look, holds in zip(self._owners, columns, strict=True) if any(holds))

    def _find_truths(self, expression: Any) -> list[bool]:
        match expression:
            case Binary(operator=Operator.AND, left=left, right=right):
                return [a and b for a, b in zip(self.truths(left), self.truths(right), strict=True)]
            case Binary(operator=Operator.OR, left=left, right=right):
                return [a or b for a, b in zip(self.truths(left), self.truths(right), strict=True)]
            case None | Static() | Unary(operator=Operator.NOT):
                return [look.think(expression, number - look.first) for number, look in enumerate(self._owners)]
        condition = self._memory.condition(expression)
        known = condition.holds
        keys = list(zip(*map(self._column, condition.fields), strict=True)) or [()] * len(self._owners)
        for number, key in enumerate(keys):
            if key not in known:
                look = self._owners[number]
                known[key] = look.think(expression, number - look.first)
        return [known[key] for key in keys]

    def _column(self, field: Attribute | Intrinsic) -> list[int]:
        """For every span a number that stands for its values of the field: one, or one for each event or link."""
        if field not in self._columns:
            nil = self._memory.number([NIL])
            self._columns[field] = [
                nil if is_absent(field, span) else self._memory.number(look.values(field, i))
                for look in self._looks
                for i, span in enumerate(look.spans)
            ]
        return self._columns[field]


class Look(Traced):
    """One trace of a crowd, which is asked what the crowd has found out."""

    def __init__(self, trace: SentTrace, crowd: Crowd, first: int) -> None:
        self._crowd = crowd
        self.first = first  # the number of its first span in the crowd
        self._said: dict[Any, Any] = {}
        super().__init__(trace)

    def holds(self, expression, i):
        return self._crowd.truths(expression)[self.first + i]

    def think(self, expression, i):
        """What the naive evaluator itself says."""
        return super().holds(expression, i)

    def values(self, field, i):
        return [self.field(field, i, *view) for view in (self.views(i, field) if is_of_several(field) else ONE_VIEW)]

    def named_parent(self, i):
        return self._once(("named parent", i), lambda: super(Look, self).named_parent(i))

    def ancestors(self, i):
        return self._once(("ancestors", i), lambda: super(Look, self).ancestors(i))

    def root(self):
        return self._once("root", super().root)

    def duration_ns(self):
        return self._once("duration", super().duration_ns)

    def _once(self, question, answer):
        if question not in self._said:
            self._said[question] = answer()
        return self._said[question]


def is_of_several(field: Attribute | Intrinsic) -> bool:
    """Whether a span may have several values of the field: one for each event, or one for each link."""
    return (
        field.scope in (AttributeScope.EVENT, AttributeScope.LINK)
        if isinstance(field, Attribute)
        else field.startswith(("event:", "link:"))
    )


def is_absent(field: Attribute | Intrinsic, span: Span) -> bool:
    """Whether the field is an attribute that this span surely does not have."""
    match field:
        case Attribute(parent=False, scope=AttributeScope.SPAN):
            return field.name not in span.attributes
        case Attribute(parent=False, scope=AttributeScope.ANY):
            return field.name not in span.attributes and field.name not in span.resource.attributes
    return False


def filters_of(stage: Any) -> list[Any] | None:
    """The conditions of the filters that every span passes that comes out of a stage: one of them; None if unknown."""
    match stage:
        case SpansetFilter():
            return [stage.expression]
        case Pipeline():
            return filters_of(stage.stages[0])
        case SpansetOperation():
            left, right = filters_of(stage.left), filters_of(stage.right)
            return None if left is None or right is None else [*left, *right]
    return None


def mentioned(expression: Any) -> Iterable[Attribute | Intrinsic]:
    match expression:
        case Attribute() | Intrinsic():
            yield expression
        case Unary():
            yield from mentioned(expression.operand)
        case Binary():
            yield from mentioned(expression.left)
            yield from mentioned(expression.right)
