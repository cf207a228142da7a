"""Which traces may match a plan, by what the indexes of an hour and of the unsealed windows say. Pure.

A sealed trace has its whole state in one entry of each hour in which it has spans: the plan is answered by each
entry alone. An unsealed one is in pieces, in several segments and perhaps in digests; its leaves are answered piece by
piece, and the plan by what holds in any piece.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence

from chalicelib.model.windows import Window
from chalicelib.search.conditions import Both, Compare, Either, SpanMatch, TraceCondition, TraceMatch
from chalicelib.search.index import CompileRegex, Index
from chalicelib.search.syntax import Intrinsic, Operator

Leaf = SpanMatch | TraceMatch

_ABOUT_EXTENTS = frozenset({Intrinsic.TRACE_DURATION})
_COMPARISONS: dict[Operator, Callable[[float, float], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.GREATER_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_EQUAL: operator.le,
}


def leaves(plan: TraceCondition) -> Iterator[Leaf]:
    """Every leaf of the plan; one that occurs twice comes twice."""
    match plan:
        case Both(parts) | Either(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield plan


class Unsealed:
    """The traces of some segments, and what is known of them.

    `extents` are from the first start to the last end that any index says: the true start is not later. `learn` adds
    what digests know of them. With `answers_all`, every one of them is taken to match. `knows_extents` says that the
    extents are whole for every trace that matters, so that conditions on trace:duration can be answered by them.
    """

    def __init__(
        self,
        segments: Sequence[Index],
        plan: TraceCondition,
        compile_regex: CompileRegex,
        *,
        knows_extents: bool = False,
    ) -> None:
        self.extents: dict[str, Window] = {}
        self.answers_all = False
        self._knows_extents = knows_extents
        self._plan = plan
        self._compile_regex = compile_regex
        self._held: dict[Leaf, set[str]] = {leaf: set() for leaf in leaves(plan)}
        self._ids: set[str] = set()
        for index in segments:
            self._add(index, index.everything)
        self._ids = set(self.extents)

    @property
    def trace_ids(self) -> set[str]:
        """The ids of all of them."""
        return self._ids

    def learn(self, index: Index) -> None:
        """Take in what this index knows of them."""
        if self._ids:
            self._add(index, index.find(self._ids))

    def matching(self) -> set[str]:
        """Those that may match."""
        return set(self._ids) if self.answers_all else self._satisfying(self._plan)

    def _add(self, index: Index, bitmap: int) -> None:
        if not bitmap:
            return
        _widen(self.extents, index.extents(bitmap))
        names = index.trace_ids()
        for leaf, held in self._held.items():
            held.update(selected(names, index.match(leaf, self._compile_regex) & bitmap))

    def _satisfying(self, condition: TraceCondition) -> set[str]:
        match condition:
            case Both(parts):
                return set(self._ids).intersection(*map(self._satisfying, parts))
            case Either(parts):
                return set[str]().union(*map(self._satisfying, parts))
            case TraceMatch(Compare() as compare) if self._knows_extents and compare.field in _ABOUT_EXTENTS:
                return {each for each in self._held[condition] if _lasts(self.extents[each], compare)}
            case _:
                return self._held[condition]


def candidates(
    plan: TraceCondition, digests: Iterable[Index], unsealed: Unsealed, compile_regex: CompileRegex
) -> dict[str, Window]:
    """The traces that may match, with their extents as far as they are known; `unsealed` learns from `digests`.

    The true start of a trace is not later than its known one, but for what has expired.
    """
    found: dict[str, Window] = {}
    for index in digests:
        _widen(found, index.extents(index.match_tree(plan, compile_regex)))
        unsealed.learn(index)
    for trace_id in unsealed.trace_ids & found.keys():
        del found[trace_id]
    return found | {trace_id: unsealed.extents[trace_id] for trace_id in unsealed.matching()}


def _widen(extents: dict[str, Window], more: Iterable[tuple[str, Window]]) -> None:
    """Take in what else is known of when traces begin and end."""
    for trace_id, extent in more:
        known = extents.get(trace_id)
        if known is not None:
            extent = Window(min(known.start_ns, extent.start_ns), max(known.end_ns, extent.end_ns))  # noqa: PLW2901
        extents[trace_id] = extent


def _lasts(extent: Window, compare: Compare) -> bool:
    """Whether a trace of this extent may satisfy `compare`."""
    asked, compares = compare.value.value, _COMPARISONS.get(compare.operator)
    if compares is None or not isinstance(asked, int | float):
        return True
    return compares(extent.end_ns - extent.start_ns, asked)


def selected(names: Sequence[str], bitmap: int) -> Iterator[str]:
    """The names whose bits are set."""
    digits = f"{bitmap:b}"
    return (name for name, digit in zip(names, reversed(digits), strict=False) if digit == "1")
