"""Conditions in a line of text, for tests to compare: `some span: (span.a = 1 and span.b exists); trace:id = "x"`."""

from chalicelib.search.conditions import (
    AllOf,
    AnyOf,
    Anything,
    Both,
    Compare,
    Either,
    Exists,
    SpanMatch,
    TraceMatch,
)
from chalicelib.search.render import render_field, render_static

JOINTS = {AllOf: " and ", AnyOf: " or ", Both: "; ", Either: " | "}
EMPTY = {AllOf: "every span", AnyOf: "no span", Both: "every trace", Either: "no trace"}


def worded(condition):
    match condition:
        case Compare(field=field, operator=operator, value=value):
            return f"{render_field(field)} {operator} {render_static(value)}"
        case Exists(field=field):
            return f"{render_field(field)} exists"
        case Anything():
            return "anything"
        case SpanMatch(condition=inside):
            return f"some span: {worded(inside)}"
        case TraceMatch(condition=inside):
            return worded(inside)
    kind = type(condition)
    parts = [f"[{worded(part)}]" if kind is Either else worded(part) for part in condition.parts]
    joined = JOINTS[kind].join(parts) or EMPTY[kind]
    return f"({joined})" if kind in (AllOf, AnyOf) else joined
