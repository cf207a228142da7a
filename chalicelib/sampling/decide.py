"""The verdicts on the traces of a window: for each a rejection threshold, or None where nobody wants it.

A trace is kept iff its randomness R >= T (`keeps`). Every policy answers with such a T, so that answers can be put
together without losing how likely a trace was kept, which is what its spans will be counted by:

    any policy keeps it          the smallest T
    all parts of an `and` do     the largest T of the parts
    a condition holds            0, else None
    a limit                      just above the first trace that was over it (budgets.py)
    a part of a composite        the larger of the part's own T and that of its share of the rate

Before that, as in the Collector: a `drop` that holds wins over everything, then an inverted attribute condition at
the top that does not hold. Inverted conditions that hold keep a trace only where there are no other policies.

The order of `traces` does not matter, and nothing is remembered: the same traces get the same verdicts again.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from chalicelib.model.stored_trace import StoredTrace
from chalicelib.sampling.budgets import Claim, granted
from chalicelib.sampling.conditions import Instruments, holds
from chalicelib.sampling.policies import Policies
from chalicelib.sampling.rules import (
    And,
    BooleanAttribute,
    BytesLimiting,
    Composite,
    Drop,
    Limit,
    NumericAttribute,
    Probabilistic,
    RateLimiting,
    Rule,
    Share,
    StringAttribute,
)
from chalicelib.sampling.thresholds import of_percentage, randomness

Verdicts = list[int | None]


class Trial(NamedTuple):
    """A trace that is judged, and its R."""

    trace: StoredTrace
    randomness: int


class Bench(NamedTuple):
    """What judging takes: `seconds` is how much of a rate may be handed out in this window and piece."""

    instruments: Instruments
    seconds: float


Judge = Callable[[list[Trial]], Verdicts]


def verdicts(
    policies: Policies, traces: Sequence[StoredTrace], window_s: int, share: float, instruments: Instruments
) -> list[int | None]:
    """T of each of `traces`, in their order; None: no policy keeps it, whatever its randomness.

    `traces` are those of one piece of a window of `window_s` seconds that stands for `share` of all trace ids: rates
    are allowed in proportion to both. With policies that rest, every T is 0. Raises what `instruments` do.
    """
    if not policies.enabled:
        return [0] * len(traces)
    bench = Bench(instruments, window_s * share)
    trials = [Trial(trace, randomness(trace.trace_id, trace.spans)) for trace in traces]
    rules = [policy.rule for policy in policies.policies]
    admitted = [not any(_refuses(rule, trial, bench) for rule in rules) for trial in trials]
    asking = [rule for rule in rules if not isinstance(rule, Drop) and not _is_inverted(rule)]
    if not asking:  # of inverted conditions and drops, nothing but the conditions can want a trace
        wanted = 0 if any(map(_is_inverted, rules)) else None
        return [wanted if one else None for one in admitted]
    return _among(admitted, trials, partial(_smallest, asking, bench=bench))


def keeps(threshold: int | None, trace: StoredTrace) -> bool:
    """Whether a trace with this verdict is kept."""
    return threshold is not None and randomness(trace.trace_id, trace.spans) >= threshold


def thresholds(rule: Rule, trials: Sequence[Trial], bench: Bench) -> Verdicts:
    """What `rule` (no Drop) says to each of the traces that are before it together."""
    match rule:
        case Probabilistic():
            return [of_percentage(rule.sampling_percentage)] * len(trials)
        case RateLimiting():
            return _limited(trials, _span_count, rule.spans_per_second * bench.seconds)
        case BytesLimiting():
            return _limited(trials, bench.instruments.size_bytes, rule.bytes_per_second * bench.seconds)
        case And(parts):
            return _and([part.rule for part in parts], trials, bench)
        case Composite(shares):
            return _composite(shares, trials, bench)
        case Drop():
            raise TypeError("a drop policy keeps nothing")
        case _:
            return [0 if holds(rule, trial.trace, bench.instruments) else None for trial in trials]


def _refuses(rule: Rule, trial: Trial, bench: Bench) -> bool:
    """Whether `rule` wins over every policy that would keep the trace."""
    if isinstance(rule, Drop):
        return all(thresholds(part.rule, [trial], bench) == [0] for part in rule.parts)
    return _is_inverted(rule) and thresholds(rule, [trial], bench) == [None]


def _is_inverted(rule: Rule) -> bool:
    return isinstance(rule, (StringAttribute, NumericAttribute, BooleanAttribute)) and rule.invert_match


def _smallest(rules: Sequence[Rule], trials: Sequence[Trial], bench: Bench) -> Verdicts:
    answers = [thresholds(rule, trials, bench) for rule in rules]
    return [min((one for one in each if one is not None), default=None) for each in zip(*answers, strict=True)]


def _and(rules: Sequence[Rule], trials: Sequence[Trial], bench: Bench) -> Verdicts:
    """The largest of all answers. Limits are asked last, and what the others do not keep costs them nothing."""
    found: Verdicts = [0] * len(trials)
    for rule in sorted(rules, key=_is_limit):
        asked = _passed(found, trials) if _is_limit(rule) else [one is not None for one in found]
        found = _narrowed(found, asked, trials, partial(thresholds, rule, bench=bench))
    return found


def _composite(shares: Sequence[Share], trials: Sequence[Trial], bench: Bench) -> Verdicts:
    """A trace belongs to the first part that wants it, chance aside, and is kept if that one's rate allows it.

    In the Collector what a probabilistic part leaves by chance falls to the next part. Then no threshold would tell
    how likely it was kept.
    """
    found: Verdicts = [None] * len(trials)
    for share in shares:
        free = [one is None for one in found]
        own = _among(free, trials, partial(thresholds, share.part.rule, bench=bench))
        within = partial(_limited, weight=_span_count, budget=share.spans_per_second * bench.seconds)
        own = _narrowed(own, _passed(own, trials), trials, within)
        found = [new if was else old for old, new, was in zip(found, own, free, strict=True)]
    return found


def _is_limit(rule: Rule) -> bool:
    return isinstance(rule, Limit)


def _limited(trials: Sequence[Trial], weight: Callable[[StoredTrace], int], budget: float) -> Verdicts:
    return [*granted([Claim(trial.randomness, weight(trial.trace)) for trial in trials], budget)]


def _span_count(trace: StoredTrace) -> int:
    return len(trace.spans)


def _largest(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _passed(found: Verdicts, trials: Sequence[Trial]) -> list[bool]:
    return [one is not None and one <= trial.randomness for one, trial in zip(found, trials, strict=True)]


def _narrowed(found: Verdicts, asked: Sequence[bool], trials: Sequence[Trial], judge: Judge) -> Verdicts:
    """`found`, and for those `asked` the larger of it and what `judge` says."""
    answers = _among(asked, trials, judge)
    return [_largest(one, new) if was else one for one, new, was in zip(found, answers, asked, strict=True)]


def _among(asked: Sequence[bool], trials: Sequence[Trial], judge: Judge) -> Verdicts:
    """What `judge` says to those trials that are `asked`, together; None to the others."""
    answers = iter(judge([trial for trial, one in zip(trials, asked, strict=True) if one]))
    return [next(answers) if one else None for one in asked]
