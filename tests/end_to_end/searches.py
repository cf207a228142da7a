"""Searches in TraceQL, made at random of the words and values that a corpus has, so that most of them find something.

They are of every kind that the grammar has: each scope and intrinsic, equality, order, regular expressions, nil,
arithmetic, two fields against each other, conjunction, disjunction, negation, structure with all its operators,
aggregates, groups, selections, the empty query, and a few that can find nothing.
"""

import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chalicelib.model.span import Kind, Span
from tests.end_to_end.truth import SentTrace

ORDER = ("<", "<=", ">", ">=")
ANY_ORDER = ("=", "!=", *ORDER)
STRUCTURE = [f"{prefix}{operator}" for prefix in ("", "!", "&") for operator in (">", ">>", "<", "<<", "~")]
STATUS = ("unset", "ok", "error")
KINDS = tuple(kind.name.lower() for kind in Kind)
LENGTHS = ("0", "1ns", "1ms", "5ms", "20ms", "100ms", "1s", "2s", "1m", "1h20m")
TEXTS: dict[str, Callable[[SentTrace, Span], Iterable[str]]] = {
    "name": lambda _, span: [span.name],
    "span:name": lambda _, span: [span.name],
    "statusMessage": lambda _, span: [span.status_message],
    "rootName": lambda trace, _: [trace.spans[0].name],
    "trace:rootService": lambda trace, _: [trace.spans[0].resource.service_name],
    "span:id": lambda _, span: [span.span_id],
    "span:parentID": lambda _, span: [span.parent_id] if span.parent_id else [],
    "trace:id": lambda trace, _: [trace.trace_id],
    "event:name": lambda _, span: [event.name for event in span.events],
    "link:traceID": lambda _, span: [link.trace_id for link in span.links],
    "link:spanID": lambda _, span: [link.span_id for link in span.links],
    "instrumentation:name": lambda _, span: [span.scope.name],
    "instrumentation:version": lambda _, span: [span.scope.version],
}
COUNTS = ("span:childCount", "nestedSetLeft", "nestedSetRight", "nestedSetParent")


class Searches:
    """Makes searches about these traces."""

    def __init__(self, chance: random.Random, traces: Iterable[SentTrace]) -> None:
        self._chance = chance
        self._values: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        for trace in traces:
            for span in trace.spans:
                self._learn(trace, span)
        self._keys = sorted(self._values)

    def __iter__(self) -> Iterator[str]:
        yield from ("", "{}", "{ true }", "{ false }", '{ .nothing = "here" }', "{ .nothing = nil }")
        while True:
            yield self.search()

    def search(self) -> str:
        text = self._spansets()
        for _ in range(self._chance.choice((0, 0, 0, 0, 1, 1, 2))):
            text = f"{text} | {self._stage()}"
        return text

    def _learn(self, trace: SentTrace, span: Span) -> None:
        places = [("span", span), ("resource", span.resource), ("instrumentation", span.scope)]
        places += [("event", event) for event in span.events] + [("link", link) for link in span.links]
        for scope, place in places:
            for key, value in place.attributes.items():
                self._values[scope, key].append(value)
        for name, of_span in TEXTS.items():
            self._texts[name] += of_span(trace, span)

    def _any(self, *makers: Callable[[], str]) -> str:
        return self._chance.choice(makers)()

    # spans

    def _spansets(self) -> str:
        filters = (self._filter,) * 7
        return self._any(*filters, self._structure, self._structure, self._both, self._either, self._bracketed)

    def _filter(self) -> str:
        return f"{{ {self._conditions()} }}"

    def _structure(self) -> str:
        return f"{self._filter()} {self._chance.choice(STRUCTURE)} {self._filter()}"

    def _both(self) -> str:
        return f"{self._filter()} && {self._any(self._filter, self._bracketed)}"

    def _either(self) -> str:
        return f"{self._filter()} || {self._filter()}"

    def _bracketed(self) -> str:
        inner = self._any(self._structure, self._both, self._either)
        return f"({inner}) {self._chance.choice(('&&', '||', '>>'))} {self._filter()}"

    def _stage(self) -> str:
        return self._any(
            self._filter,
            self._aggregate,
            self._aggregate,
            lambda: f"by({self._field()})",
            lambda: f"by({self._field()}) | {self._aggregate()}",
            lambda: f"by({self._field()}) | {self._aggregate()} | coalesce()",
            lambda: f"select({self._field()}, {self._field()})",
        )

    def _aggregate(self) -> str:
        return self._any(
            lambda: f"count() {self._order()} {self._chance.choice((0, 1, 2, 5, 100))}",
            lambda: f"{self._fold()}(duration) {self._order()} {self._chance.choice(LENGTHS)}",
            lambda: (
                f"{self._fold()}({self._attribute()}) {self._order()} {self._chance.choice((0, 1, 2.5, 200, 10**6))}"
            ),
            lambda: f"({self._filter()} | count()) {self._order()} ({self._filter()} | count())",
        )

    def _fold(self) -> str:
        return self._chance.choice(("avg", "min", "max", "sum"))

    def _order(self) -> str:
        return self._chance.choice(ORDER)

    # conditions

    def _conditions(self) -> str:
        lot = self._chance.random()
        if lot < 0.5:
            return self._condition()
        if lot < 0.75:
            return f"{self._condition()} && {self._condition()}"
        if lot < 0.9:
            return f"{self._condition()} || {self._condition()}"
        if lot < 0.97:
            return f"!({self._conditions()})"
        return f"({self._conditions()}) && ({self._conditions()})"

    def _condition(self) -> str:
        equal = (self._equal,) * 4
        pattern = (self._pattern,) * 2
        return self._any(
            *(*equal, *pattern, self._differs, self._in_order, self._in_order, self._of_nil, self._of_text),
            *(self._of_text, self._of_text_pattern, self._of_state, self._of_state, self._lasts, self._counts),
            *(self._reckoned, self._two_fields, self._of_parent, self._of_event_time, self._flag),
        )

    def _equal(self) -> str:
        key, value = self._known()
        return f"{self._scoped(key)} = {literal(value)}"

    def _differs(self) -> str:
        key, value = self._known()
        return f"{self._scoped(key)} != {literal(value)}"

    def _in_order(self) -> str:
        key, value = self._known(int, float, str)
        return f"{self._scoped(key)} {self._order()} {literal(value)}"

    def _pattern(self) -> str:
        key, value = self._known(str)
        return f"{self._scoped(key)} {self._chance.choice(('=~', '=~', '!~'))} {literal(self._pattern_of(value))}"

    def _of_nil(self) -> str:
        key, _ = self._known()
        unscoped = key[1] == "service.name" or key[0] == "resource"
        return f"{'span.x' if unscoped else self._scoped(key)} {self._chance.choice(('=', '!='))} nil"

    def _of_text(self) -> str:
        name = self._chance.choice(list(TEXTS))
        return f"{name} {self._chance.choice(('=', '=', '=', '!=', '<'))} {literal(self._text_of(name))}"

    def _of_text_pattern(self) -> str:
        name = self._chance.choice(list(TEXTS))
        return f"{name} {self._chance.choice(('=~', '=~', '!~'))} {literal(self._pattern_of(self._text_of(name)))}"

    def _of_state(self) -> str:
        name, states = self._chance.choice((("status", STATUS), ("kind", KINDS)))
        return f"{name} {self._chance.choice(('=', '=', '!='))} {self._chance.choice(states)}"

    def _lasts(self) -> str:
        name = self._chance.choice(("duration", "duration", "traceDuration"))
        return f"{name} {self._chance.choice(ANY_ORDER)} {self._chance.choice(LENGTHS)}"

    def _counts(self) -> str:
        return f"{self._chance.choice(COUNTS)} {self._chance.choice(ANY_ORDER)} {self._chance.choice((-1, 0, 1, 2, 7))}"

    def _reckoned(self) -> str:
        (key, value), number = self._known(int, float), self._chance.choice((2, 0.5, -1, 100))
        operator = self._chance.choice("+-*")
        return f"{self._scoped(key)} {operator} {number} {self._order()} {literal(value)}"

    def _two_fields(self) -> str:
        return f"{self._attribute()} {self._chance.choice(('=', '!=', '<'))} {self._attribute()}"

    def _of_parent(self) -> str:
        key, value = self._known(int, float, str, bool)
        if key[0] not in ("span", "resource"):
            return "parent.x != nil"
        scope = self._chance.choice(("", f"{key[0]}."))
        return f"parent.{scope}{quoted(key[1])} {self._chance.choice(('=', '!='))} {literal(value)}"

    def _of_event_time(self) -> str:
        return f"event:timeSinceStart {self._chance.choice(ANY_ORDER)} {self._chance.choice(LENGTHS)}"

    def _flag(self) -> str:
        return self._chance.choice((".is.ok", "!.cache.hit", "span.cache.hit", ".closed", ".is.ok = false"))

    # words

    def _known(self, *types: type) -> tuple[tuple[str, str], Any]:
        """A key with a value that it has; of one of these types, if any are given."""
        while True:
            key = self._chance.choice(self._keys)
            value = self._chance.choice(self._values[key])
            if isinstance(value, list) and value:
                value = self._chance.choice(value)
            if type(value) in (types or (str, int, float, bool)) and is_writable(value):
                return key, value

    def _scoped(self, key: tuple[str, str]) -> str:
        scope, name = key
        if scope in ("span", "resource") and self._chance.random() < 0.4:
            scope = ""
        return f"{scope}.{quoted(name)}"

    def _attribute(self) -> str:
        return self._scoped(self._chance.choice(self._keys))

    def _field(self) -> str:
        intrinsics = ("name", "status", "kind", "duration", "rootName", "event:name", "span:childCount")
        return self._any(self._attribute, lambda: self._chance.choice(intrinsics))

    def _text_of(self, name: str) -> str:
        return self._chance.choice(self._texts[name])

    def _pattern_of(self, text: str) -> str:
        """A regular expression that matches the text, as a rule."""
        chance, plain = self._chance, re.escape(text)
        cut = chance.randrange(len(text) + 1)
        return chance.choice(
            (
                plain,
                f"{re.escape(text[:cut])}.*",
                f".*{re.escape(text[cut:])}",
                f"{plain}|nothing|{re.escape(text[:cut])}",
                re.sub("[0-9]", "[0-9]", plain),
                ".+",
                f"{re.escape(text[:cut])}[^x]*",
                "(a|b|eu)+",
            )
        )


def quoted(name: str) -> str:
    """An attribute's name as TraceQL takes it."""
    return name if re.fullmatch(r"[\w.]+", name) else json.dumps(name, ensure_ascii=False)


def is_writable(value: Any) -> bool:
    return not isinstance(value, float) or (math.isfinite(value) and abs(value) < 1e30)


def literal(value: Any) -> str:
    """A value as TraceQL takes it; texts in either kind of quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if "`" in value or len(value) % 2 else f"`{value}`"
    if isinstance(value, float):
        return f"{value:.20f}".rstrip("0") + "0" if abs(value) < 1e15 else f"{int(value)}.0"
    return str(value)
