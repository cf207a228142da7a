"""What a query asks of the views: conditions that they may over-answer but never under-answer.

A plan is a tree over a trace. Its leaves are either about one span (`SpanMatch`: some span of the trace, with its
resource, scope, events and links, satisfies all of it) or about the trace (`TraceMatch`). An index answers a leaf
with every trace that might satisfy it. What an index cannot decide it must let through; the evaluator reads the
candidates' spans and decides. Negation never appears here: the planner either turns it around or gives ANYTHING.

Which fields appear: attributes of every scope but ANY (the planner asks of span and resource instead) and never of
parents; in a SpanMatch the intrinsics span:duration, span:name, span:kind, span:status, span:statusMessage, event:*,
link:* and instrumentation:*; in a TraceMatch those of the trace.
"""

import msgspec

from chalicelib.search.syntax import Attribute, Intrinsic, Operator, Static


class Compare(msgspec.Struct, frozen=True):
    """Some value of `field` satisfies `operator value`: EQUAL, NOT_EQUAL, REGEX, NOT_REGEX (anchored), or an order.

    Values are compared as TraceQL compares them: two integers or two durations exactly, other numbers as floats,
    strings by order of their code points, other mixtures never. A field that is not there satisfies nothing, not even
    NOT_EQUAL.

    A field may have several values: an array has its elements, events and links have each their own, and an entry of
    an index has those of many spans. One of them is enough, for NOT_EQUAL and NOT_REGEX too: TraceQL wants more of an
    array there (no element equal), but an index may rule out NOT_EQUAL only when it knows every value of the field
    and all of them are equal to `value` or no match for its type. An empty array is no value.
    """

    field: Attribute | Intrinsic
    operator: Operator
    value: Static


class Exists(msgspec.Struct, frozen=True):
    """`field` is there, with whatever value."""

    field: Attribute | Intrinsic


class AllOf(msgspec.Struct, frozen=True):
    """Every part holds, for one and the same span. An index may settle for "in one and the same entry"."""

    parts: tuple["SpanCondition", ...]


class AnyOf(msgspec.Struct, frozen=True):
    """One part holds at least. No parts: nothing can satisfy it."""

    parts: tuple["SpanCondition", ...]


class Anything(msgspec.Struct, frozen=True):
    """Not decided here."""


SpanCondition = Compare | Exists | AllOf | AnyOf | Anything


class SpanMatch(msgspec.Struct, frozen=True):
    """Some span satisfies the condition."""

    condition: SpanCondition


class TraceMatch(msgspec.Struct, frozen=True):
    """The trace as a whole: `field` is TRACE_DURATION, TRACE_ROOT_NAME, TRACE_ROOT_SERVICE or TRACE_ID.

    An entry that may not hold the whole trace knows its id only: the rest of the trace may make it longer and name
    another root, so it must let every other field through, but for a duration that is too long already. Where no
    root is known, an orphan names the trace.
    """

    condition: Compare


class Both(msgspec.Struct, frozen=True):
    """Every part holds for the trace, each perhaps by another span. No parts: every trace."""

    parts: tuple["TraceCondition", ...]


class Either(msgspec.Struct, frozen=True):
    """One part holds for the trace at least. No parts: no trace."""

    parts: tuple["TraceCondition", ...]


TraceCondition = SpanMatch | TraceMatch | Both | Either

EVERY_TRACE = Both(())
NO_TRACE = Either(())
