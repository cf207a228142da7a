"""The sampling document of a tenant: JSON, read once and checked whole, every fault with the path to it.

    {"policies": [{"name": "failures", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
                  {"name": "a tenth", "type": "probabilistic", "probabilistic": {"sampling_percentage": 10}}]}

It is what stands under `tail_sampling` in a Collector's configuration, in JSON, and says the same as far as it can:
rules.py has the types, docs/sampling.md what differs. `"enabled": false` beside `policies` turns sampling off and
keeps them. What this version does not know is refused, never passed over: a typing error would keep or lose traces.

TraceQL and regular expressions are text here; whoever can read them checks `queries` and `patterns`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from chalicelib.model.errors import PolicyError
from chalicelib.sampling.rules import (
    CONDITIONS,
    SIMPLE,
    And,
    Composite,
    Drop,
    Policy,
    Positive,
    Rule,
    Share,
    StringAttribute,
    Text,
    TraceQL,
)

MAX_DOCUMENT_BYTES = 100_000
MAX_POLICIES = 200  # in any one list

_SECONDS_IN_HAND = "rates hold for a whole arrival window here, so there is no bucket and no burst; leave it out"
_SEALED = "a trace is decided on when it is sealed (SPANFOLD_SEAL_WINDOW_S, SPANFOLD_SEAL_QUIET_S); leave it out"
_NO_MEMORY = "Spanfold holds no traces in memory; leave it out"

# What the Collector knows and Spanfold has another answer to.
NOT_HERE = {
    "decision_wait": _SEALED,
    "num_traces": _NO_MEMORY,
    "expected_new_traces_per_sec": _NO_MEMORY,
    "decision_cache": "a decision to keep is remembered by the blocks that it kept; leave it out",
    "sample_on_first_match": "every policy is asked, and the smallest threshold counts; leave it out",
    "drop_pending_traces_on_shutdown": _NO_MEMORY,
}
NOT_OURS = {
    "ottl_condition": "is not understood here; say it in TraceQL, with a policy of type 'traceql'",
    "not": "is not understood here; say it with 'invert_match', with 'drop', or in TraceQL",
}
REFUSED = {
    "hash_salt": "traces are chosen by the randomness of their ids (W3C, tracestate ot=rv), which a salt would undo",
    "burst_capacity": _SECONDS_IN_HAND,
}

_Converted = TypeVar("_Converted")


class Policies(msgspec.Struct, frozen=True):
    """What a tenant decided. `enabled` is False for policies that rest: everything is kept then."""

    policies: tuple[Policy, ...]
    enabled: bool = True


class Expression(NamedTuple):
    """A text in another language, and where it stands."""

    path: str
    text: str


def parse(document: bytes) -> Policies:
    """The document, checked. Raises PolicyError."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise PolicyError("$", f"the document has {len(document)} bytes, over {MAX_DOCUMENT_BYTES}")
    try:
        told = _object(msgspec.json.decode(document), "$")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PolicyError("$", f"not JSON: {error}") from error
    _refuse_unknown(told, ("policies", "enabled"), "$", NOT_HERE)
    enabled = _converted(told.get("enabled", True), bool, "$.enabled")
    policies = _policies(told.get("policies", []), "$.policies", (*SIMPLE, *_CONTAINERS))
    if enabled:
        _check_that_something_is_kept(policies)
    return Policies(policies, enabled)


def queries(policies: Policies) -> Iterator[Expression]:
    """Every TraceQL query in the document, in its order."""
    for policy in _simple(policies.policies):
        if isinstance(policy.rule, TraceQL):
            yield Expression(f"{policy.path}.traceql.query", policy.rule.query)


def patterns(policies: Policies) -> Iterator[Expression]:
    """Every regular expression in the document, in its order."""
    for policy in _simple(policies.policies):
        if isinstance(policy.rule, StringAttribute) and policy.rule.enabled_regex_matching:
            for number, pattern in enumerate(policy.rule.values):
                yield Expression(f"{policy.path}.string_attribute.values[{number}]", pattern)


def _simple(policies: Sequence[Policy]) -> Iterator[Policy]:
    """The policies that are made of no others, wherever they stand."""
    for policy in policies:
        match policy.rule:
            case And(parts) | Drop(parts):
                yield from _simple(parts)
            case Composite(shares):
                yield from _simple([share.part for share in shares])
            case _:
                yield policy


def _check_that_something_is_kept(policies: Sequence[Policy]) -> None:
    hint = '{"enabled": false} turns sampling off'
    if not policies:
        raise PolicyError("$.policies", f"without a policy nothing would be kept; {hint}")
    if all(isinstance(policy.rule, Drop) for policy in policies):
        raise PolicyError("$.policies", "nothing would be kept: add 'always_sample' for what is not dropped")


def _policies(told: object, path: str, allowed: Collection[str]) -> tuple[Policy, ...]:
    listed = _converted(told, list[Any], path)
    if len(listed) > MAX_POLICIES:
        raise PolicyError(path, f"{len(listed)} policies, over {MAX_POLICIES}")
    policies = tuple(_policy(one, f"{path}[{number}]", allowed) for number, one in enumerate(listed))
    names: set[str] = set()
    for policy in policies:
        if policy.name in names:
            raise PolicyError(f"{policy.path}.name", f"another policy is called {policy.name!r} already")
        names.add(policy.name)
    return policies


def _policy(told: object, path: str, allowed: Collection[str]) -> Policy:
    fields = _object(told, path)
    name = _needed(fields, "name", path)
    kind = _needed(fields, "type", path)
    if kind in NOT_OURS:
        raise PolicyError(f"{path}.type", f"{kind!r} {NOT_OURS[kind]}")
    if kind not in allowed:
        elsewhere = "cannot be used here" if kind in SIMPLE or kind in _CONTAINERS else "is no type of policy"
        raise PolicyError(f"{path}.type", f"{kind!r} {elsewhere}; there are {', '.join(sorted(allowed))}")
    _refuse_unknown(fields, ("name", "type", kind), path, {})
    return Policy(name=name, path=path, rule=_rule(kind, fields.get(kind, {}), f"{path}.{kind}"))


def _rule(kind: str, told: object, path: str) -> Rule:
    fields = _object(told, path)
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](fields, path)
    for key in fields:
        if key in REFUSED:
            raise PolicyError(f"{path}.{key}", REFUSED[key])
    return _converted(fields, SIMPLE[kind], path)


def _and(fields: Mapping[str, Any], path: str) -> And:
    return And(_parts(fields, "and_sub_policy", path, SIMPLE))


def _drop(fields: Mapping[str, Any], path: str) -> Drop:
    # The Collector takes a probability here. What is dropped by chance has no threshold to count the rest by: `and`
    # the condition with `probabilistic` to keep a part of it.
    return Drop(_parts(fields, "drop_sub_policy", path, CONDITIONS))


def _parts(fields: Mapping[str, Any], key: str, path: str, allowed: Collection[str]) -> tuple[Policy, ...]:
    _refuse_unknown(fields, (key,), path, {})
    parts = _policies(fields.get(key, []), f"{path}.{key}", allowed)
    if not parts:
        raise PolicyError(f"{path}.{key}", "at least one policy is needed")
    return parts


class _Allocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policy: Text
    percent: float = 0


class _CompositeKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_total_spans_per_second: Positive
    composite_sub_policy: list[Any]
    policy_order: list[Text] = []
    rate_allocation: list[_Allocation] = []


def _composite(fields: Mapping[str, Any], path: str) -> Composite:
    keys = _converted(fields, _CompositeKeys, path)
    parts = _parts({"composite_sub_policy": keys.composite_sub_policy}, "composite_sub_policy", path, (*SIMPLE, "and"))
    by_name = {part.name: part for part in parts}
    order = keys.policy_order or list(by_name)
    if sorted(order) != sorted(by_name):
        raise PolicyError(f"{path}.policy_order", f"must name each of {', '.join(by_name)} once")
    percents = _percents(keys.rate_allocation, list(by_name), f"{path}.rate_allocation")
    total = keys.max_total_spans_per_second
    return Composite(tuple(Share(by_name[name], total * percents[name] / 100) for name in order))


def _percents(allocations: Sequence[_Allocation], names: Sequence[str], path: str) -> dict[str, float]:
    """The percentage of every part; those without one share equally what the others leave."""
    given: dict[str, float] = {}
    for number, allocation in enumerate(allocations):
        if allocation.policy not in names or allocation.policy in given:
            raise PolicyError(f"{path}[{number}].policy", f"must name each of {', '.join(names)} once at most")
        if not 0 <= allocation.percent <= 100:
            raise PolicyError(f"{path}[{number}].percent", f"{allocation.percent:g} is not from 0 to 100")
        given[allocation.policy] = allocation.percent
    if sum(given.values()) > 100:
        raise PolicyError(path, f"the percentages add up to {sum(given.values()):g}, over 100")
    open_names = [name for name in names if not given.get(name)]  # 0 is none, as in the Collector
    left = 100 - sum(given.values())
    if open_names and not left:
        raise PolicyError(path, f"nothing is left for {', '.join(open_names)}")
    return given | {name: left / len(open_names) for name in open_names}


_CONTAINERS: dict[str, Callable[[Mapping[str, Any], str], Rule]] = {
    "and": _and,
    "composite": _composite,
    "drop": _drop,
}


def _object(told: object, path: str) -> Mapping[str, Any]:
    return _converted(told, dict[str, Any], path)


def _needed(fields: Mapping[str, Any], key: str, path: str) -> str:
    if key not in fields:
        raise PolicyError(path, f"{key!r} is missing")
    return _converted(fields[key], str, f"{path}.{key}")


def _refuse_unknown(fields: Mapping[str, Any], known: Collection[str], path: str, reasons: Mapping[str, str]) -> None:
    for key in fields:
        if key not in known:
            why = reasons.get(key, f"is not known here; there are {', '.join(known)}")
            raise PolicyError(f"{path}.{key}", why)


def _converted(told: object, wanted: type[_Converted], path: str) -> _Converted:
    """`told` as `wanted`; msgspec's complaint, with the whole path, as a PolicyError."""
    try:
        return msgspec.convert(told, wanted)
    except msgspec.ValidationError as error:
        detail, _, within = str(error).partition(" - at `$")
        raise PolicyError(path + within.removesuffix("`"), detail) from error
