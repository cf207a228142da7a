"""Conditions to sets of rows.

What is listed is compared exactly as TraceQL compares it. What is not is let through, unless the question is whether
it equals something, which the signature knows, or a number could not be of that magnitude. An attribute of a parent,
and what only the tree of spans can tell (ids, children, nested sets), is let through always.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache, reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any

from chalicelib.search.conditions import (
    AllOf,
    AnyOf,
    Both,
    Compare,
    Either,
    Exists,
    SpanCondition,
    SpanMatch,
    TraceCondition,
    TraceMatch,
)
from chalicelib.search.index import signature
from chalicelib.search.index.dictionary import Part
from chalicelib.search.index.magnitudes import bounds
from chalicelib.search.index.sections import Sections
from chalicelib.search.index.terms import (
    SCOPES,
    Type,
    as_float,
    intrinsic_key,
    key_of,
    number_identity,
    read_magnitude,
    read_number,
    text_term,
)
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Operator, StaticType

CompileRegex = Callable[[str], Callable[[str], bool]]
Test = Callable[[Any], bool]

TEXTUAL = frozenset((StaticType.STRING, StaticType.STATUS, StaticType.KIND))
NUMERIC = frozenset((StaticType.INT, StaticType.FLOAT, StaticType.DURATION))
REGEX = frozenset((Operator.REGEX, Operator.NOT_REGEX))
TRACE_FIELDS = frozenset(
    (Intrinsic.TRACE_DURATION, Intrinsic.TRACE_ROOT_NAME, Intrinsic.TRACE_ROOT_SERVICE, Intrinsic.TRACE_ID)
)
NOT_INDEXED = TRACE_FIELDS | frozenset(
    (
        Intrinsic.SPAN_ID,
        Intrinsic.SPAN_PARENT_ID,
        Intrinsic.SPAN_CHILD_COUNT,
        Intrinsic.NESTED_SET_LEFT,
        Intrinsic.NESTED_SET_RIGHT,
        Intrinsic.NESTED_SET_PARENT,
    )
)

_COMPARISONS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: eq,
    Operator.NOT_EQUAL: ne,
    Operator.GREATER: gt,
    Operator.GREATER_EQUAL: ge,
    Operator.LESS: lt,
    Operator.LESS_EQUAL: le,
}
_NO_LONGER = {
    Operator.LESS: Operator.LESS,
    Operator.LESS_EQUAL: Operator.LESS_EQUAL,
    Operator.EQUAL: Operator.LESS_EQUAL,
}
_REMEMBERED_TEXTS = 1 << 16


def remembering(compile_regex: CompileRegex) -> CompileRegex:
    """`compile_regex`, with what it made of each pattern and what that said of each text remembered.

    The same few texts are in every index of an hour; make one of these for each query.
    """

    @cache
    def compile_once(pattern: str) -> Callable[[str], bool]:
        return lru_cache(maxsize=_REMEMBERED_TEXTS)(compile_regex(pattern))

    return compile_once


class Matcher:
    """Answers the leaves of a plan from the sections of one index."""

    def __init__(self, sections: Sections, compile_regex: CompileRegex) -> None:
        self._sections = sections
        self._compile_regex = compile_regex

    def match(self, condition: TraceCondition) -> int:
        """The rows that might satisfy `condition`, each by what this index has of its trace."""
        match condition:
            case Both(parts):
                return reduce(and_, map(self.match, parts), self._sections.everything)
            case Either(parts):
                return reduce(or_, map(self.match, parts), 0)
            case TraceMatch(compare):
                return self._match_trace(compare)
            case SpanMatch(span_condition):
                return self._match_span(span_condition)

    def _match_span(self, condition: SpanCondition) -> int:
        match condition:
            case AllOf(parts):
                return reduce(and_, map(self._match_span, parts), self._sections.everything)
            case AnyOf(parts):
                return reduce(or_, map(self._match_span, parts), 0)
            case Compare(field) if field in TRACE_FIELDS:
                return self._match_trace(condition)
            case Compare(field) if _is_indexed(field):
                found = (self._compare(key, part, condition) for key, part in self._parts(field))
                return self._overflowing | reduce(or_, found, 0)
            case Exists(field) if _is_indexed(field):
                return self._overflowing | reduce(or_, map(self._present, self._parts(field)), 0)
        return self._sections.everything

    def _match_trace(self, compare: Compare) -> int:
        if compare.field is Intrinsic.TRACE_DURATION:
            return self._match_duration(compare) if compare.value.type in NUMERIC else self._sections.everything
        if compare.value.type not in TEXTUAL:
            return self._sections.everything
        holds = text_test(compare, self._compile_regex)
        if compare.field is Intrinsic.TRACE_ID:
            return self._sections.rows_where(map(holds, self._sections.trace_ids()))
        columns = self._sections.columns
        service = compare.field is Intrinsic.TRACE_ROOT_SERVICE
        return columns.with_root(service=service, holds=holds) | columns.uncertain_roots

    def _match_duration(self, compare: Compare) -> int:
        """All that a part of a trace tells of the duration of the whole is that it is no less."""
        operator = compare.operator if self._sections.whole else _NO_LONGER.get(compare.operator)
        if operator not in _COMPARISONS:
            return self._sections.everything
        return self._sections.columns.lasting(number_test(Compare(compare.field, operator, compare.value)))

    @property
    def _overflowing(self) -> int:
        return self._sections.dictionary.overflowing

    def _parts(self, field: Attribute | Intrinsic) -> Iterator[tuple[bytes, Part]]:
        for key in _keys(field):
            part = self._sections.dictionary.part(key)
            if part is not None:
                yield key, part

    def _present(self, found: tuple[bytes, Part]) -> int:
        return self._sections.dictionary.rows(found[1].present)

    def _compare(self, key: bytes, part: Part, compare: Compare) -> int:
        kind = compare.value.type
        if kind is StaticType.NIL:
            absent = compare.operator is not Operator.NOT_EQUAL
            return self._sections.everything if absent else self._present((key, part))
        if kind in TEXTUAL:
            return self._compare_text(key, part, compare)
        if kind in NUMERIC and compare.operator in _COMPARISONS:
            return self._compare_number(key, part, compare)
        return self._listed(part, Type.BOOL, truth_test(compare))

    def _compare_text(self, key: bytes, part: Part, compare: Compare) -> int:
        unlisted = self._listed(part, Type.UNLISTED_TEXT, _anything)
        if compare.operator is not Operator.EQUAL:
            test = text_test(compare, self._compile_regex)
            return unlisted | self._listed(part, Type.TEXT, lambda value: test(value.decode(errors="surrogatepass")))
        asked = text_term(key, str(compare.value.value))
        kind, value = asked[len(key)], asked[len(key) + 1 :]
        found = self._listed(part, Type.TEXT, value.__eq__) if kind == Type.TEXT else 0
        return found or (unlisted and unlisted & self._sections.signature.rows_with(signature.hashed(asked)))

    def _compare_number(self, key: bytes, part: Part, compare: Compare) -> int:
        test, may_be = number_test(compare), _magnitude_test(compare)
        found = self._listed(part, Type.INT, lambda value: test(read_number(Type.INT, value)))
        found |= self._listed(part, Type.FLOAT, lambda value: test(read_number(Type.FLOAT, value)))
        found |= self._listed(part, Type.MAGNITUDE, may_be)
        unlisted = self._listed(part, Type.UNLISTED_NUMBER, lambda value: may_be(value[1:]))
        if unlisted and compare.operator is Operator.EQUAL:
            identity = number_identity(key, compare.value.value)  # type: ignore[arg-type]
            unlisted &= self._sections.signature.rows_with(signature.hashed(identity))
        return found | unlisted

    def _listed(self, part: Part, kind: Type, test: Callable[[bytes], bool]) -> int:
        """The rows of the records of that type whose value the test lets through."""
        found = 0
        for record_kind, value, number in part.records:
            if record_kind == kind and test(value):
                found |= self._sections.dictionary.rows(number)
        return found


def text_test(compare: Compare, compile_regex: CompileRegex) -> Callable[[str], bool]:
    """Whether a text satisfies `compare`. Raises what `compile_regex` raises."""
    asked = str(compare.value.value)
    if compare.operator in REGEX:
        matches = compile_regex(asked)
        return matches if compare.operator is Operator.REGEX else lambda text: not matches(text)
    holds = _COMPARISONS.get(compare.operator, _never)
    return lambda text: holds(text, asked)


def number_test(compare: Compare) -> Callable[[float], bool]:
    """Whether a number satisfies `compare`, as it is or as a float: the two differ where integers are very large."""
    holds = _COMPARISONS.get(compare.operator, _never)
    asked: Any = compare.value.value
    rough = as_float(asked)
    return lambda number: holds(number, asked) or holds(as_float(number), rough)


def truth_test(compare: Compare) -> Callable[[bytes], bool]:
    """Whether a BOOL term's value satisfies `compare`; an order between truths is none."""
    if compare.value.type is not StaticType.BOOL:
        return _never
    asked = bytes([bool(compare.value.value)])
    return {Operator.EQUAL: asked.__eq__, Operator.NOT_EQUAL: asked.__ne__}.get(compare.operator, _never)


def _magnitude_test(compare: Compare) -> Callable[[bytes], bool]:
    """Whether some number of a magnitude might satisfy `compare`."""
    asked, operator = as_float(compare.value.value), compare.operator  # type: ignore[arg-type]

    def may_be(value: bytes) -> bool:
        limits = bounds(read_magnitude(value))
        if operator is Operator.NOT_EQUAL or limits is None:
            return operator is Operator.NOT_EQUAL
        least, greatest = limits
        return (operator in _UPWARDS or least <= asked) and (operator in _DOWNWARDS or asked <= greatest)

    return may_be


_UPWARDS = frozenset((Operator.GREATER, Operator.GREATER_EQUAL))
_DOWNWARDS = frozenset((Operator.LESS, Operator.LESS_EQUAL))


def _is_indexed(field: Attribute | Intrinsic) -> bool:
    return not field.parent if isinstance(field, Attribute) else field not in NOT_INDEXED


def _keys(field: Attribute | Intrinsic) -> list[bytes]:
    if isinstance(field, Intrinsic):
        return [intrinsic_key(field)]
    if field.scope is AttributeScope.ANY:
        return [key_of(SCOPES[scope], field.name) for scope in (AttributeScope.SPAN, AttributeScope.RESOURCE)]
    return [key_of(SCOPES[field.scope], field.name)]


def _anything(_: object) -> bool:
    return True


def _never(*_: object) -> bool:
    return False
