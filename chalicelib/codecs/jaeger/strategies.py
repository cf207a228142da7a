"""Remote sampling: the document that says how services are to sample, and what a client is told of it.

The document is Jaeger's strategy file (jaegertracing/jaeger, internal/sampling/samplingstrategy/file, read at 2.20):

    {"default_strategy": {"type": "probabilistic", "param": 0.1,
                          "operation_strategies": [{"operation": "GET /health", "type": "probabilistic", "param": 0}]},
     "service_strategies": [{"service": "checkout", "type": "ratelimiting", "param": 2}]}

and is understood as there: a service that it does not name is told the default; a service's operations take the
default's beside their own; an operation has no rate limit, and one that is given is not told. Without a default, and
without a document, it is one trace in a thousand. Jaeger passes over what it cannot mean, with a line in its log;
here such a document is refused, with the path to the fault.

The answer is api_v2.SamplingStrategyResponse in proto-JSON with every scalar written out: @opentelemetry's sampler and
jaeger-client look at `strategyType`, whose first value would be left out otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from chalicelib.model.errors import PolicyError

DEFAULT_RATE = 0.001
MAX_DOCUMENT_BYTES = 300_000  # what an item of the control table holds, and some to spare
MAX_PER_SECOND = 2**31 - 1

PROBABILISTIC: Literal["probabilistic"] = "probabilistic"
RATE_LIMITING: Literal["ratelimiting"] = "ratelimiting"

Json = dict[str, object]


class _Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Literal["probabilistic", "ratelimiting"]
    param: float  # of a trace's chance, 0 to 1; or traces a second


class Operation(_Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one operation is sampled."""

    operation: str


class Strategy(_Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a service is sampled, and where its operations differ."""

    operation_strategies: tuple[Operation, ...] = ()


class ServiceStrategy(Strategy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy of one service."""

    service: str


class Strategies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole document."""

    default_strategy: Strategy = Strategy(type=PROBABILISTIC, param=DEFAULT_RATE)
    service_strategies: tuple[ServiceStrategy, ...] = ()


NONE = Strategies()


@lru_cache(maxsize=16)
def read(document: bytes) -> Strategies:
    """The document, checked. Raises PolicyError."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise PolicyError("$", f"the document has {len(document)} bytes, over {MAX_DOCUMENT_BYTES}")
    try:
        strategies = msgspec.json.decode(document, type=Strategies)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `")
        raise PolicyError(path.rstrip("`") or "$", detail) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PolicyError("$", f"not JSON: {error}") from error
    _check(strategies)
    return strategies


def write(strategies: Strategies, service: str) -> bytes:
    """What a client is told that samples for `service`, as JSON."""
    found = next((one for one in strategies.service_strategies if one.service == service), None)
    default = strategies.default_strategy
    own = default if found is None else found
    told = _told(own)
    operations = _operations(own, default)
    if operations is not None:
        told["operationSampling"] = operations
    return msgspec.json.encode(told)


def not_told(strategies: Strategies) -> list[str]:
    """Paths of the operations that no client is told of, as their rate cannot be limited; in the document's order."""
    return [path for path, rule in _operation_rules(strategies) if rule.type == RATE_LIMITING]


def _told(rule: _Rule) -> Json:
    if rule.type == RATE_LIMITING:
        return {"strategyType": "RATE_LIMITING", "rateLimitingSampling": {"maxTracesPerSecond": int(rule.param)}}
    return {"strategyType": "PROBABILISTIC", **_probability(rule)}


def _probability(rule: _Rule) -> Json:
    return {"probabilisticSampling": {"samplingRate": rule.param}}


def _operations(own: Strategy, default: Strategy) -> Json | None:
    if not own.operation_strategies and not default.operation_strategies:
        return None
    named = {one.operation for one in own.operation_strategies if one.type == PROBABILISTIC}
    inherited = [one for one in default.operation_strategies if own is not default and one.operation not in named]
    return {
        "defaultSamplingProbability": _otherwise(own, default),
        "defaultLowerBoundTracesPerSecond": 0.0,
        "perOperationStrategies": [*_per_operation(own.operation_strategies), *_per_operation(inherited)],
        "defaultUpperBoundTracesPerSecond": 0.0,
    }


def _otherwise(own: Strategy, default: Strategy) -> float:
    """The chance of an operation that is not named."""
    inherits = not own.operation_strategies
    candidates = (own, default) if inherits else (own,)
    return next((one.param for one in candidates if one.type == PROBABILISTIC), DEFAULT_RATE)


def _per_operation(operations: Sequence[Operation]) -> Iterable[Json]:
    return ({"operation": one.operation, **_probability(one)} for one in operations if one.type == PROBABILISTIC)


def _check(strategies: Strategies) -> None:
    named: Mapping[str, Strategy] = {
        "$.default_strategy": strategies.default_strategy,
        **{f"$.service_strategies[{number}]": one for number, one in enumerate(strategies.service_strategies)},
    }
    for path, strategy in [*named.items(), *_operation_rules(strategies)]:
        _check_param(path, strategy)
    _check_once("$.service_strategies", [one.service for one in strategies.service_strategies])
    for path, strategy in named.items():
        _check_once(f"{path}.operation_strategies", [one.operation for one in strategy.operation_strategies])


def _operation_rules(strategies: Strategies) -> Iterable[tuple[str, Operation]]:
    for number, one in enumerate(strategies.default_strategy.operation_strategies):
        yield f"$.default_strategy.operation_strategies[{number}]", one
    for at, service in enumerate(strategies.service_strategies):
        for number, one in enumerate(service.operation_strategies):
            yield f"$.service_strategies[{at}].operation_strategies[{number}]", one


def _check_param(path: str, rule: _Rule) -> None:
    most = 1 if rule.type == PROBABILISTIC else MAX_PER_SECOND
    if not 0 <= rule.param <= most:
        raise PolicyError(f"{path}.param", f"{rule.param} is not between 0 and {most}")


def _check_once(path: str, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise PolicyError(f"{path}[{number}]", f"{name!r} is named twice")
